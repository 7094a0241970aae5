package decide

import (
	"slices"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// InUse are the names of the candidates that must be kept: those that are in an
// environment, wait for one, or are what one would go back to.
func InUse(s State) map[string]bool {
	p := newPlan(s)
	keep := map[string]bool{}
	for i := range p.spec.Environments {
		env := &p.spec.Environments[i]
		if env.Pin != nil {
			keep[env.Pin.Candidate] = true
		}
		for _, c := range []*v1alpha1.Candidate{p.current(env.Name), p.entering(env.Name), p.newest(i)} {
			if c == nil {
				continue
			}
			keep[c.Name] = true
			if e := entry(c, env.Name); e != nil && e.Deployment != nil && e.Deployment.Replaced != "" {
				keep[e.Deployment.Replaced] = true
			}
		}
		next, _ := p.next(i)
		if next != nil {
			keep[next.Name] = true
		}
	}
	return keep
}

// Surplus are the candidates that may go, oldest first: those beyond the limit
// that nothing needs.
func Surplus(s State) (all []string) {
	p := newPlan(s)
	keep := InUse(s)
	limit := int(p.spec.HistoryLimit)
	if limit <= 0 {
		limit = 10
	}
	kept := 0
	for _, c := range p.all {
		if keep[c.Name] {
			continue
		}
		if kept++; kept > limit {
			all = append(all, c.Name)
		}
	}
	slices.Reverse(all)
	return all
}
