// Package decide says what is to happen next in a promotion: a pure function of
// what was gathered, with the clock as data.
package decide

import (
	"time"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/gate"
)

// A State is all that is known of a promotion.
type State struct {
	Now       time.Time
	Promotion *v1alpha1.Promotion
	// Candidates are those of the promotion, in any order.
	Candidates []v1alpha1.Candidate
	Approvals  []v1alpha1.Approval
	// Runs are those that are seen in an environment, by its name. What a
	// candidate has recorded of runs that are gone counts too.
	Runs map[string][]v1alpha1.RunRecord
	// Lint, Health and Metrics are what was looked at in this pass, by candidate
	// and environment.
	Lint    map[Place]*gate.Lint
	Health  map[Place]*gate.Health
	Metrics map[Place]map[string]gate.Metric
}

// A Place is a candidate in an environment.
type Place struct{ Candidate, Environment string }

// An Action is the one thing to do now.
type Action struct {
	Verb Verb
	Place
	// Gate and Attempt are those of a smoke run, Run the one to stop.
	Gate    string
	Attempt int32
	Run     string
	// Why is a sentence for history, Events and the description of the revision.
	Why string
}

// Verb is what is to be done.
type Verb string

// The verbs.
const (
	Nothing Verb = ""
	Deploy  Verb = "deploy"  // also to go back
	Submit  Verb = "submit"  // a smoke run
	Stop    Verb = "stop"    // a smoke run that takes too long
	Propose Verb = "propose" // commit a pin
	LookAt  Verb = "look"    // gather facts, see Needs
)

// A Decision is what is to happen, and what to write down.
type Decision struct {
	Action Action
	// Needs are facts to gather before anything can be decided of a place.
	Needs map[Place]gate.Look
	// Promotion and Candidates are the statuses to record; Candidates by name,
	// only those that change.
	Promotion  v1alpha1.PromotionStatus
	Candidates map[string]v1alpha1.CandidateStatus
	// News are what is worth an Event and a notification.
	News []News
	// Again is when to decide anew if nothing happens; zero for never.
	Again time.Time
}

// News is something that happened.
type News struct {
	// Kind is hold, approval, promoted or rollback.
	Kind string
	Place
	Reason, Message string
}
