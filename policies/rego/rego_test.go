package rego_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/policies/rego"
)

// compile returns a module that compiles.
func compile(t testing.TB, text string) *rego.Module {
	t.Helper()
	m, problems := rego.Compile(rego.Source{Name: "test", Text: text})
	for _, p := range problems {
		t.Error(p)
	}
	if problems != nil {
		t.FailNow()
	}
	return m
}

func object(t testing.TB, text string) *manifest.Node {
	t.Helper()
	d := manifest.Parse(source.NewFile("in.yaml", []byte(text)))[0]
	if d.Root == nil {
		t.Fatal(d.Problems)
	}
	return d.Objects()[0]
}

const small = `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: etl, namespace: dev, labels: {team: data}}
spec:
  entrypoint: main
  templateDefaults:
    container: {resources: {limits: {memory: 1Gi}}, env: [{name: A, value: "1"}]}
  templates:
  - name: main
    dag:
      tasks:
      - {name: a, template: work}
      - {name: b, template: work, depends: a}
      - {name: c, template: work, depends: a, withItems: [1, 2, 3]}
      - {name: d, template: work, depends: b && c}
  - name: work
    container:
      image: registry.example.com:5000/team/etl:1.4
      resources: {limits: {cpu: 500m}}
      env: [{name: B, valueFrom: {secretKeyRef: {name: db, key: password}}}]
`

// messages are results, a line each.
func messages(results []rego.Result) string {
	var b strings.Builder
	for _, r := range results {
		b.WriteString(r.Kind.String() + " ")
		if r.Path != "" {
			b.WriteString(r.Path + " ")
		}
		b.WriteString(r.Message + "\n")
	}
	return b.String()
}

func TestEval(t *testing.T) {
	for what, c := range map[string]struct{ text, want string }{
		"the bare object": {`
deny contains msg if {
	input.spec.entrypoint == "main"
	msg := "bare"
}`, "deny bare\n"},
		"the object of a review": {`
violation contains {"msg": msg} if {
	msg := input.review.object.metadata.name
}`, "violation etl\n"},
		"the accessor of rules that run everywhere": {`
obj := input.review.object if input.review.object
else := input

params := object.get(input, "parameters", {})

violation contains {"msg": msg, "details": {"field": ["spec", "templates", 1]}} if {
	msg := sprintf("%s %d", [obj.metadata.name, count(params)])
}`, "violation spec.templates[1] etl 0\n"},
		"a set by comprehension":      {`warn := {t.name | some t in input.spec.templates}`, "warn main\nwarn work\n"},
		"a list":                      {`deny := ["b", "a", "b"]`, "deny a\ndeny b\n"},
		"a partial object":            {`deny[t.name] := {"msg": "x", "path": "spec"} if some t in input.spec.templates`, "deny spec x\n"},
		"a key that is true":          {`deny[t.name] := true if some t in input.spec.templates`, "deny main\ndeny work\n"},
		"one string":                  {`deny := "no" if input.kind == "Workflow"`, "deny no\n"},
		"true alone says the name":    {`deny if input.kind == "Workflow"`, "deny test\n"},
		"false":                       {`default deny := false`, ""},
		"undefined":                   {`deny if input.kind == "Pod"`, ""},
		"three rules":                 {"deny contains \"a\"\nwarn contains \"c\"\nviolation contains {\"msg\": \"b\"}", "violation b\ndeny a\nwarn c\n"},
		"a message is one line":       {`deny contains "a\nb\u001b[31m"`, "deny a b [31m\n"},
		"a template with its default": {`deny contains m if { some c in input.tiphys.containers; m := json.marshal(c.spec.resources) }`, "deny {\"limits\":{\"cpu\":\"500m\",\"memory\":\"1Gi\"}}\n"},
	} {
		t.Run(what, func(t *testing.T) {
			m := compile(t, "package p\n"+c.text)
			got, err := m.Eval(context.Background(), &rego.Input{Object: object(t, small)})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, messages(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
