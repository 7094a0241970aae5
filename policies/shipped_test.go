package policies_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/policies"
)

// shippedPolicy reads one of the policies that come with tiphys.
func shippedPolicy(t testing.TB, name string) *policies.Policy {
	t.Helper()
	all, findings := policies.Parse(policies.Shipped(name))
	if len(findings) > 0 {
		t.Fatal(linttest.Format(findings))
	}
	if len(all) != 1 || all[0].Name != name {
		t.Fatalf("%s.yaml holds %d policies, and must hold the one of its name", name, len(all))
	}
	return all[0]
}

// TestShipped lints the cases of each shipped policy and shows what the policy
// says of them. Each of its rules and modules that can find anything does so.
func TestShipped(t *testing.T) {
	for _, name := range policies.Names() {
		t.Run(name, func(t *testing.T) {
			p := shippedPolicy(t, name)
			set := policies.NewSet([]*policies.Policy{p}, policies.Options{})
			if findings := set.Check(); len(findings) > 0 {
				t.Error(linttest.Format(findings))
			}
			spoke := map[string]bool{}
			golden(t, "testdata/"+name+".txtar", func(t *testing.T, in string) string {
				result := lint.Run(lint.Options{Rules: rules.All(), Policies: set.For(policies.Request{})}, source.NewFile("in.yaml", []byte(in)))
				for _, err := range result.Failures {
					t.Error(err)
				}
				of := slices.DeleteFunc(result.Findings, func(f lint.Finding) bool { return f.Policy == "" })
				for _, f := range of {
					spoke[f.Rule.Name] = true
				}
				return linttest.Format(of)
			})
			for rule, s := range p.Rules {
				if s.Severity > lint.Off && !spoke[rule] {
					t.Errorf("no case shows rule %s", rule)
				}
			}
			for _, m := range p.Modules {
				if !spoke[m.Name] {
					t.Errorf("no case shows module %s", m.Name)
				}
			}
		})
	}
}

// TestBaselineDoesNotCryWolf lints known-good manifests: who begins with the
// baseline must not be told to change what works.
func TestBaselineDoesNotCryWolf(t *testing.T) {
	const corpus = "../../../shared/corpus"
	if _, err := os.Stat(corpus); err != nil {
		t.Skipf("reference manifests are not here: %v", err)
	}
	set := policies.NewSet([]*policies.Policy{shippedPolicy(t, "baseline")}, policies.Options{})
	linter := lint.New(lint.Options{Rules: rules.All(), Policies: set.For(policies.Request{})})
	err := filepath.WalkDir(corpus, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".yaml" {
			return err
		}
		text, err := os.ReadFile(path)
		linter.Add(source.NewFile(strings.TrimPrefix(path, corpus), text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	result := linter.Finish()
	count := map[lint.Severity]int{}
	for _, f := range result.Findings {
		if f.Policy == "" {
			continue
		}
		count[f.Severity]++
		// The one that is denied runs a Docker daemon in a privileged sidecar.
		if f.Severity == lint.Error && f.Rule.Name != "privileged" {
			t.Errorf("denies %s", f)
		}
	}
	t.Logf("of %d objects: %d denied, %d warned of, %d counted", result.Objects, count[lint.Error], count[lint.Warning], count[lint.Info])
	if count[lint.Error] > 1 || count[lint.Warning] > 5 {
		t.Errorf("%d denied and %d warned of in manifests that are good", count[lint.Error], count[lint.Warning])
	}
}
