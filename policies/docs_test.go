package policies_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/policies"
)

// Policies that the guides show are right.
func TestPoliciesOfTheGuides(t *testing.T) {
	files, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile("(?s)\n```yaml\n(.*?)```\n").FindAllStringSubmatch(string(text), -1) {
			if !strings.Contains(m[1], "kind: WorkflowPolicy") || strings.Contains(m[1], "name: broken}") { // one that is shown to be refused
				continue
			}
			seen++
			if _, findings := policies.Parse(source.NewFile(file, []byte(m[1]))); len(findings) > 0 {
				t.Errorf("%s: %v\n%s", file, findings, m[1])
			}
		}
	}
	if seen == 0 {
		t.Error("no guide shows a policy")
	}
}
