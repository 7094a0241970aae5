package decide

import (
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/gate"
)

// What holds beside the gates of the spec.
const (
	kindFreeze = "freeze"
	kindPin    = "pin"
	kindBusy   = "busy" // a smoke run is not cut in half
)

// next returns the candidate that is to enter an environment, or nil, and
// whether that is to go back by a pin.
func (p *plan) next(i int) (c *v1alpha1.Candidate, back bool) {
	env := &p.spec.Environments[i]
	there := p.current(env.Name)
	if env.Pin != nil {
		c := p.find(env.Pin.Candidate)
		again := c != nil && c == there && state(c, env.Name) == v1alpha1.Failed
		if c != nil && (c != there || again) && p.allowed(c, env) {
			return c, wasThere(c, env.Name)
		}
	}
	c = p.newest(i)
	if c == nil || c == there || there != nil && !newer(c, there) || !p.allowed(c, env) {
		return nil, false
	}
	return c, false
}

// wasThere reports whether a candidate was in an environment, and well there.
func wasThere(c *v1alpha1.Candidate, env string) bool {
	e := entry(c, env)
	return e != nil && e.Deployment != nil && e.Failed == nil
}

// newest returns the newest candidate that the environment before has verified.
// One that was replaced there counts as long as no newer one is verified.
func (p *plan) newest(i int) *v1alpha1.Candidate {
	for _, c := range p.all {
		if i == 0 || p.passed(i-1, c) {
			return c
		}
	}
	return nil
}

// passed reports whether an environment has verified a candidate.
func (p *plan) passed(i int, c *v1alpha1.Candidate) bool {
	e := entry(c, p.spec.Environments[i].Name)
	return e != nil && (e.State == v1alpha1.Verified || e.State == v1alpha1.Replaced && e.Verified != nil)
}

// allowed reports whether a candidate may be tried: it has not failed there, or
// a pin asked for it since.
func (p *plan) allowed(c *v1alpha1.Candidate, env *v1alpha1.Environment) bool {
	e := entry(c, env.Name)
	return e == nil || e.Failed == nil || env.Pin != nil && env.Pin.Candidate == c.Name && e.Failed.Before(&env.Pin.At)
}

// admit asks the gates before an environment and lets the candidate in if they
// are open.
func (p *plan) admit(i int, c *v1alpha1.Candidate, back bool) bool {
	env := &p.spec.Environments[i]
	at := Place{c.Name, env.Name}
	p.waiting[env.Name] = c
	e := p.make(c, env.Name)
	if e.State == "" || e.State == v1alpha1.Replaced {
		e.Message = ""
		p.set(e, v1alpha1.Waiting, "waits to enter")
	}
	p.hindrances(i, c, back)
	for _, g := range env.Gates {
		if g.Entry() && (!back || g.Lint != nil) {
			p.put(g, at, c, nil)
		}
	}
	e.Approvals = p.heeded(at)
	open := !slices.ContainsFunc(p.asked[question{at, true}], func(g v1alpha1.GateStatus) bool { return !g.Open })
	wanted := p.wantsApproval(at, e)
	p.answered(at, e, true)
	if wanted {
		p.news("approval", at, "ApprovalWanted", "%s waits for approval before %s", Short(c.Spec.Digest), env.Name)
	}
	if p.d.Needs[at] != 0 {
		return false
	}
	if p.denied(at, e, back) {
		return false
	}
	if !open || p.spec.Suspend {
		return false
	}
	if was := p.entering(env.Name); was != nil && was != c {
		p.dismiss(was, env, c)
	}
	why := "all gates are open"
	if back {
		why = "goes back, as pinned: " + env.Pin.Reason
	}
	p.enter(i, c, why)
	return true
}

// denied has a candidate be Rejected for as long as somebody denies it the
// environment. Going back is not up for approval.
func (p *plan) denied(at Place, e *v1alpha1.CandidateEnvironment, back bool) bool {
	r := p.rejected(at)
	switch {
	case r != nil && !back && e.State != v1alpha1.Proposed && e.State != v1alpha1.Deploying:
		e.Message = fmt.Sprintf("%s rejects it: %s", r.Spec.By.User, r.Spec.Reason)
		if e.State != v1alpha1.Rejected {
			p.news("hold", at, "Rejected", "%s is rejected for %s: %s", at.Candidate, at.Environment, e.Message)
		}
		p.set(e, v1alpha1.Rejected, e.Message)
		return true
	case e.State == v1alpha1.Rejected:
		e.Message = ""
		p.set(e, v1alpha1.Waiting, "it is not rejected any more")
	}
	return false
}

// hindrances notes what holds beside the gates of the spec.
func (p *plan) hindrances(i int, c *v1alpha1.Candidate, back bool) {
	env := &p.spec.Environments[i]
	at := Place{c.Name, env.Name}
	shut := func(kind, reason, format string, args ...any) {
		p.note(at, kind, kind, gate.Answer{Reason: reason, Message: fmt.Sprintf(format, args...)})
	}
	if env.Freeze != nil && !back {
		shut(kindFreeze, "Frozen", "the environment is frozen (%s); it opens when that is lifted", env.Freeze.Reason)
	}
	switch pin := env.Pin; {
	case pin == nil:
	case pin.Candidate == c.Name && !back && i > 0 && !p.passed(i-1, c):
		shut(kindPin, "NotVerified", "it was never in %s, so it has to be verified in %s first", env.Name, p.spec.Environments[i-1].Name)
	case pin.Candidate == c.Name:
	case p.find(pin.Candidate) == nil:
		shut(kindPin, "PinMissing", "the environment is pinned to %s, which is not there; it opens when the pin names another one or is taken away", pin.Candidate)
	default:
		shut(kindPin, "Pinned", "the environment is pinned to %s; it opens when the pin is taken away", pin.Candidate)
	}
	if there := p.current(env.Name); there != nil {
		if run := p.busy(there, env); run != "" {
			shut(kindBusy, "SmokeRunning", "smoke run %s is not cut in half; it opens when that is over", run)
		}
	}
}

// enter brings a candidate in: it is recorded first and acted on then.
func (p *plan) enter(i int, c *v1alpha1.Candidate, why string) {
	env := &p.spec.Environments[i]
	e := p.make(c, env.Name)
	e.Verified, e.Message, e.PullRequest = nil, "", ""
	e.HealthySince, e.Unhealthy = nil, ""
	e.Gates = slices.DeleteFunc(e.Gates, func(g v1alpha1.GateStatus) bool { return !before(g.Kind) })
	p.set(e, v1alpha1.Deploying, why)
	p.news("", Place{c.Name, env.Name}, "Deploying", "%s is deployed to %s: %s", Short(c.Spec.Digest), env.Name, why)
	delete(p.waiting, env.Name)
	p.d.More = true
	// Nothing more is begun in the environment it enters.
	p.actions = slices.DeleteFunc(p.actions, func(a Action) bool { return a.Environment == env.Name && a.Verb == Submit })
}

// givesWay reports whether a candidate that is being brought in may be dropped
// for a newer one: it waits in a pull request, or an attempt did not come through.
func (p *plan) givesWay(c *v1alpha1.Candidate, env *v1alpha1.Environment) bool {
	e := entry(c, env.Name)
	return e.State == v1alpha1.Proposed || e.Message != ""
}

// dismiss drops a candidate that was being brought in for a newer one.
func (p *plan) dismiss(c *v1alpha1.Candidate, env *v1alpha1.Environment, by *v1alpha1.Candidate) {
	e := entry(c, env.Name)
	e.Message, e.PullRequest = "", ""
	p.set(e, v1alpha1.Replaced, fmt.Sprintf("gives way to %s before it is there", Short(by.Spec.Digest)))
}

// proceed acts on an intent that is recorded.
func (p *plan) proceed(i int, c *v1alpha1.Candidate) {
	env := &p.spec.Environments[i]
	at := Place{c.Name, env.Name}
	e := entry(c, env.Name)
	if p.spec.Suspend || p.fresh(at) {
		return // it is to be recorded first
	}
	if env.Freeze != nil && e.Message != "" && !p.goingBack(c, env) {
		// What was tried in vain is not tried again; what is under way is not cut.
		p.waiting[env.Name] = c
		p.note(at, kindFreeze, kindFreeze, gate.Answer{Reason: "Frozen", Message: fmt.Sprintf(
			"the environment is frozen (%s), and was when the deployment was to be tried again; it opens when that is lifted", env.Freeze.Reason)})
		return
	}
	why := ""
	if n := len(e.History); n > 0 {
		why = e.History[n-1].Message
	}
	if p.spec.Pins == nil {
		p.act(Action{Verb: Deploy, Place: at, Why: why})
		return
	}
	if e.State == v1alpha1.Proposed {
		if again := p.Asked[at].Add(proposals); p.Now.Before(again) {
			p.at(again)
			return
		}
	}
	p.act(Action{Verb: Propose, Place: at, Why: why})
}

// goingBack reports whether a candidate that is being brought in is what the
// environment goes back to, by itself or by a pin.
func (p *plan) goingBack(c *v1alpha1.Candidate, env *v1alpha1.Environment) bool {
	if env.Pin != nil && env.Pin.Candidate == c.Name && wasThere(c, env.Name) {
		return true
	}
	there := p.current(env.Name)
	return there != nil && p.before(there, env) == c
}

// fresh reports whether the intent was decided in this very pass.
func (p *plan) fresh(at Place) bool {
	for i := range p.Candidates {
		if c := &p.Candidates[i]; c.Name == at.Candidate {
			s := state(c, at.Environment)
			return s != v1alpha1.Deploying && s != v1alpha1.Proposed
		}
	}
	return true
}

// approvals of a candidate for an environment. The name of a candidate has but
// the first digits of its digest: what was approved before the candidate was
// there was another one of that name, or nobody had seen it.
func (p *plan) approvals(at Place) (all []v1alpha1.Approval) {
	c := p.find(at.Candidate)
	for _, a := range p.Approvals {
		if c != nil && a.Spec.Decision == v1alpha1.ToApprove && a.CreationTimestamp.Before(&c.CreationTimestamp) {
			continue
		}
		if a.Spec.Promotion == p.Promotion.Name && a.Spec.Candidate == at.Candidate && a.Spec.Environment == at.Environment {
			all = append(all, a)
		}
	}
	return all
}

// standing are the decisions that count, and has it be decided anew when one
// expires.
func (p *plan) standing(at Place) []v1alpha1.Approval {
	all := p.approvals(at)
	for _, a := range all {
		if e := a.Spec.Expires; e != nil && e.After(p.Now) {
			p.at(e.Time)
		}
	}
	return gate.Standing(gate.State{Now: p.Now, Environment: at.Environment, Promotion: p.Promotion.Name, Candidate: at.Candidate, Approvals: all})
}

// rejected returns the first Approval that denies it, or nil.
func (p *plan) rejected(at Place) *v1alpha1.Approval {
	for _, a := range p.standing(at) {
		if a.Spec.Decision == v1alpha1.ToReject {
			return &a
		}
	}
	return nil
}

// heeded are the decisions that count, by name.
func (p *plan) heeded(at Place) (all []v1alpha1.ApprovalRecord) {
	for _, a := range p.standing(at) {
		all = append(all, v1alpha1.ApprovalRecord{Approval: a.Name, User: a.Spec.By.User, Decision: a.Spec.Decision,
			At: metav1.NewTime(a.CreationTimestamp.Time), Reason: a.Spec.Reason})
	}
	slices.SortFunc(all, func(a, b v1alpha1.ApprovalRecord) int { return strings.Compare(a.Approval, b.Approval) })
	return all
}

// wantsApproval reports whether from now on nothing but people hold the candidate.
func (p *plan) wantsApproval(at Place, e *v1alpha1.CandidateEnvironment) bool {
	only := func(all []v1alpha1.GateStatus) bool {
		n := 0
		for _, g := range all {
			if before(g.Kind) && !g.Open {
				if g.Kind != "approval" {
					return false
				}
				n++
			}
		}
		return n > 0
	}
	return p.d.Needs[at] == 0 && only(p.asked[question{at, true}]) && !only(e.Gates)
}

// overtake has candidates that waited for an environment wait no longer, where
// another one goes first.
func (p *plan) overtake(env *v1alpha1.Environment, next *v1alpha1.Candidate) {
	there := p.current(env.Name)
	for _, c := range p.all {
		e := entry(c, env.Name)
		if e == nil || c == next || e.State != v1alpha1.Waiting && e.State != v1alpha1.Rejected {
			continue
		}
		for _, by := range []*v1alpha1.Candidate{next, there} {
			if by != nil && newer(by, c) {
				e.Message = ""
				p.set(e, v1alpha1.Replaced, fmt.Sprintf("%s goes before it ever was there", Short(by.Spec.Digest)))
			}
		}
	}
}
