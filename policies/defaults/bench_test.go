package defaults_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/policies/defaults"
	"github.com/tiphys-dev/tiphys/policies/mutate"
)

// spread returns options with limits of so many resources as defaults, shared
// out among policies.
func spread(t testing.TB, limits, policies int) lint.Options {
	var all []*defaults.Defaults
	for p := range policies {
		var b strings.Builder
		for l := p; l < limits; l += policies {
			fmt.Fprintf(&b, "x.io/r%d: 1, ", l)
		}
		d, problems := defaults.Compile(fmt.Sprintf("p%03d", p), parse(nil, "{containers: {resources: {limits: {"+b.String()+"}}}}").Root)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		all = append(all, d)
	}
	return lint.Options{Policies: always{&lint.Terms{Extra: defaults.Extras(all...)}}}
}

// containers returns a Workflow of so many containers.
func containers(n int) *manifest.Document {
	return parse(nil, "kind: Workflow\nspec:\n  templates:\n"+strings.Repeat("  - {name: a, container: {image: x}}\n", n))
}

// BenchmarkPolicies has as many defaults as policies: the time for each default of
// each container must not grow with them.
func BenchmarkPolicies(b *testing.B) {
	const n = 250
	doc := containers(n)
	for _, policies := range []int{1, 10, 100} {
		b.Run(fmt.Sprint(policies), func(b *testing.B) {
			o := spread(b, policies, policies)
			for b.Loop() {
				if r, err := mutate.Apply(o, doc); err != nil || len(r.Done) != n*policies {
					b.Fatalf("%d defaults: %v", len(r.Done), err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n*policies), "ns/default")
		})
	}
}

// TestManyPoliciesAreReadOnce counts what is made in memory, which tells of the
// work that is done and is the same on any machine.
func TestManyPoliciesAreReadOnce(t *testing.T) {
	const limits = 100
	doc := containers(50)
	made := func(policies int) float64 {
		o := spread(t, limits, policies)
		return testing.AllocsPerRun(1, func() {
			if _, err := mutate.Apply(o, doc); err != nil {
				t.Fatal(err)
			}
		})
	}
	if one, many := made(1), made(limits); many > 10*one {
		t.Errorf("%d defaults take %.0f allocations as those of one policy, and %.0f as those of %d", limits, one, many, limits)
	}
}
