package decide

import (
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/gate"
)

// Bounds of what is recorded.
const (
	mostHistory = 20
	mostRuns    = 40
)

// A plan is a Decision in the making.
type plan struct {
	State
	spec *v1alpha1.PromotionSpec
	// all are copies of the candidates that count, the newest first.
	all     []*v1alpha1.Candidate
	now     metav1.Time
	d       Decision
	actions []Action
	// waiting is what waits for an environment, by its name.
	waiting map[string]*v1alpha1.Candidate
	// holds are the first gates that hold, in the order of environments.
	holds []hold
	asked map[question][]v1alpha1.GateStatus
}

// A question is what gates are asked: whether a candidate may enter an
// environment, or else whether it may leave it.
type question struct {
	Place
	enter bool
}

// A hold is a gate that holds.
type hold struct {
	Place
	gate    string
	message string
	next    *metav1.Time
}

func newPlan(s State) *plan {
	p := &plan{
		State: s, spec: &s.Promotion.Spec, now: stamp(s.Now),
		waiting: map[string]*v1alpha1.Candidate{}, asked: map[question][]v1alpha1.GateStatus{},
		d: Decision{Needs: map[Place]gate.Look{}, Candidates: map[string]v1alpha1.CandidateStatus{}},
	}
	if p.ask == nil {
		p.ask = gate.Ask
	}
	p.Faults = slices.Clone(s.Faults)
	for i := range p.Faults {
		p.Faults[i].Message = Brief(p.Faults[i].Message)
	}
	if s.Outcome != nil {
		o := *s.Outcome
		o.Failed = Brief(o.Failed)
		p.Outcome = &o
	}
	for i := range s.Candidates {
		if s.Candidates[i].Status.Latest != nil {
			p.all = append(p.all, s.Candidates[i].DeepCopy())
		}
	}
	slices.SortFunc(p.all, func(a, b *v1alpha1.Candidate) int {
		if c := b.Status.Latest.Compare(a.Status.Latest.Time); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
	return p
}

// stamp is a time as it is recorded.
func stamp(t time.Time) metav1.Time { return metav1.NewTime(t).Rfc3339Copy() }

// after is the first time that can be recorded and is not before t.
func after(t time.Time) metav1.Time {
	if s := stamp(t); !s.Time.Before(t) {
		return s
	}
	return stamp(t.Add(time.Second))
}

func (p *plan) find(name string) *v1alpha1.Candidate {
	for _, c := range p.all {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// entry returns what happened to a candidate in an environment, nil for nothing.
func entry(c *v1alpha1.Candidate, env string) *v1alpha1.CandidateEnvironment {
	if c == nil {
		return nil
	}
	for i := range c.Status.Environments {
		if c.Status.Environments[i].Name == env {
			return &c.Status.Environments[i]
		}
	}
	return nil
}

// make returns the entry, made if need be, in the order of environments. What
// was returned before must not be used any more.
func (p *plan) make(c *v1alpha1.Candidate, env string) *v1alpha1.CandidateEnvironment {
	if e := entry(c, env); e != nil {
		return e
	}
	at := len(c.Status.Environments)
	for i := range c.Status.Environments {
		if p.index(c.Status.Environments[i].Name) > p.index(env) {
			at = i
			break
		}
	}
	c.Status.Environments = slices.Insert(c.Status.Environments, at, v1alpha1.CandidateEnvironment{Name: env})
	return &c.Status.Environments[at]
}

// index is the place of an environment in the order of promotion; one that is
// no longer in it comes first.
func (p *plan) index(env string) int {
	return slices.IndexFunc(p.spec.Environments, func(e v1alpha1.Environment) bool { return e.Name == env })
}

// state of a candidate in an environment, "" where it never was.
func state(c *v1alpha1.Candidate, env string) v1alpha1.State {
	if e := entry(c, env); e != nil {
		return e.State
	}
	return ""
}

// entering returns the candidate that is being brought in, or nil.
func (p *plan) entering(env string) *v1alpha1.Candidate {
	for _, c := range p.all {
		if s := state(c, env); s == v1alpha1.Deploying || s == v1alpha1.Proposed {
			return c
		}
	}
	return nil
}

// current returns the candidate that is there, or nil. One that failed counts
// while nothing that works is there.
func (p *plan) current(env string) *v1alpha1.Candidate {
	var failed *v1alpha1.Candidate
	for _, c := range p.all {
		switch e := entry(c, env); state(c, env) {
		case v1alpha1.Verifying, v1alpha1.Verified:
			return c
		case v1alpha1.Failed:
			if f := entry(failed, env); f == nil || rank(e) > rank(f) {
				failed = c
			}
		}
	}
	return failed
}

// rank tells of candidates that failed which one is there: one that was
// deployed, and the last one.
func rank(e *v1alpha1.CandidateEnvironment) int64 {
	r := int64(0)
	if e.Failed != nil {
		r = e.Failed.Unix()
	}
	if e.Deployment != nil {
		r += 1 << 40
	}
	return r
}

// set brings an entry into a state.
func (p *plan) set(e *v1alpha1.CandidateEnvironment, s v1alpha1.State, why string) {
	if e.State == s {
		return
	}
	e.State, e.Since = s, p.now
	p.history(e, string(s), why)
}

func (p *plan) history(e *v1alpha1.CandidateEnvironment, reason, message string) {
	e.History = append(e.History, v1alpha1.HistoryEntry{At: p.now, Reason: reason, Message: message})
	if n := len(e.History) - mostHistory; n > 0 {
		e.History = slices.Delete(e.History, 0, n)
	}
}

// at has the next decision be made at t at the latest.
func (p *plan) at(t time.Time) {
	if !t.IsZero() && (p.d.Again.IsZero() || t.Before(p.d.Again)) {
		p.d.Again = t
	}
}

func (p *plan) news(kind string, at Place, reason, format string, args ...any) {
	p.d.News = append(p.d.News, News{Kind: kind, Place: at, Reason: reason, Message: fmt.Sprintf(format, args...)})
}

// Short is the digest of a candidate as people read it.
func Short(digest string) string {
	_, hex, _ := strings.Cut(digest, ":")
	return hex[:min(7, len(hex))]
}

func newer(a, b *v1alpha1.Candidate) bool { return a.Status.Latest.After(b.Status.Latest.Time) }
