package decide

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// The conditions, after kstatus; Promoted is of candidates.
const (
	Ready       = "Ready"
	Reconciling = "Reconciling"
	Stalled     = "Stalled"
	Promoted    = "Promoted"
)

// sumUp works out the statuses from what was decided.
func (p *plan) sumUp() {
	for i := range p.Candidates {
		before := &p.Candidates[i]
		c := p.find(before.Name)
		if c == nil {
			continue
		}
		p.candidate(c)
		if !equality.Semantic.DeepEqual(before.Status, c.Status) {
			p.d.Candidates[c.Name] = c.Status
		}
	}
	s := p.Promotion.Status.DeepCopy()
	s.ObservedGeneration = p.Promotion.Generation
	was := s.Environments
	s.Environments, s.Summary, s.BlockedBy, s.Next = nil, "", "", ""
	var summary []string
	for i := range p.spec.Environments {
		e := p.environmentStatus(i)
		if at := slices.IndexFunc(was, func(w v1alpha1.EnvironmentStatus) bool { return w.Name == e.Name }); at >= 0 && e.Drift == nil {
			e.Drift = was[at].Drift
		}
		summary = append(summary, strings.TrimSpace(e.Name+" "+e.Summary))
		s.Environments = append(s.Environments, e)
		if s.BlockedBy == "" && e.BlockedBy != "" {
			s.BlockedBy = e.Name + "/" + e.BlockedBy
		}
	}
	s.Summary = strings.Join(summary, ", ")
	if t := p.nextTime(); !t.IsZero() {
		s.Next = t.UTC().Format(time.RFC3339)
	}
	if at, reason, _ := p.fault(); reason != "" && !p.spec.Suspend && (at != sourceFault || s.BlockedBy == "") && at != "" {
		s.BlockedBy = at + "/" + reason
	}
	p.conditions(s)
	p.d.Promotion = *s
	p.d.Changed = !equality.Semantic.DeepEqual(&p.Promotion.Status, s)
}

// nextTime is when the first gate that holds opens by itself.
func (p *plan) nextTime() (t time.Time) {
	for _, h := range p.holds {
		if h.next != nil && (t.IsZero() || h.next.Time.Before(t)) {
			t = h.next.Time
		}
	}
	return t
}

func (p *plan) environmentStatus(i int) v1alpha1.EnvironmentStatus {
	env := &p.spec.Environments[i]
	s := v1alpha1.EnvironmentStatus{Name: env.Name, Namespace: env.Namespace, Drift: p.Drift[env.Name]}
	c := p.entering(env.Name)
	if c == nil {
		c = p.current(env.Name)
	}
	if c != nil {
		e := entry(c, env.Name)
		s.Candidate, s.Digest, s.State = c.Name, c.Spec.Digest, e.State
		s.Summary = Short(c.Spec.Digest) + " " + string(e.State)
		if e.Deployment != nil {
			s.Namespace = e.Deployment.Namespace
		}
	}
	if w := p.waiting[env.Name]; w != nil {
		s.Next = w.Name
	}
	s.BlockedBy = p.blockedBy(env, c)
	return s
}

// blockedBy is the first thing that holds in an environment: before it, or in it.
func (p *plan) blockedBy(env *v1alpha1.Environment, there *v1alpha1.Candidate) string {
	if w := p.waiting[env.Name]; w != nil {
		if state(w, env.Name) == v1alpha1.Rejected {
			return "approval"
		}
		if g := p.shut(Place{w.Name, env.Name}, true); g != "" {
			return g
		}
	}
	if there == nil {
		return ""
	}
	if g := p.shut(Place{there.Name, env.Name}, false); g != "" {
		return g
	}
	if c := p.failed(env); c != nil {
		return "deployment"
	}
	return ""
}

func (p *plan) shut(at Place, enter bool) string {
	for _, g := range p.asked[question{at, enter}] {
		if !g.Open {
			return g.Name
		}
	}
	return ""
}

// failed returns the candidate whose failure holds an environment: the one that
// is there, or that could not go there and would be next. nil for none.
func (p *plan) failed(env *v1alpha1.Environment) *v1alpha1.Candidate {
	i := p.index(env.Name)
	for _, c := range []*v1alpha1.Candidate{p.current(env.Name), p.newest(i)} {
		e := entry(c, env.Name)
		if e != nil && e.Failed != nil && !p.allowed(c, env) && (e.State == v1alpha1.Failed || e.State == v1alpha1.RolledBack) &&
			(e.State == v1alpha1.Failed || p.entering(env.Name) == nil) {
			return c
		}
	}
	return nil
}

// conditions sums up what is wrong, what is being done, and what holds.
func (p *plan) conditions(s *v1alpha1.PromotionStatus) {
	ready := metav1.Condition{Type: Ready, Status: metav1.ConditionTrue, Reason: "Settled", Message: "nothing is to be done"}
	reconciling := metav1.Condition{Type: Reconciling, Status: metav1.ConditionFalse, Reason: "Settled", Message: ready.Message}
	stalled := metav1.Condition{Type: Stalled, Status: metav1.ConditionFalse, Reason: "Nothing", Message: "nothing waits for somebody to mend it"}
	if len(p.holds) > 0 {
		h := p.holds[0]
		ready.Reason, ready.Message = "Held", fmt.Sprintf("%s/%s: %s", h.Environment, h.gate, h.message)
	}
	if doing := p.doing(); doing != "" {
		reconciling.Status, reconciling.Reason, reconciling.Message = metav1.ConditionTrue, "Progressing", doing
		ready.Status, ready.Reason, ready.Message = metav1.ConditionFalse, "Progressing", doing
	}
	switch _, reason, message := p.fault(); {
	case reason == "PackageRejected" || reason == "SourceWrong":
		stalled.Status, stalled.Reason, stalled.Message = metav1.ConditionTrue, reason, message
		ready.Status, ready.Reason, ready.Message = metav1.ConditionFalse, reason, message
	case reason != "":
		reconciling.Status, reconciling.Reason, reconciling.Message = metav1.ConditionTrue, reason, message
		ready.Status, ready.Reason, ready.Message = metav1.ConditionFalse, reason, message
	}
	if message := p.stalled(); message != "" {
		stalled.Status, stalled.Reason, stalled.Message = metav1.ConditionTrue, "Failed", message
		ready.Status, ready.Reason, ready.Message = metav1.ConditionFalse, "Failed", message
	}
	if p.spec.Suspend {
		ready.Status, ready.Reason, ready.Message = metav1.ConditionFalse, "Suspended", "spec.suspend is set: nothing is done, and what runs keeps running"
		reconciling.Status, reconciling.Reason, reconciling.Message = metav1.ConditionFalse, "Suspended", ready.Message
	}
	all := []metav1.Condition{ready, reconciling, stalled}
	for i := range p.spec.Environments {
		env := p.spec.Environments[i].Name
		all = append(all, p.gateConditions(p.waiting[env], env, true)...)
		if c := p.current(env); c != nil {
			all = append(all, p.gateConditions(c, env, false)...)
		}
	}
	s.Conditions = p.merge(s.Conditions, all, p.Promotion.Generation)
}

// doing says what is being done, "" for nothing.
func (p *plan) doing() string {
	var all []string
	for i := range p.spec.Environments {
		env := p.spec.Environments[i].Name
		if c := p.entering(env); c != nil {
			verb := "is deployed to"
			if state(c, env) == v1alpha1.Proposed {
				verb = "is proposed for"
			}
			all = append(all, fmt.Sprintf("%s %s %s", Short(c.Spec.Digest), verb, env))
		}
		if c := p.current(env); state(c, env) == v1alpha1.Verifying {
			all = append(all, fmt.Sprintf("%s is verified in %s", Short(c.Spec.Digest), env))
		}
	}
	return strings.Join(all, ", ")
}

// sourceFault stands in place of the environment in a fault of the source. What
// holds in an environment goes before it: what is on its way needs no source.
const sourceFault = "source"

// fault is what is in the way, "" for nothing, and in which environment. One of
// an attempt counts until the next attempt went well.
func (p *plan) fault() (at, reason, message string) {
	if len(p.Faults) > 0 {
		return p.Faults[0].Environment, p.Faults[0].Reason, p.Faults[0].Message
	}
	for i := range p.spec.Environments {
		env := p.spec.Environments[i].Name
		c := p.entering(env)
		if e := entry(c, env); e != nil && e.Message != "" {
			if p.shut(Place{c.Name, env}, true) == kindFreeze {
				continue // it is not tried
			}
			for _, kind := range []string{Ready, Reconciling} { // Ready may tell of another environment
				if was := meta.FindStatusCondition(p.Promotion.Status.Conditions, kind); was != nil && was.Message == e.Message {
					return env, was.Reason, e.Message
				}
			}
			return env, "Retrying", e.Message
		}
	}
	if s := p.Promotion.Status.Source; s != nil && s.Problem != "" {
		return sourceFault, s.Reason, s.Problem
	}
	return "", "", ""
}

// stalled says what waits for somebody to mend it.
func (p *plan) stalled() string {
	for i := range p.spec.Environments {
		env := &p.spec.Environments[i]
		if c := p.failed(env); c != nil && p.before(c, env) == nil {
			e := entry(c, env.Name)
			how := fmt.Sprintf("a newer candidate goes on; to have it tried again: tiphys promote %s --to %s --candidate %s", p.Promotion.Name, env.Name, c.Name)
			if env.Pin != nil && env.Pin.Candidate == c.Name {
				how = fmt.Sprintf("its pin is of %s, and it failed at %s: pin it again to have it tried", env.Pin.At.UTC().Format(time.RFC3339), e.Failed.UTC().Format(time.RFC3339))
			}
			return fmt.Sprintf("%s failed in %s: %s; %s", Short(c.Spec.Digest), env.Name, e.Message, how)
		}
		if pin := env.Pin; pin != nil && p.find(pin.Candidate) == nil {
			return fmt.Sprintf("%s is pinned to %s, which is not there", env.Name, pin.Candidate)
		}
	}
	return ""
}

// gateConditions are ENVIRONMENT/GATE for what was asked of a candidate.
func (p *plan) gateConditions(c *v1alpha1.Candidate, env string, enter bool) (all []metav1.Condition) {
	if c == nil {
		return nil
	}
	for _, g := range p.asked[question{Place{c.Name, env}, enter}] {
		one := metav1.Condition{Type: env + "/" + g.Name, Status: metav1.ConditionFalse, Reason: g.Reason, Message: Short(c.Spec.Digest) + ": " + g.Message}
		if g.Open {
			one.Status = metav1.ConditionTrue
		}
		all = append(all, one)
	}
	return all
}

// merge returns the conditions in their order, those that did not change with
// the time that they had.
func (p *plan) merge(was, all []metav1.Condition, generation int64) []metav1.Condition {
	seen := map[string]bool{}
	out := all[:0]
	for _, c := range all {
		if seen[c.Type] {
			continue
		}
		seen[c.Type] = true
		c.ObservedGeneration, c.LastTransitionTime = generation, p.now
		if w := meta.FindStatusCondition(was, c.Type); w != nil && w.Status == c.Status {
			c.LastTransitionTime = w.LastTransitionTime
		}
		out = append(out, c)
	}
	return out
}

// candidate sums up how far a candidate is.
func (p *plan) candidate(c *v1alpha1.Candidate) {
	s := &c.Status
	s.Reached, s.State, s.BlockedBy = "", "", ""
	var gates []metav1.Condition
	for i := range p.spec.Environments {
		env := p.spec.Environments[i].Name
		e := entry(c, env)
		if e == nil {
			continue
		}
		if p.waiting[env] == c {
			gates = append(gates, p.gateConditions(c, env, true)...)
			if g := p.shut(Place{c.Name, env}, true); g != "" && s.BlockedBy == "" {
				s.BlockedBy = env + "/" + g
			}
		}
		if p.current(env) == c {
			gates = append(gates, p.gateConditions(c, env, false)...)
			if g := p.shut(Place{c.Name, env}, false); g != "" && s.BlockedBy == "" {
				s.BlockedBy = env + "/" + g
			}
		}
		if s.Reached == "" || e.State != v1alpha1.Waiting && (e.State != v1alpha1.Replaced || e.Deployment != nil) {
			s.Reached, s.State = env, e.State
		}
	}
	s.Conditions = p.merge(s.Conditions, append(p.candidateConditions(c), gates...), c.Generation)
}

func (p *plan) candidateConditions(c *v1alpha1.Candidate) []metav1.Condition {
	last := p.spec.Environments[len(p.spec.Environments)-1].Name
	promoted := metav1.Condition{Type: Promoted, Status: metav1.ConditionFalse, Reason: "UnderWay", Message: "it is not verified in " + last}
	ready := metav1.Condition{Type: Ready, Status: metav1.ConditionTrue, Reason: "Settled", Message: "nothing is to be done"}
	reconciling := metav1.Condition{Type: Reconciling, Status: metav1.ConditionFalse, Reason: "Settled", Message: ready.Message}
	stalled := metav1.Condition{Type: Stalled, Status: metav1.ConditionFalse, Reason: "Nothing", Message: "nothing waits for somebody to mend it"}
	if e := entry(c, last); e != nil && e.Verified != nil {
		promoted.Status, promoted.Reason, promoted.Message = metav1.ConditionTrue, "Verified", "it is verified in "+last
	}
	for _, e := range c.Status.Environments {
		switch e.State {
		case v1alpha1.Deploying, v1alpha1.Proposed, v1alpha1.Verifying:
			reconciling.Status, reconciling.Reason, reconciling.Message = metav1.ConditionTrue, string(e.State), e.Name+": "+strings.ToLower(string(e.State))
			ready.Status, ready.Reason, ready.Message = metav1.ConditionFalse, string(e.State), reconciling.Message
		case v1alpha1.Failed, v1alpha1.RolledBack, v1alpha1.Rejected:
			stalled.Status, stalled.Reason, stalled.Message = metav1.ConditionTrue, string(e.State), e.Name+": "+e.Message
			ready.Status, ready.Reason, ready.Message = metav1.ConditionFalse, string(e.State), stalled.Message
		}
	}
	return []metav1.Condition{promoted, ready, reconciling, stalled}
}

// oftenestDrift is how often drift is looked for at most: all of a release is
// sent to the API server each time.
const oftenestDrift = time.Minute

// wantDrift tells which releases are to be compared with what was deployed.
func (p *plan) wantDrift() {
	if p.spec.Suspend || p.spec.Pins != nil {
		return
	}
	for i := range p.spec.Environments {
		env := &p.spec.Environments[i]
		c := p.current(env.Name)
		e := entry(c, env.Name)
		if env.Drift == nil || env.Drift.Interval.Duration <= 0 || p.entering(env.Name) != nil ||
			e == nil || e.State != v1alpha1.Verifying && e.State != v1alpha1.Verified {
			continue
		}
		looked := e.Deployment.At.Time
		for _, s := range p.Promotion.Status.Environments {
			if s.Name == env.Name && s.Drift != nil && s.Drift.Looked.After(looked) {
				looked = s.Drift.Looked.Time
			}
		}
		if d := p.Drift[env.Name]; d != nil {
			looked = d.Looked.Time
		}
		if again := looked.Add(max(env.Drift.Interval.Duration, oftenestDrift)); p.Now.Before(again) {
			p.at(again)
		} else {
			p.d.Drift = append(p.d.Drift, Place{c.Name, env.Name})
		}
	}
}
