package gate

import (
	"fmt"
	"time"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// sick is how long a look at a release that is not well is good for.
const sick = time.Minute

// soak holds until the candidate ran well without interruption for a time:
//
//	since = the latest of: deployed, healthy, end of the last run that failed
//	open  = now - since >= for, and health was looked at at or after since + for
//
// Without the second condition an interruption that nobody saw would count as
// health. Again is since + for, to the second; for a release that is not well,
// a minute after the last look.
func soak(g *v1alpha1.SoakGate, s State) Answer {
	if s.Deployed.IsZero() {
		return notDeployed()
	}
	h := s.Health
	if h == nil {
		a := hold("HealthUnknown", "nobody has looked yet how it runs")
		a.Look = LookHealth
		return a
	}
	if h.Since.IsZero() {
		problem := h.Problem
		if problem == "" {
			problem = "it is not ready"
		}
		a := hold("Unhealthy", fmt.Sprintf("it is not well: %s; it soaks for %s from when it is", first(problem), g.For.Duration))
		if again := h.Looked.Add(sick); s.Now.Before(again) {
			a.Again = again
		} else {
			a.Look = LookHealth
		}
		return a
	}
	from, cause := later(s.Deployed, h.Since), "it is well since "+stamp(later(s.Deployed, h.Since))
	for _, r := range history(s) {
		if bad(r) && ended(r).After(from) {
			from, cause = ended(r), fmt.Sprintf("run %s failed at %s", r.Name, stamp(ended(r)))
		}
	}
	end := from.Add(g.For.Duration)
	if s.Now.Before(end) || h.Looked.Before(end) {
		a := hold("Soaking", fmt.Sprintf("%s, and soaks for %s, until %s", cause, g.For.Duration, stamp(end)))
		if s.Now.Before(end) {
			a.Again = end
		} else {
			a.Look = LookHealth
		}
		a.Evidence = []string{cause}
		return a
	}
	a := open("Soaked", fmt.Sprintf("it ran well for %s without interruption", g.For.Duration))
	a.Evidence = []string{cause, "looked at " + stamp(h.Looked)}
	return a
}
