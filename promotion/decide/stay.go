package decide

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/gate"
)

// How often the health of a release is looked at while a gate goes by it: when
// it soaks, and when it did and waits to move on.
const (
	soaking = time.Minute
	soaked  = 5 * time.Minute
)

// stay decides what becomes of the candidate that is in an environment.
func (p *plan) stay(i int, c *v1alpha1.Candidate) {
	env := &p.spec.Environments[i]
	e := entry(c, env.Name)
	if e.State == v1alpha1.Failed {
		p.keep(c, env)
		p.goBack(i, c)
		return
	}
	if e.State == v1alpha1.Verified && p.movedOn(i, c) {
		p.keep(c, env)
		return // its gates have done what they are for
	}
	at := Place{c.Name, env.Name}
	open, failed := true, ""
	for _, g := range env.Gates {
		if g.Entry() {
			continue
		}
		a := p.put(g, at, c, e)
		open = open && a.Open
		if a.Failed && failed == "" {
			failed = fmt.Sprintf("gate %s: %s", g.ID(), Brief(a.Message))
		}
		if p.spec.Suspend {
			continue
		}
		if a.Stop != "" {
			p.act(Action{Verb: Stop, Place: at, Gate: g.ID(), Run: a.Stop, Why: fmt.Sprintf("smoke run %s takes too long", a.Stop)})
		}
		if a.Submit > 0 && failed == "" && p.entering(env.Name) == nil {
			p.act(Action{Verb: Submit, Place: at, Gate: g.ID(), Attempt: a.Submit, Run: RunName(c, env.Name, g.ID(), a.Submit),
				Why: fmt.Sprintf("attempt %d of smoke test %s", a.Submit, g.ID())})
		}
	}
	p.answered(at, e, false)
	if p.d.Needs[at] != 0 {
		return
	}
	switch {
	case failed != "":
		p.fail(c, e, failed)
		p.goBack(i, c)
	case open && e.State == v1alpha1.Verifying:
		p.verified(i, c, e)
	case !open && e.State == v1alpha1.Verified:
		e.Verified = nil
		p.set(e, v1alpha1.Verifying, "a gate that was open is shut again: "+p.firstShut(at))
		p.news("hold", at, "TakenBack", "%s may not move on from %s any more: %s", Short(c.Spec.Digest), env.Name, p.firstShut(at))
	}
}

func (p *plan) act(a Action) { p.actions = append(p.actions, a) }

// movedOn reports whether nothing waits for what the gates of a candidate say:
// it is in the next environment, or has come to the end.
func (p *plan) movedOn(i int, c *v1alpha1.Candidate) bool {
	if i+1 == len(p.spec.Environments) {
		return true
	}
	switch state(c, p.spec.Environments[i+1].Name) {
	case "", v1alpha1.Waiting, v1alpha1.Rejected, v1alpha1.Replaced:
		return false
	}
	return true
}

func (p *plan) verified(i int, c *v1alpha1.Candidate, e *v1alpha1.CandidateEnvironment) {
	e.Verified = &p.now
	e.Message = ""
	p.set(e, v1alpha1.Verified, "all gates are open")
	n := News{Kind: "promoted", Place: Place{c.Name, e.Name}, Reason: "Verified", Message: fmt.Sprintf("%s is verified in %s", Short(c.Spec.Digest), e.Name)}
	if first := entry(c, p.spec.Environments[0].Name); i > 0 && i+1 == len(p.spec.Environments) && first != nil && first.Deployment != nil {
		n.Took = p.Now.Sub(first.Deployment.At.Time)
	}
	p.d.News = append(p.d.News, n)
}

func (p *plan) fail(c *v1alpha1.Candidate, e *v1alpha1.CandidateEnvironment, why string) {
	e.Verified, e.Failed, e.Message = nil, &p.now, why
	p.set(e, v1alpha1.Failed, why)
	p.holds = slices.DeleteFunc(p.holds, func(h hold) bool { return h.Place == Place{c.Name, e.Name} })
	p.news("hold", Place{c.Name, e.Name}, "Failed", "%s failed in %s: %s", Short(c.Spec.Digest), e.Name, why)
}

// goBack has the environment go back from a candidate that failed, where that is
// asked for. It goes one step: where what was gone back to fails too, something
// else is broken.
func (p *plan) goBack(i int, c *v1alpha1.Candidate) {
	env := &p.spec.Environments[i]
	to := p.before(c, env)
	if to == nil || p.spec.Suspend || p.entering(env.Name) != nil || p.busy(c, env) != "" {
		return
	}
	p.enter(i, to, fmt.Sprintf("goes back, as %s failed: %s", Short(c.Spec.Digest), entry(c, env.Name).Message))
}

// before is what is to be gone back to from a candidate that failed, or nil.
func (p *plan) before(c *v1alpha1.Candidate, env *v1alpha1.Environment) *v1alpha1.Candidate {
	e := entry(c, env.Name)
	if env.OnFailure != v1alpha1.Rollback || e == nil || e.State != v1alpha1.Failed || e.Deployment == nil {
		return nil
	}
	to := p.find(e.Deployment.Replaced)
	if to == c || !wasThere(to, env.Name) {
		return nil
	}
	return to
}

// busy is the smoke run that is under way in an environment, "" for none. One
// that has had its time is none.
func (p *plan) busy(c *v1alpha1.Candidate, env *v1alpha1.Environment) string {
	e := entry(c, env.Name)
	if e == nil || e.Deployment == nil {
		return ""
	}
	for _, r := range e.Runs {
		if r.Gate == "" || over(&r) || r.Stopping || r.Created.Time.Before(e.Deployment.At.Time) {
			continue
		}
		for _, g := range env.Gates {
			if g.Smoke != nil && g.ID() == r.Gate && p.Now.Before(r.Created.Add(smokeTimeout(g.Smoke))) {
				p.at(r.Created.Add(smokeTimeout(g.Smoke)))
				return r.Name
			}
		}
	}
	return ""
}

func smokeTimeout(g *v1alpha1.SmokeGate) time.Duration {
	return cmp.Or(max(0, g.Timeout.Duration), 15*time.Minute)
}

func over(r *v1alpha1.RunRecord) bool {
	return r.Phase == "Succeeded" || r.Phase == "Failed" || r.Phase == "Error"
}

// put asks a gate and notes the answer.
func (p *plan) put(g v1alpha1.Gate, at Place, c *v1alpha1.Candidate, e *v1alpha1.CandidateEnvironment) gate.Answer {
	s := gate.State{
		Now: p.Now, Environment: at.Environment, Promotion: p.Promotion.Name, Candidate: c.Name, Author: c.Spec.Author,
		Lint: p.Lint[at], Approvals: p.approvals(at), Metrics: p.Metrics[at],
	}
	if e != nil && !g.Entry() {
		s.Runs, s.Health = e.Runs, p.health(at, e)
		if e.Deployment != nil {
			s.Deployed, s.Revision = e.Deployment.At.Time, e.Deployment.Revision
		}
	}
	a := p.ask(g, s)
	look := a.Look
	if g.Soak != nil && s.Health != nil && look == 0 {
		every := soaking
		if a.Open {
			every = soaked
		}
		if again := s.Health.Looked.Add(every); p.Now.Before(again) {
			p.at(again)
		} else {
			look |= gate.LookHealth
		}
	}
	if look &^= p.Blind[at]; look != 0 {
		p.d.Needs[at] |= look
	}
	if !a.Again.IsZero() && a.Again.After(p.Now) {
		p.at(a.Again)
	}
	p.note(at, g.ID(), g.Kind(), a)
	return a
}

// health is what is known of a release.
func (p *plan) health(at Place, e *v1alpha1.CandidateEnvironment) *gate.Health {
	h := gate.Health{Problem: e.Unhealthy}
	if e.HealthySince != nil {
		h.Since = e.HealthySince.Time
	}
	if seen := p.Health[at]; seen != nil {
		h.Looked = seen.Looked
	} else if e.HealthySince == nil && e.Unhealthy == "" {
		return nil
	}
	return &h
}

// note keeps an answer.
func (p *plan) note(at Place, id, kind string, a gate.Answer) {
	g := v1alpha1.GateStatus{Name: id, Kind: kind, Open: a.Open, Failed: a.Failed, Reason: a.Reason, Message: Brief(a.Message), Evidence: briefs(a.Evidence), Since: p.now}
	if a.Again.After(p.Now) && !a.Open && kind != "metric" {
		t := after(a.Again)
		g.Next = &t
	}
	q := question{at, before(kind)}
	p.asked[q] = append(p.asked[q], g)
}

// keep has the conditions tell what was answered last of gates that are not
// asked any more.
func (p *plan) keep(c *v1alpha1.Candidate, env *v1alpha1.Environment) {
	at := Place{c.Name, env.Name}
	for _, g := range entry(c, env.Name).Gates {
		if i := slices.IndexFunc(env.Gates, func(x v1alpha1.Gate) bool { return x.ID() == g.Name }); i >= 0 && !env.Gates[i].Entry() {
			q := question{Place: at}
			p.asked[q] = append(p.asked[q], g)
		}
	}
}

// answered records what was asked in the entry: of gates before entering, or of
// those there. Answers of the others stay.
func (p *plan) answered(at Place, e *v1alpha1.CandidateEnvironment, entering bool) {
	var all []v1alpha1.GateStatus
	for _, g := range e.Gates {
		if before(g.Kind) != entering {
			all = append(all, g)
		}
	}
	asked := p.asked[question{at, entering}]
	for i := range asked {
		g := &asked[i]
		if was := slices.IndexFunc(e.Gates, func(w v1alpha1.GateStatus) bool { return w.Name == g.Name }); was >= 0 {
			w := e.Gates[was]
			if w.Open == g.Open && w.Failed == g.Failed {
				g.Since = w.Since
			} else if g.Open {
				p.d.News = append(p.d.News, News{Place: at, Reason: "GateOpened", Gate: g.Kind, Took: p.Now.Sub(w.Since.Time),
					Message: fmt.Sprintf("gate %s/%s opens: %s", at.Environment, g.Name, g.Message)})
			}
		}
		if !g.Open {
			p.holds = append(p.holds, hold{at, g.Name, g.Message, g.Next})
		}
		all = append(all, *g)
	}
	e.Gates = all
}

// before tells the kinds of gates that are asked before a candidate enters; the
// last three are no gates of the spec.
func before(kind string) bool {
	switch kind {
	case "lint", "approval", "window", kindFreeze, kindPin, kindBusy:
		return true
	}
	return false
}

func (p *plan) firstShut(at Place) string {
	for _, g := range p.asked[question{Place: at}] {
		if !g.Open {
			return g.Name + ": " + g.Message
		}
	}
	return "none"
}
