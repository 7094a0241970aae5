package decide

import (
	"cmp"
	"slices"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// Order is the order in which the statuses of candidates are to be written: first
// what became of one, then what that makes of others, and last what is to be done
// next. Whoever is killed in between leaves nothing begun whose cause is not
// recorded, and what is missing follows from what is there.
func Order(s State, d Decision) []string {
	rank := func(name string) int {
		r := 1
		status := d.Candidates[name]
		after := &v1alpha1.Candidate{Status: status}
		var before *v1alpha1.Candidate
		for i := range s.Candidates {
			if s.Candidates[i].Name == name {
				before = &s.Candidates[i]
			}
		}
		for _, e := range status.Environments {
			switch now := state(after, e.Name); {
			case now == state(before, e.Name):
			case now == v1alpha1.Deploying:
				return 2
			case now == v1alpha1.Verifying || now == v1alpha1.Failed:
				r = 0
			}
		}
		return r
	}
	var all []string
	for name := range d.Candidates {
		all = append(all, name)
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b)) })
	return all
}

// complete records what somebody who was killed had left to record: of candidates
// that are all there, the last that was deployed is, and the others gave way.
func (p *plan) complete() {
	for i := range p.spec.Environments {
		env := &p.spec.Environments[i]
		var last *v1alpha1.Candidate
		for _, c := range p.all {
			if deployment(c, env.Name) != nil && (last == nil || later(deployment(c, env.Name), deployment(last, env.Name))) {
				last = c
			}
		}
		for _, o := range p.all {
			e := entry(o, env.Name)
			if o == last || deployment(o, env.Name) == nil {
				continue
			}
			// One that failed after that is one that never got there.
			if d := deployment(last, env.Name); e.State != v1alpha1.Failed || d.Replaced == o.Name && e.Failed != nil && !e.Failed.After(d.At.Time) {
				p.leave(o, last, env)
			}
		}
	}
}

// deployment is that of a candidate that is recorded as being there, or nil.
func deployment(c *v1alpha1.Candidate, env string) *v1alpha1.Deployment {
	switch state(c, env) {
	case v1alpha1.Verifying, v1alpha1.Verified, v1alpha1.Failed:
		return entry(c, env).Deployment
	}
	return nil
}

// later reports whether a deployment came after another one. Revisions tell it
// better than clocks, of which there may be several.
func later(a, b *v1alpha1.Deployment) bool {
	if a.Revision > 0 && b.Revision > 0 && a.Release == b.Release && a.Namespace == b.Namespace {
		return a.Revision > b.Revision
	}
	return a.At.After(b.At.Time)
}
