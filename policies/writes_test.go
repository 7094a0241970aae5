package policies_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/rules"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/policies"
)

const writing = `apiVersion: tiphys.dev/v1alpha1
kind: WorkflowPolicy
metadata: {name: once}
spec:
  concurrency: {max: 1, per: cron}
  defaults: {spec: {parallelism: 5}, metadata: {labels: {team: data}}}
---
apiVersion: tiphys.dev/v1alpha1
kind: WorkflowPolicy
metadata: {name: crons}
spec:
  match: {kinds: [CronWorkflow]}
  defaults: {spec: {podGC: {strategy: OnPodSuccess}, parallelism: 9}}
`

func TestWhatPoliciesWrite(t *testing.T) {
	all, findings := policies.Parse(source.NewFile("p.yaml", []byte(writing)))
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	set := policies.NewSet(all, policies.Options{})
	cron := "kind: CronWorkflow\nmetadata: {name: nightly}\nspec: {workflowSpec: {entrypoint: a}}\n"
	run := "kind: Workflow\nmetadata: {labels: {workflows.argoproj.io/cron-workflow: nightly, team: a}}\nspec: {entrypoint: a}\n"
	wanted := []string{
		"info default-missing once: metadata.labels.team", "info default-missing once: workflowMetadata.labels.team",
		"info default-missing crons: parallelism", "info default-missing crons: podGC", "info concurrency-unmarked once",
	}
	for name, c := range map[string]struct {
		object  string
		request policies.Request
		want    []string
	}{
		"a file by itself":                         {cron, policies.Request{}, nil},
		"a file with defaults":                     {cron, policies.Request{Defaults: true}, wanted},
		"mutation":                                 {cron, policies.Request{Operation: "UPDATE", Defaults: true}, wanted},
		"validation of what was not mutated":       {cron, policies.Request{Operation: "UPDATE"}, []string{"error concurrency-unmarked once"}},
		"a run that is made":                       {run, policies.Request{Operation: "CREATE"}, []string{"error concurrency-unmarked once"}},
		"a run that exists is not touched":         {run, policies.Request{Operation: "UPDATE", Defaults: true}, nil},
		"a run that exists needs no lock":          {run, policies.Request{Operation: "UPDATE"}, nil},
		"a policy is for the kinds it is made for": {run, policies.Request{Defaults: true}, []string{"info default-missing once: parallelism", "info concurrency-unmarked once"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := lint.Run(lint.Options{Policies: set.For(c.request)}, source.NewFile("in.yaml", []byte(c.object)))
			got := map[string]bool{}
			for _, f := range r.Findings {
				_, field, found := strings.Cut(f.Message, " sets ")
				if field, _, _ = strings.Cut(field, " to "); found {
					field = ": " + field
				}
				got[fmt.Sprintf("%s %s %s%s", f.Severity, f.Rule, f.Policy, field)] = true
			}
			want := map[string]bool{}
			for _, w := range c.want {
				want[w] = true
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A file is judged as what it will be in the cluster: what a policy asks for and
// writes itself is no mistake, and what is wrong all the same keeps its place.
func TestFilesAreJudgedComplete(t *testing.T) {
	all, findings := policies.Parse(source.NewFile("p.yaml", []byte(`apiVersion: tiphys.dev/v1alpha1
kind: WorkflowPolicy
metadata: {name: p}
spec:
  rules: {resources-missing: {enforcement: deny, parameters: {require: [limits.memory, limits.cpu]}}, deadline-missing: deny}
  defaults: {spec: {activeDeadlineSeconds: 60}, containers: {resources: {limits: {memory: 1Gi}}}}
`)))
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	set := policies.NewSet(all, policies.Options{})
	file := source.NewFile("in.yaml", []byte("kind: Workflow\nmetadata: {name: a}\nspec:\n  templates:\n  - name: main\n    container: {image: a:1}\n"))
	o := lint.Options{Rules: rules.All(), Severity: map[string]lint.Severity{}}
	for _, r := range o.Rules {
		if r.Name != "resources-missing" && r.Name != "deadline-missing" {
			o.Severity[r.Name] = lint.Off
		}
	}
	for name, c := range map[string]struct {
		request policies.Request
		want    string
	}{
		"a file":                            {policies.Request{}, "in.yaml:6:5: error: the container of template \"main\" has no limit of cpu:"},
		"what was not mutated in a cluster": {policies.Request{Operation: "CREATE"}, "in.yaml:2:18: error: the workflow may hang"},
	} {
		t.Run(name, func(t *testing.T) {
			o.Policies = set.For(c.request)
			var got []string
			for _, f := range lint.Run(o, file).Findings {
				got = append(got, f.String())
			}
			if text := strings.Join(got, "\n"); !strings.HasPrefix(text, c.want) || c.request.Operation == "" && len(got) != 1 {
				t.Errorf("got %s\nwant %s", text, c.want)
			}
		})
	}
}
