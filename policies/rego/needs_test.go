package rego

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
)

const flow = `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: etl, namespace: dev, labels: {team: data}}
spec:
  entrypoint: main
  templates:
  - name: main
    dag: {tasks: [{name: a, template: work}, {name: b, template: work, depends: a}]}
  - name: work
    container: {image: "etl:1.4", env: [{name: B, valueFrom: {secretKeyRef: {name: db, key: password}}}]}
status: {phase: Running}
`

func parsed(t testing.TB, text string) *manifest.Node {
	t.Helper()
	d := manifest.Parse(source.NewFile("in.yaml", []byte(text)))[0]
	if d.Root == nil {
		t.Fatal(d.Problems)
	}
	return d.Root
}

// modules read the input in all ways that there are.
var readers = map[string]string{
	"nothing":                   `deny contains "x"`,
	"a field":                   `deny contains input.spec.entrypoint`,
	"a field by variable":       `deny contains json.marshal(input[k]) if some k in ["spec", "kind"]`,
	"the object":                `deny contains json.marshal(input.review.object)`,
	"a part of it":              `deny contains json.marshal(input.review.object.metadata)`,
	"the review":                `deny contains r.object.status.phase if r := input.review`,
	"any of the review":         `deny contains json.marshal(input.review[k]) if some k in ["object", "userInfo", "kind"]`,
	"an import":                 "import input.review.object as o\ndeny contains o.metadata.name",
	"by object.get":             `deny contains json.marshal(object.get(input, ["review", "object", "metadata", "labels"], {}))`,
	"get of a variable":         "deny contains json.marshal(object.get(input, k, {})) if k := \"status\"",
	"get of the bare":           `deny contains object.get(input, "kind", "none")`,
	"the accessor":              "o := input.review.object if input.review.object\nelse := input\ndeny contains o.status.phase",
	"by another rule":           "flow := input.spec\ndeny contains flow.entrypoint",
	"by a function":             "f(x) := x.spec\ndeny contains json.marshal(f(input))",
	"in a comprehension":        `deny contains concat(",", [t.name | some t in input.spec.templates])`,
	"in every":                  "deny contains \"x\" if every t in input.spec.templates { t.name != \"\" }",
	"in a key":                  `deny contains {"a": 1, "main": 2}[input.spec.entrypoint] if false` + "\ndeny contains {\"main\": \"two\"}[input.spec.entrypoint]",
	"with another input":        "f := input.metadata.name\ndeny contains x if x := f with input as object.union(input, {\"metadata\": {\"name\": input.kind}})",
	"containers":                `deny contains json.marshal(input.tiphys.containers)`,
	"any of tiphys":             `deny contains json.marshal(input.tiphys[k]) if some k in ["graphs", "references", "templates"]`,
	"tiphys by variable":        "deny contains json.marshal(i[k].workflows) if {\n\ti := input\n\tk := \"tiphys\"\n}",
	"tiphys by function":        "f(x) := x.tiphys\ndeny contains json.marshal(f(input))",
	"the library":               "import data.tiphys.lib\ndeny contains json.marshal([lib.labels, lib.containers, lib.graphs, lib.secrets, lib.pods, lib.workflows])",
	"templates of workflows":    "import data.tiphys.lib\ndeny contains lib.workflows[_].spec.templates[_].name",
	"no templates of workflows": "import data.tiphys.lib\ndeny contains lib.workflows[_].spec.entrypoint",
	"an alias of it":            "import data.tiphys.lib as l\ndeny contains json.marshal(l.annotations) if count(l.configmaps) == 0",
	"by its whole name":         "deny contains json.marshal(data.tiphys.lib.templates)",
	"negated":                   "deny contains \"x\" if not input.status.phase == \"Done\"",
}

// What a module does not need makes no difference to what it finds.
func TestNeeds(t *testing.T) {
	everything := needs{bare: fields{all: true}, object: fields{all: true}, review: true}
	everything.everyPart()
	for what, text := range readers {
		t.Run(what, func(t *testing.T) {
			m, problems := Compile(Source{Name: "test", Text: "package p\n" + text})
			if problems != nil {
				t.Fatal(problems)
			}
			full := *m
			all := *m.program
			all.needs, full.program = everything, &all
			all.needs.templates = m.program.needs.templates
			lazy, err1 := m.Eval(context.Background(), &Input{Object: parsed(t, flow)})
			whole, err2 := full.Eval(context.Background(), &Input{Object: parsed(t, flow)})
			if err1 != nil || err2 != nil {
				t.Fatal(err1, err2)
			}
			if len(whole) == 0 {
				t.Error("it finds nothing")
			}
			if diff := cmp.Diff(whole, lazy); diff != "" {
				t.Error(diff)
			}
			shared := &Input{Object: parsed(t, flow)}
			for _, other := range readers { // whatever was asked for before
				if o, _ := Compile(Source{Name: "other", Text: "package p\n" + other}); o != nil {
					_, _ = o.Eval(context.Background(), shared)
				}
			}
			if again, err := m.Eval(context.Background(), shared); err != nil || cmp.Diff(whole, again) != "" {
				t.Error("it finds something else in an input that others have used", err)
			}
		})
	}
}

func TestLittleIsBuilt(t *testing.T) {
	for text, want := range map[string]needs{
		`deny contains input.spec.entrypoint`:                                           {bare: fields{names: []string{"spec"}}},
		`deny contains input.review.object.metadata.name`:                               {object: fields{names: []string{"metadata"}}, review: true},
		`deny contains input.review.userInfo.username`:                                  {review: true},
		`deny contains object.get(input, ["review", "object", "metadata", "name"], "")`: {object: fields{names: []string{"metadata"}}, review: true},
		"import data.tiphys.lib\ndeny contains lib.labels.team":                         {object: fields{names: []string{"metadata"}}, review: true},
		"import data.tiphys.lib\ndeny contains c.name if some c in lib.containers":      {parts: [parts]bool{partContainers: true}},
		"import data.tiphys.lib\ndeny contains lib.image(\"a\").name":                   {},
		"deny contains input.parameters.x":                                              {},
		"deny contains \"a\" if input.tiphys.graphs[_].cyclic":                          {parts: [parts]bool{partGraphs: true}},
		"deny contains json.marshal(input)":                                             {bare: fields{all: true}, object: fields{all: true}, review: true},
		"import data.tiphys.lib\nf := lib.pods\ndeny contains \"a\" if count(f) > 1":    {parts: [parts]bool{partTemplates: true}},
	} {
		m, problems := Compile(Source{Name: "test", Text: "package p\n" + text})
		if problems != nil {
			t.Fatal(text, problems)
		}
		got := m.program.needs
		if got.review != want.review || got.parts != want.parts || got.bare.all != want.bare.all || got.object.all != want.object.all ||
			!slices.Equal(got.bare.names, want.bare.names) || !slices.Equal(got.object.names, want.object.names) {
			t.Errorf("%s\nneeds %+v, want %+v", text, got, want)
		}
	}
}

// A word that is written nowhere is found by nobody.
func TestTiphysIsNoPartOfTheWhole(t *testing.T) {
	m, _ := Compile(Source{Name: "test", Text: "package p\ndeny contains k if some k in object.keys(input)"})
	got, err := m.Eval(context.Background(), &Input{Object: parsed(t, flow)})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range got {
		if r.Message == "tiphys" {
			t.Error("tiphys is there")
		}
	}
}

func TestNoEvaluationIsEndless(t *testing.T) {
	ctx, done := bounded(context.Background())
	defer done()
	if at, ok := ctx.Deadline(); !ok || time.Until(at) > MaxTime {
		t.Errorf("the deadline is %v, %v", at, ok)
	}
	mine, stop := context.WithTimeout(context.Background(), time.Hour)
	defer stop()
	if ctx, done := bounded(mine); ctx != mine {
		t.Error("a deadline is overruled")
		done()
	}
}
