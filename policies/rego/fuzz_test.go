package rego_test

import (
	"context"
	"testing"
	"time"

	"github.com/tiphys-dev/tiphys/policies/rego"
)

// Whatever the text, there is a module or there are problems, and an answer in
// time.
func FuzzModule(f *testing.F) {
	for _, text := range simple {
		f.Add(text)
	}
	f.Add("package p\n" + endless)
	f.Add(owner)
	f.Add("package p\nimport rego.v1\ndeny[x] := y if { some x, y in input.spec }\nwarn := {\"a\"}\ndefault violation := false")
	f.Add("package p\ndeny contains sprintf(\"%9d%*d\", [1, 2]) if every x in [1] { not x == input[x][_] }")
	o := object(f, small)
	f.Fuzz(func(t *testing.T, text string) {
		hang := time.AfterFunc(30*time.Second, func() { panic("no end: " + text) })
		defer hang.Stop()
		began := time.Now()
		m, problems := rego.Compile(rego.Source{Name: "fuzz", Text: text})
		if (m == nil) == (len(problems) == 0) {
			t.Fatalf("module %v, problems %v", m != nil, problems)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Fatalf("it takes %s to compile", took)
		}
		if m == nil {
			return
		}
		began = time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		defer cancel()
		_, _ = m.Eval(ctx, &rego.Input{Object: o})
		if took := time.Since(began); took > 10*time.Second {
			t.Fatalf("it takes %s to evaluate", took)
		}
		_, _ = rego.Gatekeeper(rego.Source{Name: "fuzz", Text: text})
	})
}
