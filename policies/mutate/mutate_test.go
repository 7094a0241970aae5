package mutate_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/patch"
	"github.com/tiphys-dev/tiphys/lint/rules"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/policies/defaults"
	"github.com/tiphys-dev/tiphys/policies/mutate"
)

type always struct{ terms *lint.Terms }

func (a always) Terms(*manifest.Node) *lint.Terms { return a.terms }

func document(t testing.TB, text string) *manifest.Document {
	t.Helper()
	d := manifest.Parse(source.NewFile("in.yaml", []byte(text)))[0]
	if d.Root == nil {
		t.Fatal(d.Problems)
	}
	return d
}

func policies(t testing.TB, text string) lint.Policies {
	t.Helper()
	var all []*defaults.Defaults
	for _, f := range document(t, text).Root.Fields() {
		d, problems := defaults.Compile(f.Key.Value, f)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		all = append(all, d)
	}
	return always{&lint.Terms{Extra: defaults.Extras(all...)}}
}

const both = "prod: {spec: {ttlStrategy: {secondsAfterCompletion: 60}}, containers: {resources: {limits: {cpu: 1}}}}\nteam: {metadata: {labels: {team: a}}}\n"

func TestApplyMakesDefaultsAndOtherSafeFixes(t *testing.T) {
	d := document(t, "kind: Workflow\nspec: {parallelism: \"2\", entrypoint: a, templates: [{name: a, container: {image: x}}]}\n")
	r, err := mutate.Apply(lint.Options{Rules: rules.All(), Policies: policies(t, both)}, d)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Annotate(); err != nil {
		t.Fatal(err)
	}
	want := `[{"op":"replace","path":"/spec/parallelism","value":2},` +
		`{"op":"add","path":"/spec/templates/0/container/resources","value":{"limits":{"cpu":1}}},` +
		`{"op":"add","path":"/spec/ttlStrategy","value":{"secondsAfterCompletion":60}},` +
		`{"op":"add","path":"/metadata","value":{"labels":{"team":"a"},"annotations":{"policy.tiphys.dev/defaults":"prod: spec.templates[0].container.resources.limits.cpu, spec.ttlStrategy.secondsAfterCompletion; team: metadata.labels.team"}}},` +
		`{"op":"add","path":"/apiVersion","value":"argoproj.io/v1alpha1"}]`
	if diff := cmp.Diff(want, string(patch.JSON(r.Patch()))); diff != "" {
		t.Error(diff)
	}
	again, err := mutate.Object(lint.Options{Rules: rules.All(), Policies: policies(t, both)}, r.After)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Annotate(); err != nil || len(again.Patch()) > 0 || again.Rounds != 1 || again.After != r.After {
		t.Errorf("the second time: %v, %s", err, patch.JSON(again.Patch()))
	}
}

func TestAnnotate(t *testing.T) {
	for name, c := range map[string]struct{ object, want string }{
		"an object without one": {"{}", "prod: spec.templates[0].container.resources.limits.cpu, spec.ttlStrategy.secondsAfterCompletion; team: metadata.labels.team"},
		"what holds of the old one is kept": {`{policy.tiphys.dev/defaults: "old: spec.podGC, spec.gone; team: spec.entrypoint"}`,
			"old: spec.podGC; prod: spec.templates[0].container.resources.limits.cpu, spec.ttlStrategy.secondsAfterCompletion; team: metadata.labels.team, spec.entrypoint"},
		"what somebody else wrote is not": {`{policy.tiphys.dev/defaults: "look: at, me; and -5 more; and x more"}`,
			"prod: spec.templates[0].container.resources.limits.cpu, spec.ttlStrategy.secondsAfterCompletion; team: metadata.labels.team"},
		"what was left out is counted": {`{policy.tiphys.dev/defaults: "team: spec.entrypoint; and 7 more"}`,
			"prod: spec.templates[0].container.resources.limits.cpu, spec.ttlStrategy.secondsAfterCompletion; team: metadata.labels.team, spec.entrypoint; and 7 more"},
	} {
		t.Run(name, func(t *testing.T) {
			d := document(t, "kind: Workflow\nmetadata: {annotations: "+c.object+"}\nspec: {entrypoint: a, podGC: {}, templates: [{name: a, container: {image: x}}]}\n")
			r, err := mutate.Apply(lint.Options{Policies: policies(t, both)}, d)
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Annotate(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, r.After.At("metadata", "annotations", mutate.Annotation).Text()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnnotateLeavesWhatIsNoObject(t *testing.T) {
	for _, metadata := range []string{"[]", "{annotations: []}"} {
		d := document(t, "kind: Workflow\nmetadata: "+metadata+"\nspec: {entrypoint: a}\n")
		r, err := mutate.Apply(lint.Options{Policies: policies(t, both)}, d)
		if err != nil || len(r.Patch()) == 0 {
			t.Fatal(err)
		}
		if err := r.Annotate(); err == nil {
			t.Errorf("%s is annotated: %s", metadata, patch.JSON(r.Patch()))
		}
	}
}

func TestAnnotationIsBounded(t *testing.T) {
	d := document(t, workflow(400))
	r, err := mutate.Apply(lint.Options{Policies: policies(t, both)}, d)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Annotate(); err != nil {
		t.Fatal(err)
	}
	got := r.After.At("metadata", "annotations", mutate.Annotation).Text()
	if len(got) > 1024 || !strings.HasSuffix(got, " more") {
		t.Errorf("%d bytes: %s", len(got), got)
	}
}

func TestApplyIsNotRestless(t *testing.T) {
	flip := &lint.Rule{Name: "flip", Severity: lint.Info, Mends: true, Object: func(pass *lint.Pass) {
		n := pass.Object.Get("a")
		pass.Report(lint.Finding{Node: n, Message: "again", Fix: &lint.Fix{Safe: true, Edits: []lint.Edit{{Node: n, Value: n.Value + "x"}}}})
	}}
	d := document(t, "a: b\n")
	r, err := mutate.Apply(lint.Options{Rules: []*lint.Rule{flip}}, d)
	if !errors.Is(err, mutate.ErrRestless) || !strings.Contains(err.Error(), "flip") || len(r.Patch()) > 0 {
		t.Errorf("%v, %s", err, patch.JSON(r.Patch()))
	}
	broken := &lint.Rule{Name: "broken", Severity: lint.Info, Mends: true, Object: func(*lint.Pass) { panic("no") }}
	if r, err := mutate.Apply(lint.Options{Rules: []*lint.Rule{broken}}, d); err == nil || len(r.Patch()) > 0 {
		t.Error("a rule that breaks is an error")
	}
	if r, err := mutate.Apply(lint.Options{}, &manifest.Document{}); err != nil || len(r.Patch()) > 0 {
		t.Error("nothing is nothing")
	}
}

func TestApplies(t *testing.T) {
	for in, want := range map[string]bool{
		"CREATE Workflow": true, "UPDATE Workflow": false, "UPDATE WorkflowTemplate": true, "UPDATE CronWorkflow": true, "CREATE Sensor": true,
		"CREATE ClusterWorkflowTemplate": true, "DELETE CronWorkflow": false, "CREATE Pod": false,
	} {
		operation, kind, _ := strings.Cut(in, " ")
		if mutate.Applies(operation, kind) != want {
			t.Errorf("%s: %v", in, !want)
		}
	}
}

// workflow is a workflow of n templates and tasks.
func workflow(n int) string {
	var tasks, templates strings.Builder
	for i := range n {
		fmt.Fprintf(&tasks, "      - {name: t%d, template: w%d, arguments: {parameters: [{name: a, value: b}]}}\n", i, i)
		fmt.Fprintf(&templates, "  - {name: w%d, inputs: {parameters: [{name: a}]}, container: {image: 'alpine:3', command: [sh, -c, 'echo {{inputs.parameters.a}}'], env: [{name: A, value: B}]}}\n", i)
	}
	return "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {generateName: x-}\nspec:\n  entrypoint: main\n  templates:\n  - name: main\n    dag:\n      tasks:\n" + tasks.String() + templates.String()
}

func BenchmarkApply(b *testing.B) {
	o := lint.Options{Rules: rules.All(), Policies: policies(b, both)}
	for _, n := range []int{3, 20, 5000} {
		d := manifest.ParseObject(source.NewFile("", patch.AppendJSON(nil, document(b, workflow(n)).Root)))
		r, err := mutate.Apply(o, d)
		if err != nil {
			b.Fatal(err)
		}
		done := &manifest.Document{File: d.File, Root: r.After}
		b.Run(fmt.Sprintf("%d tasks, defaults missing", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r, err := mutate.Apply(o, d)
				if err != nil || r.Annotate() != nil || len(patch.JSON(r.Patch())) < 10 {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("%d tasks, nothing to do", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if r, err := mutate.Apply(o, done); err != nil || len(r.Patch()) > 0 {
					b.Fatal(err)
				}
			}
		})
	}
}
