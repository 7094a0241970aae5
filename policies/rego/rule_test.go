package rego_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/page"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/policies/rego"
)

// extra is what one policy with one module wants of all objects.
type extra lint.Terms

func (e *extra) Terms(*manifest.Node) *lint.Terms { return (*lint.Terms)(e) }

func run(t *testing.T, m *rego.Module, s *rego.Session, severity, failure lint.Severity, text string) string {
	t.Helper()
	terms := &extra{Extra: []lint.Extra{{Rule: m.Rule(s, failure), Setting: lint.Setting{Policy: "team", Severity: severity}}}}
	result := lint.Run(lint.Options{Policies: terms}, source.NewFile("in.yaml", []byte(text)))
	for _, err := range result.Failures {
		t.Error(err)
	}
	return linttest.Format(result.Findings)
}

func TestRule(t *testing.T) {
	const in = `apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  name: etl
  labels: {"a.b/c": x}
spec:
  entrypoint: main
  templates:
  - name: main
    container:
      image: etl:1
`
	for what, c := range map[string]struct {
		text     string
		severity lint.Severity
		failure  lint.Severity
		want     string
	}{
		"a field":                 {`deny contains {"msg": "m", "path": "spec.templates[0].container.image"}`, lint.Error, lint.Error, "in.yaml:11:14: error: m [test]\n"},
		"a list of keys":          {`deny contains {"msg": "m", "field": ["spec", "templates", 0, "name"]}`, lint.Warning, lint.Error, "in.yaml:9:11: warning: m [test]\n"},
		"a quoted key":            {`deny contains {"msg": "m", "path": ["metadata", "labels", "a.b/c"]}`, lint.Info, lint.Error, "in.yaml:5:21: info: m [test]\n"},
		"a field that is missing": {`deny contains {"msg": "m", "path": "spec.templates[0].container.resources.limits"}`, lint.Error, lint.Error, "in.yaml:10:5: error: m [test]\n"},
		"a missing quoted key":    {`deny contains {"msg": "m", "path": ["metadata", "labels", "x.y[\"]/z"]}`, lint.Error, lint.Error, "in.yaml:5:3: error: m [test]\n"},
		"nothing of the path":     {`deny contains {"msg": "m", "path": "no such field"}`, lint.Error, lint.Error, "in.yaml:1:1: error: m [test]\n"},
		"no path":                 {`deny contains "m"`, lint.Error, lint.Error, "in.yaml:1:1: error: m [test]\n"},
		"warn is a warning":       {`warn contains "m"`, lint.Error, lint.Error, "in.yaml:1:1: warning: m [test]\n"},
		"warn is at most that":    {`warn contains "m"`, lint.Info, lint.Error, "in.yaml:1:1: info: m [test]\n"},
		"a failure denies":        {`deny contains "m" if to_number("4x") > 1`, lint.Error, lint.Error, "in.yaml:1:1: error: the module test cannot judge this object: 2:22: to_number: strconv.ParseFloat: parsing \"4x\": invalid syntax [test]\n"},
		"a failure warns":         {`deny contains "m" if 1 / count([]) > 1`, lint.Error, lint.Warning, "in.yaml:1:1: warning: the module test cannot judge this object: 2:22: div: divide by zero [test]\n"},
		"silent":                  {`deny contains "m" if input.kind == "Pod"`, lint.Error, lint.Error, ""},
	} {
		t.Run(what, func(t *testing.T) {
			got := run(t, compile(t, "package p\n"+c.text), &rego.Session{}, c.severity, c.failure, in)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRequest(t *testing.T) {
	m := compile(t, `package p
deny contains json.marshal([r.operation, r.namespace, r.userInfo.username, r.userInfo.groups, r.dryRun, r.namespaceObject.metadata.labels]) if r := input.review`)
	s := &rego.Session{Request: rego.Request{
		Operation: "UPDATE", Namespace: "prod", User: rego.User{Name: "ann", Groups: []string{"a"}}, NamespaceLabels: map[string]string{"env": "prod"}, NamespaceKnown: true, DryRun: true,
	}}
	got := run(t, m, s, lint.Error, lint.Error, "kind: Workflow\n")
	if want := `["UPDATE","prod","ann",["a"],true,{"env":"prod"}]`; !strings.Contains(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestCancelledRequestIsDenied(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	got := run(t, compile(t, "package p\ndeny contains \"m\" if false"), &rego.Session{Context: ctx}, lint.Error, lint.Error, "kind: Workflow\n")
	if !strings.Contains(got, "error: the module test cannot judge this object: it was called off") {
		t.Error(got)
	}
}

func TestSensor(t *testing.T) {
	m := compile(t, "package p\nimport data.tiphys.lib\ndeny contains {\"msg\": c.image.ref, \"path\": c.image.path} if some c in lib.containers")
	got := run(t, m, &rego.Session{}, lint.Error, lint.Error, `apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: {name: s}
spec:
  triggers:
  - template:
      name: t
      argoWorkflow:
        operation: submit
        source:
          resource:
            apiVersion: argoproj.io/v1alpha1
            kind: Workflow
            metadata: {generateName: a-}
            spec:
              entrypoint: main
              templates:
              - name: main
                container: {image: "etl:1"}
`)
	if want := "in.yaml:19:36: error: etl:1 [test]\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Many objects in many goroutines have an input each.
func TestManyObjects(t *testing.T) {
	m := compile(t, "package p\ndeny contains input.metadata.name\ndeny contains input.review.object.metadata.name")
	s := &rego.Session{}
	terms := &extra{Extra: []lint.Extra{{Rule: m.Rule(s, lint.Error), Setting: lint.Setting{Severity: lint.Error}}}}
	l := lint.New(lint.Options{Policies: terms})
	done := make(chan bool)
	for i := range 4 {
		go func() {
			for j := range 50 {
				l.Add(source.NewFile(fmt.Sprintf("%d-%d.yaml", i, j), fmt.Appendf(nil, "kind: Workflow\nmetadata: {name: %d-%d}\n", i, j)))
			}
			done <- true
		}()
	}
	for range 4 {
		<-done
	}
	result := l.Finish()
	if len(result.Findings) != 200 {
		t.Errorf("%d findings", len(result.Findings))
	}
	for _, f := range result.Findings {
		if f.Message+".yaml" != f.Span.File.Name {
			t.Errorf("%s says %s", f.Span.File.Name, f.Message)
		}
	}
}

func TestParameters(t *testing.T) {
	m := compile(t, "package p\ndeny contains sprintf(\"%v %v\", [input.parameters.n, input.parameters.l[0]])")
	with, err := m.With(map[string]any{"n": int64(3), "l": []any{"x"}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := with.Eval(context.Background(), &rego.Input{Object: object(t, small)})
	if err != nil || messages(got) != "deny 3 x\n" {
		t.Errorf("%s, %v", messages(got), err)
	}
	if got, err := m.Eval(context.Background(), &rego.Input{Object: object(t, small)}); err != nil || len(got) > 0 {
		t.Errorf("the module without: %v, %v", got, err)
	}
}

func TestPage(t *testing.T) {
	m := compile(t, "# METADATA\n# title: Owners are known\n# description: Somebody must be asked.\npackage p\n\ndeny contains \"m\"")
	p := page.Parse(m.Rule(&rego.Session{}, lint.Error).Page)
	if p.Title != "Owners are known" || p.Prose != "Somebody must be asked." {
		t.Errorf("%+v", p)
	}
}
