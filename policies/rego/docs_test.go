package rego_test

import (
	"context"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/policies/rego"
)

var block = regexp.MustCompile("(?s)```rego\n(.*?)```")

// Each rule of the guide's example of the library finds something.
func TestDocumentation(t *testing.T) {
	text, err := os.ReadFile("../../docs/rego.md")
	if err != nil {
		t.Fatal(err)
	}
	etl, err := os.ReadFile("../../examples/rego/etl.yaml")
	if err != nil {
		t.Fatal(err)
	}
	blocks := block.FindAllStringSubmatch(string(text), -1)
	if len(blocks) != 2 {
		t.Fatalf("%d blocks", len(blocks))
	}
	for _, b := range blocks {
		results, err := compile(t, b[1]).Eval(context.Background(), &rego.Input{Object: object(t, string(etl))})
		if err != nil {
			t.Error(err)
		}
		if rules := strings.Count(b[1], "deny contains \""); len(results) != rules {
			t.Errorf("%d rules find %d things:\n%s", rules, len(results), messages(results))
		}
		if !strings.Contains(b[1], "package library") {
			continue
		}
		for _, name := range regexp.MustCompile(`(?m)^([a-z]+)[ (]`).FindAllStringSubmatch(rego.Library, -1) {
			if n := name[1]; n != "package" && !strings.Contains(b[1], "lib."+n) {
				t.Errorf("the guide shows no lib.%s", n)
			}
		}
	}
}
