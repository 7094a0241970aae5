package rego_test

import (
	"context"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/policies/rego"
)

const owner = `package owner

violation contains {"msg": "no owner", "path": "metadata.labels"} if {
	not input.review.object.metadata.labels.team
}
`

func TestTest(t *testing.T) {
	tests := `package owner_test

import data.owner
import data.tiphys.lib

test_missing if {
	count(owner.violation) == 1 with input as tiphys.input("kind: Workflow\nmetadata: {name: a}")
}

test_there if {
	count(owner.violation) == 0 with input as tiphys.input({"metadata": {"labels": {"team": "a"}}})
}

test_wrong if {
	print("printed", 1)
	count(owner.violation) == 1 with input as {"review": {"object": {"metadata": {"labels": {"team": "a"}}}}}
}

test_broken if to_number("4x") == 4

test_containers if {
	some c in lib.containers with input as tiphys.input("kind: Workflow\nspec: {templates: [{name: a, container: {image: b}}]}")
	c.image.name == "library/b"
}
`
	got, problems := rego.Test(context.Background(), []rego.Source{{File: "owner.rego", Text: owner}}, []rego.Source{{File: "owner_test.rego", Text: tests}})
	if problems != nil {
		t.Fatal(problems)
	}
	want := map[string]string{"test_missing": "", "test_there": "", "test_wrong": "it is not true", "test_broken": "19:16: to_number", "test_containers": ""}
	if len(got) != len(want) {
		t.Errorf("%d tests", len(got))
	}
	for _, r := range got {
		if w := want[r.Name]; !strings.HasPrefix(r.Why, w) || (w == "") != (r.Why == "") {
			t.Errorf("%s: %q, want %q", r.Name, r.Why, w)
		}
		if r.Name == "test_wrong" && (r.Printed != "printed 1\n" || r.Line != 14) {
			t.Errorf("%+v", r)
		}
	}
}

func TestTestProblems(t *testing.T) {
	_, problems := rego.Test(context.Background(), []rego.Source{{File: "owner.rego", Text: owner}},
		[]rego.Source{{File: "a_test.rego", Text: "package a\ntest_a if http.send({})"}, {File: "b_test.rego", Text: "package b\ntest_b { true }"}})
	if len(problems) != 1 || problems[0].File != "b_test.rego" || problems[0].Line != 2 {
		t.Errorf("got %v", problems)
	}
	_, problems = rego.Test(context.Background(), nil, []rego.Source{{File: "a_test.rego", Text: "package a\ntest_a if http.send({})"}})
	if len(problems) != 1 || problems[0].File != "a_test.rego" || !strings.Contains(problems[0].Message, "http.send is not allowed") {
		t.Errorf("got %v", problems)
	}
}

func TestTrace(t *testing.T) {
	m := compile(t, "package p\ndeny contains \"x\" if {\n\tsome t in input.spec.templates\n\tt.name == \"other\"\n}")
	in := &rego.Input{Object: object(t, small)}
	trace := m.Trace(context.Background(), in)
	if trace.Err != nil || len(trace.Results) > 0 {
		t.Errorf("%v, %v", trace.Results, trace.Err)
	}
	if len(trace.Stops) != 1 || trace.Stops[0] != (rego.Stop{Line: 4, Column: 2, Text: `t.name == "other"`}) {
		t.Errorf("stops %v", trace.Stops)
	}
	var b strings.Builder
	if err := trace.Write(&b, 5); err != nil || strings.Count(b.String(), "\n") != 6 || !strings.Contains(b.String(), "Enter data.p.deny") {
		t.Errorf("%v\n%s", err, b.String())
	}
	seen, err := m.Input(in)
	if err != nil {
		t.Fatal(err)
	}
	if o := seen.(map[string]any); len(o) != 2 || o["spec"] == nil || o["parameters"] == nil {
		t.Errorf("it sees %v", o)
	}
}
