package policies_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/page"
	"github.com/tiphys-dev/tiphys/lint/rules"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/policies"
)

// only returns the built-in rules of these names.
func only(names ...string) []*lint.Rule {
	return slices.DeleteFunc(rules.All(), func(r *lint.Rule) bool { return !slices.Contains(names, r.Name) })
}

// TestPages reads the policies of each case of a page, lints the workflows
// beside them, and compares with what the page says.
func TestPages(t *testing.T) {
	for _, r := range policies.Rules() {
		fires, silent := false, false
		for _, c := range page.Parse(r.Page).Cases {
			t.Run(r.Name+"/"+c.Name, func(t *testing.T) {
				file := source.NewFile("in.yaml", []byte(c.Files[0].Text))
				all, findings := policies.Parse(file)
				now := date(t, "2026-06-01 00:00:00")
				set := policies.NewSet(all, policies.Options{Now: now})
				usage := set.NewUsage()
				written := lint.Run(lint.Options{Rules: rules.All(), Policies: set.For(policies.Request{Usage: usage, Defaults: true})}, file)
				findings = append(findings, policies.Findings(set.Waivers(usage, now))...)
				if r.Mends {
					findings = append(findings, written.Findings...)
				}
				findings = slices.DeleteFunc(findings, func(f lint.Finding) bool {
					return f.Rule.Name != r.Name || f.Severity < min(lint.Warning, r.Severity)
				})
				fires, silent = fires || len(findings) > 0, silent || len(findings) == 0
				if diff := cmp.Diff(c.Want, linttest.Format(findings)); diff != "" {
					t.Error(diff)
				}
			})
		}
		if !fires || !silent {
			t.Errorf("%s: a page needs a case that fires and one that is silent", r.Name)
		}
	}
}
