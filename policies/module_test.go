package policies_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/policies"
)

func TestModulesThatFail(t *testing.T) {
	const fails = `modules: [{name: fails, enforcement: %s, rego: "package fails\nviolation contains \"x\" if to_number(input.review.object.metadata.name) == 1"}]`
	for name, test := range map[string]struct{ spec, want string }{
		"what cannot be judged is denied":        {"{" + fmt.Sprintf(fails, "deny") + "}", "error a"},
		"with Ignore it is warned of":            {"{failurePolicy: Ignore, " + fmt.Sprintf(fails, "deny") + "}", "warning a"},
		"a module that only warns cannot deny":   {"{" + fmt.Sprintf(fails, "warn") + "}", "warning a"},
		"one that only counts is counted":        {"{" + fmt.Sprintf(fails, "audit") + "}", "info a"},
		"that is so with Ignore too":             {"{failurePolicy: Ignore, " + fmt.Sprintf(fails, "audit") + "}", "info a"},
		"a rule warn denies what it fails on":    {"{" + strings.Replace(fmt.Sprintf(fails, "deny"), "violation", "warn", 1) + "}", "error a"},
		"one that is off is not asked":           {"{" + fmt.Sprintf(fails, `"off"`) + "}", ""},
		"one for other objects is not asked":     {"{match: {names: [b]}, " + fmt.Sprintf(fails, "deny") + "}", ""},
		"a waiver waives what a module says too": {"{" + fmt.Sprintf(fails, "deny") + ", waivers: [{rule: fails, reason: x, until: 2099-01-01}]}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			set := policies.NewSet(policiesOf(t, "a: "+test.spec), policies.Options{})
			result := lint.Run(lint.Options{Policies: set.For(policies.Request{})}, source.NewFile("in.yaml", []byte("{kind: Workflow, metadata: {name: a}, spec: {}}")))
			var got []string
			for _, f := range result.Findings {
				got = append(got, f.Severity.String()+" "+f.Policy)
			}
			if diff := cmp.Diff(test.want, strings.Join(got, "; ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Many requests may ask one set at once, and count what waivers cover together.
func TestASetServesManyAtOnce(t *testing.T) {
	set := policies.NewSet([]*policies.Policy{shippedPolicy(t, "production"), policiesOf(t, "team: {waivers: [{rule: owner-missing, reason: x, until: 2099-01-01}]}")[0]}, policies.Options{})
	usage := set.NewUsage()
	const requests = 50
	var all sync.WaitGroup
	for i := range requests {
		all.Go(func() {
			text := fmt.Sprintf("{apiVersion: argoproj.io/v1alpha1, kind: Workflow, metadata: {name: a-%d}, spec: {entrypoint: a, templates: [{name: a, suspend: {}}]}}", i)
			result := lint.Run(lint.Options{Policies: set.For(policies.Request{Operation: "CREATE", Usage: usage})}, source.NewFile("in.yaml", []byte(text)))
			if len(result.Findings) > 0 || len(result.Waived) != 1 {
				t.Errorf("%d findings, %d waived", len(result.Findings), len(result.Waived))
			}
		})
	}
	all.Wait()
	if w := set.Waivers(usage, date(t, "2026-01-01 00:00:00"))[0]; w.State != policies.Active || w.Matched != requests || w.Objects != requests {
		t.Errorf("the waiver is %s, for %d and used by %d objects", w.State, w.Matched, w.Objects)
	}
}

// A policy is compiled when it changes, not for a request.
func BenchmarkParse(b *testing.B) {
	file := policies.Shipped("production")
	for b.Loop() {
		policies.Parse(file)
	}
}
