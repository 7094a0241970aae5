// Package decide says what is to happen next in a promotion: a pure function of
// what was gathered, with the clock as data.
//
// The statuses of the Candidates are the truth of what is where; the status of
// the Promotion only sums them up. An intent is recorded before it is acted on:
// a candidate that is to enter an environment becomes Deploying, and only one
// that is recorded as Deploying is deployed. So a process that is killed between
// the two goes on where it was, and what it does then finds what was done.
//
// In each environment there is at most one candidate that is Deploying or
// Proposed, and at most one that is Verifying or Verified.
package decide

import (
	"cmp"
	"slices"
	"time"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/gate"
)

// A State is all that is known of a promotion.
type State struct {
	Now       time.Time
	Promotion *v1alpha1.Promotion
	// Candidates are those of the promotion, in any order. One without
	// status.latest is not complete and does not count.
	Candidates []v1alpha1.Candidate
	Approvals  []v1alpha1.Approval
	// Runs are those that are seen in an environment, by its name. What a
	// candidate has recorded of runs that are gone counts too.
	Runs map[string][]v1alpha1.RunRecord
	// Lint, Health and Metrics are what was looked at, by candidate and
	// environment. Since of Health is not heeded: it is what is recorded.
	Lint    map[Place]*gate.Lint
	Health  map[Place]*gate.Health
	Metrics map[Place]map[string]gate.Metric
	// Blind are facts that cannot be had in this pass: they are not asked for again.
	Blind map[Place]gate.Look
	// Drift is what was found in this pass, by environment.
	Drift map[string]*v1alpha1.DriftStatus
	// Asked is when it was last looked how far a proposal is.
	Asked map[Place]time.Time
	// Outcome is that of the last action, while it is not recorded.
	Outcome *Outcome
	// Faults are what is in the way in this pass, and will be tried again.
	Faults []Fault

	ask func(v1alpha1.Gate, gate.State) gate.Answer // nil is gate.Ask
}

// A Place is a candidate in an environment.
type Place struct{ Candidate, Environment string }

// An Action is the one thing to do now.
type Action struct {
	Verb Verb
	Place
	// Gate and Attempt are those of a smoke run, Run is its name.
	Gate    string
	Attempt int32
	Run     string
	// Why is a sentence for history, Events and the description of the revision.
	Why string
}

// Verb is what is to be done.
type Verb string

// The verbs, the most urgent first.
const (
	Nothing Verb = ""
	Stop    Verb = "stop"    // a smoke run that takes too long
	Submit  Verb = "submit"  // a smoke run
	Propose Verb = "propose" // bring a pin into git, or look how far that is
	Deploy  Verb = "deploy"  // also to go back
)

// An Outcome is what became of an action.
type Outcome struct {
	Action Action
	// Deployment is what was deployed, or pinned; what it replaced is for Decide
	// to say. With Failed it is what was left behind, nil if nothing was changed.
	Deployment *v1alpha1.Deployment
	// Failed is why trying again is no use, "" for what went well.
	Failed string
	// PullRequest is set while the pin waits in one.
	PullRequest string
	// Run is the smoke run that was submitted.
	Run *v1alpha1.RunRecord
}

// A Fault is in the way of something, and may be gone when it is tried again.
type Fault struct {
	// Environment is "" for one of the whole promotion, Candidate for one of all.
	Place
	// Reason is a word in CamelCase, Message a sentence without secrets.
	Reason, Message string
}

// A Decision is what is to happen, and what to write down.
type Decision struct {
	// Needs are facts to gather before anything is recorded or done; then it is
	// to be decided again.
	Needs map[Place]gate.Look
	// Action is the thing to do, after what is decided is recorded.
	Action Action
	// More is set when there is more to decide once this is recorded.
	More bool
	// Promotion and Candidates are the statuses to record; Candidates by name,
	// only those that change.
	Promotion  v1alpha1.PromotionStatus
	Candidates map[string]v1alpha1.CandidateStatus
	// Changed is set when Promotion is another than before.
	Changed bool
	// News are what is worth an Event and a notification.
	News []News
	// Again is when to decide anew if nothing happens; zero for never.
	Again time.Time
	// Drift are the environments whose drift is to be looked at now.
	Drift []Place
}

// News is something that happened.
type News struct {
	// Kind is hold, approval, promoted or rollback, or "" for what is worth an
	// Event only.
	Kind string // see Notices for what is told to people
	Place
	Reason, Message string
	// Took is how long a gate held, or how long it took from the first
	// environment to the last.
	Took time.Duration
	// Gate is the kind of the gate that opened.
	Gate string
}

// Decide says what is to happen. The same State has the same Decision, and
// deciding again on what it records, with nothing new, records nothing.
func Decide(s State) Decision {
	p := newPlan(s)
	p.complete()
	p.outcome()
	p.observe()
	for i := range p.spec.Environments {
		p.environment(i)
	}
	p.wantDrift()
	return p.decision()
}

// environment decides what is to happen in one environment.
func (p *plan) environment(i int) {
	env := &p.spec.Environments[i]
	if there := p.current(env.Name); there != nil {
		p.stay(i, there)
	}
	entering := p.entering(env.Name)
	next, back := p.next(i)
	p.overtake(env, next)
	switch {
	case entering == nil && next == nil:
		return
	case entering == nil:
		p.admit(i, next, back)
	case next == nil || next == entering || !p.givesWay(entering, env) || !p.admit(i, next, back):
		p.proceed(i, entering)
	}
}

// decision sums up.
func (p *plan) decision() Decision {
	p.sumUp()
	order := []Verb{Stop, Submit, Propose, Deploy}
	// What is nearest to the end first: prod goes back before dev goes on.
	slices.Reverse(p.actions)
	slices.SortStableFunc(p.actions, func(a, b Action) int {
		return cmp.Compare(slices.Index(order, a.Verb), slices.Index(order, b.Verb))
	})
	if len(p.actions) > 0 {
		p.d.Action = p.actions[0]
	}
	return p.d
}
