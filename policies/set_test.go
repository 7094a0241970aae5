package policies_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/policies"
)

// policiesOf reads specs by the name of the policy: "name: spec in flow style".
func policiesOf(t testing.TB, specs ...string) []*policies.Policy {
	t.Helper()
	var b strings.Builder
	for _, s := range specs {
		name, spec, _ := strings.Cut(s, ": ")
		fmt.Fprintf(&b, "---\napiVersion: tiphys.dev/v1alpha1\nkind: WorkflowPolicy\nmetadata: {name: %s}\nspec: %s\n", name, spec)
	}
	all, findings := policies.Parse(source.NewFile("policies.yaml", []byte(b.String())))
	if len(findings) > 0 {
		t.Fatal(linttest.Format(findings))
	}
	return all
}

func objectOf(t testing.TB, text string) *manifest.Node {
	t.Helper()
	return manifest.Parse(source.NewFile("in.yaml", []byte(text)))[0].Root
}

func date(t testing.TB, s string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateTime, s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestMatch(t *testing.T) {
	etl := "{kind: Workflow, metadata: {name: etl-1, namespace: prod, labels: {team: data, empty: ''}}}"
	known := policies.Request{NamespaceKnown: true, NamespaceLabels: map[string]string{"env": "prod"}}
	for name, test := range map[string]struct {
		match, object string
		request       policies.Request
		want          bool
	}{
		"no match means all": {"{}", etl, policies.Request{}, true},
		"a kind":             {"{kinds: [Workflow]}", etl, policies.Request{}, true},
		"another kind":       {"{kinds: [CronWorkflow, Sensor]}", etl, policies.Request{}, false},
		"no policy is for a kind that is none of Argo's": {"{}", "{kind: ConfigMap}", policies.Request{}, false},
		"a namespace":                                    {"{namespaces: [dev, prod]}", etl, policies.Request{}, true},
		"a namespace with a star":                        {"{namespaces: ['pr*']}", etl, policies.Request{}, true},
		"a star alone":                                   {"{namespaces: ['*']}", etl, policies.Request{}, true},
		"a name is not the beginning of another":         {"{namespaces: [pro]}", etl, policies.Request{}, false},
		"an excluded namespace":                          {"{excludeNamespaces: ['pr*']}", etl, policies.Request{}, false},
		"both":                                           {"{namespaces: ['*'], excludeNamespaces: [prod]}", etl, policies.Request{}, false},
		"a namespace that only the request names":        {"{namespaces: [dev]}", "{kind: Workflow}", policies.Request{Namespace: "prod"}, false},
		"the namespace of the object counts":             {"{namespaces: [prod]}", etl, policies.Request{Namespace: "dev"}, true},
		"an unknown namespace excludes nothing":          {"{namespaces: [dev], excludeNamespaces: ['*']}", "{kind: Workflow}", policies.Request{}, true},
		"what is in no namespace is not excluded by one": {"{namespaces: [dev], namespaceSelector: {matchLabels: {a: b}}}", "{kind: ClusterWorkflowTemplate, metadata: {name: x}}", known, true},
		"a name":                              {"{names: [etl-1]}", etl, policies.Request{}, true},
		"a name with a star":                  {"{names: ['etl-*']}", etl, policies.Request{}, true},
		"another name":                        {"{names: ['ml-*']}", etl, policies.Request{}, false},
		"a generated name":                    {"{names: [etl-]}", "{kind: Workflow, metadata: {generateName: etl-}}", policies.Request{}, true},
		"a label of the object":               {"{objectSelector: {matchLabels: {team: data}}}", etl, policies.Request{}, true},
		"another value":                       {"{objectSelector: {matchLabels: {team: ml}}}", etl, policies.Request{}, false},
		"a label that exists, although empty": {"{objectSelector: {matchExpressions: [{key: empty, operator: Exists}]}}", etl, policies.Request{}, true},
		"a label that does not exist":         {"{objectSelector: {matchExpressions: [{key: other, operator: DoesNotExist}]}}", etl, policies.Request{}, true},
		"not in, and not there":               {"{objectSelector: {matchExpressions: [{key: other, operator: NotIn, values: [a]}]}}", etl, policies.Request{}, true},
		"not in, but there":                   {"{objectSelector: {matchExpressions: [{key: team, operator: NotIn, values: [data]}]}}", etl, policies.Request{}, false},
		"unknown labels of the namespace exclude nothing": {"{namespaceSelector: {matchLabels: {env: dev}}}", etl, policies.Request{}, true},
		"known ones do":                            {"{namespaceSelector: {matchLabels: {env: dev}}}", etl, known, false},
		"known ones select":                        {"{namespaceSelector: {matchLabels: {env: prod}}}", etl, known, true},
		"the name of a namespace is a label of it": {"{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: prod}}}", etl, policies.Request{}, true},
		"also where it is another":                 {"{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: dev}}}", etl, policies.Request{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			set := policies.NewSet(policiesOf(t, "a: {match: "+test.match+", rules: {dag-cycle: warn}}"), policies.Options{})
			object := objectOf(t, test.object)
			if got := len(set.Matching(test.request, object)) == 1; got != test.want {
				t.Errorf("matches: %v", got)
			}
			if got := set.For(test.request).Terms(object) != nil; got != test.want {
				t.Errorf("has terms: %v", got)
			}
		})
	}
}

func TestSeveralPolicies(t *testing.T) {
	for name, test := range map[string]struct {
		specs []string
		want  string
	}{
		"one speaks":                           {[]string{"a: {rules: {image-unpinned: warn}}"}, "warn a"},
		"the strictest speaks":                 {[]string{"a: {rules: {image-unpinned: warn}}", "b: {rules: {image-unpinned: deny}}"}, "deny b"},
		"whatever their order":                 {[]string{"b: {rules: {image-unpinned: deny}}", "a: {rules: {image-unpinned: warn}}"}, "deny b"},
		"all that are as strict are named":     {[]string{"b: {rules: {image-unpinned: deny}}", "a: {rules: {image-unpinned: deny}}"}, "deny a, b"},
		"off is less than anything":            {[]string{"a: {rules: {image-unpinned: off}}", "b: {rules: {image-unpinned: audit}}"}, "audit b"},
		"off alone is off":                     {[]string{"a: {rules: {image-unpinned: off}}", "b: {}"}, "off a"},
		"a policy for others says nothing":     {[]string{"a: {match: {kinds: [Sensor]}, rules: {image-unpinned: deny}}", "b: {rules: {image-unpinned: audit}}"}, "audit b"},
		"nobody says anything":                 {[]string{"a: {}"}, ""},
		"other parameters are another rule":    {[]string{"a: {rules: {image-unpinned: {parameters: {digest: true}}}}", "b: {rules: {image-unpinned: warn}}", "c: {rules: {image-unpinned: {enforcement: audit, parameters: {digest: true}}}}"}, "deny a map[digest:true]; warn b"},
		"off with other parameters counts not": {[]string{"a: {rules: {image-unpinned: {enforcement: off, parameters: {digest: true}}}}", "b: {rules: {image-unpinned: warn}}"}, "warn b"},
	} {
		t.Run(name, func(t *testing.T) {
			set := policies.NewSet(policiesOf(t, test.specs...), policies.Options{})
			var got []string
			for _, s := range set.For(policies.Request{}).Terms(objectOf(t, "kind: Workflow")).Rules["image-unpinned"] {
				one := policies.Enforcement(s.Severity) + " " + s.Policy
				if s.Parameters != nil {
					one += fmt.Sprint(" ", s.Parameters)
				}
				got = append(got, one)
			}
			if diff := cmp.Diff(test.want, strings.Join(got, "; ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWaivable(t *testing.T) {
	for name, test := range map[string]struct {
		specs []string
		want  string // of the rules dag-cycle and image-unpinned
	}{
		"nothing without waivableRules":       {[]string{"a: {rules: {dag-cycle: deny}}"}, ""},
		"what is listed":                      {[]string{"a: {waivableRules: [dag-cycle]}"}, "dag-cycle"},
		"everything":                          {[]string{"a: {waivableRules: ['*']}"}, "dag-cycle image-unpinned"},
		"not what another policy asks for":    {[]string{"a: {waivableRules: ['*']}", "b: {rules: {dag-cycle: warn}}"}, "image-unpinned"},
		"unless it is off there":              {[]string{"a: {waivableRules: ['*']}", "b: {rules: {dag-cycle: off}}"}, "dag-cycle image-unpinned"},
		"or that policy lets it be waived":    {[]string{"a: {waivableRules: ['*']}", "b: {rules: {dag-cycle: warn}, waivableRules: [dag-cycle]}"}, "dag-cycle image-unpinned"},
		"what the same policy asks for, even": {[]string{"a: {rules: {dag-cycle: deny}, waivableRules: [dag-cycle]}"}, "dag-cycle"},
	} {
		t.Run(name, func(t *testing.T) {
			set := policies.NewSet(policiesOf(t, test.specs...), policies.Options{})
			terms := set.For(policies.Request{}).Terms(objectOf(t, "kind: Workflow"))
			var got []string
			for _, rule := range []string{"dag-cycle", "image-unpinned"} {
				if terms.Waivable != nil && terms.Waivable(rule) {
					got = append(got, rule)
				}
			}
			if diff := cmp.Diff(test.want, strings.Join(got, " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWaivers(t *testing.T) {
	const text = `
kind: Workflow
metadata: {name: etl}
spec: {entrypoint: a, templates: [{name: a, container: {image: etl}}, {name: b, container: {image: etl}}]}
---
kind: Workflow
metadata: {name: ml}
spec: {entrypoint: a, templates: [{name: a, container: {image: "ml:1"}}]}
`
	const rules = "rules: {image-unpinned: deny}, waivers: [{rule: image-unpinned, reason: x, until: 2026-06-30"
	for name, test := range map[string]struct {
		specs []string
		now   string
		want  string
	}{
		"it waives to the last second of its day": {[]string{"a: {" + rules + "}]}"}, "2026-06-30 23:59:59", "Active 2/1"},
		"and not a second longer":                 {[]string{"a: {" + rules + "}]}"}, "2026-07-01 00:00:00", "error a; error a; Expired 2/1"},
		"it waives where it matches":              {[]string{"a: {" + rules + ", match: {names: [etl]}}]}"}, "2026-06-01 00:00:00", "Active 1/1"},
		"and nowhere else":                        {[]string{"a: {" + rules + ", match: {names: [ml]}}]}"}, "2026-06-01 00:00:00", "error a; error a; Unused 1/0"},
		"it may be for nothing that is there":     {[]string{"a: {" + rules + ", match: {names: [other]}}]}"}, "2026-06-01 00:00:00", "error a; error a; Unused 0/0"},
		"it counts for what other policies ask": {[]string{"a: {rules: {image-unpinned: warn}}", "b: {waivers: [{rule: image-unpinned, reason: x, until: 2026-06-30}]}"},
			"2026-06-01 00:00:00", "Active 2/1"},
		"only where its own policy matches": {[]string{"a: {rules: {image-unpinned: warn}}", "b: {match: {kinds: [Sensor]}, waivers: [{rule: image-unpinned, reason: x, until: 2026-06-30}]}"},
			"2026-06-01 00:00:00", "warning a; warning a; Unused 0/0"},
	} {
		t.Run(name, func(t *testing.T) {
			now := date(t, test.now)
			set := policies.NewSet(policiesOf(t, test.specs...), policies.Options{Now: now})
			usage := set.NewUsage()
			result := lint.Run(lint.Options{Rules: only("image-unpinned"), Policies: set.For(policies.Request{Usage: usage})},
				source.NewFile("in.yaml", []byte(text)))
			var got []string
			for _, f := range result.Findings {
				got = append(got, f.Severity.String()+" "+f.Policy)
			}
			for _, w := range set.Waivers(usage, now) {
				got = append(got, fmt.Sprintf("%s %d/%d", w.State, w.Matched, w.Objects))
			}
			if diff := cmp.Diff(test.want, strings.Join(got, "; ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCheckFindsRulesThatNobodyHas(t *testing.T) {
	all := policiesOf(t, `a: {waivers: [{rule: image-unpined, reason: x, until: 2026-06-30}, {rule: dag-cycle, reason: x, until: 2026-06-30}], waivableRules: ["*", no-such-rule]}`)
	want := `policies.yaml:5:25: error: this waiver is of "image-unpined", which is no rule, nor a module of these policies; did you mean "image-unpinned"? (tiphys rules lists the rules) [policy-invalid]
policies.yaml:5:142: error: this lets objects waive "no-such-rule", which is no rule, nor a module of these policies (tiphys rules lists the rules) [policy-invalid]
`
	if diff := cmp.Diff(want, linttest.Format(policies.NewSet(all, policies.Options{}).Check())); diff != "" {
		t.Error(diff)
	}
}

// A combination that is seen a second time costs little: a webhook asks for
// each request.
func BenchmarkTerms(b *testing.B) {
	var specs []string
	for i := range 10 {
		specs = append(specs, fmt.Sprintf("p%d: {match: {namespaces: ['prod*', 'dev']}, rules: {image-unpinned: deny, dag-cycle: warn}}", i))
	}
	set := policies.NewSet(policiesOf(b, specs...), policies.Options{})
	object := objectOf(b, "{apiVersion: argoproj.io/v1alpha1, kind: Workflow, metadata: {name: etl, namespace: prod-1}}")
	terms := set.For(policies.Request{})
	b.ReportAllocs()
	for b.Loop() {
		if terms.Terms(object) == nil {
			b.Fatal("no policy is for it")
		}
	}
}
