// Package concurrency limits how many runs of one workflow exist at once, as
// WorkflowPolicies ask for it.
//
// It is pure: it names the slot that a run takes, writes Argo's own locks into
// what makes runs, and decides about a run when it is told which others there
// are. Who counts them is another's business.
//
// A limit counts within a namespace: what is counted together has one Key.
package concurrency

import "github.com/tiphys-dev/tiphys/api/v1alpha1"

// A Limit is the concurrency of one policy. It is not changed once compiled.
type Limit struct {
	// Policy names the policy.
	Policy string
	// Max is how many runs may exist at once, at least 1.
	Max int
	// Per says which runs are counted together.
	Per v1alpha1.ConcurrencyKey
	// Label is the key of the label to count by, with Per label.
	Label string
	// Exceeded says what becomes of a run that is one too many: Queue or Reject.
	Exceeded v1alpha1.Exceeded
}
