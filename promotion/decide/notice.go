package decide

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// The kinds of notices.
const (
	OfHold     = "hold"
	OfApproval = "approval"
	OfPromoted = "promoted"
	OfRollback = "rollback"
)

// A Notice is something that people are to be told of a candidate. It follows
// from what is recorded, and its Key tells it from others of its kind: so it can
// be told until that it was told is recorded too.
type Notice struct {
	Kind, Environment, Key, Message string
	// At is when it happened.
	At time.Time
}

// Notices are what is to be told of a candidate and was not.
func Notices(c *v1alpha1.Candidate) (all []Notice) {
	for i := range c.Status.Environments {
		e := &c.Status.Environments[i]
		kind, at, message := notice(e)
		if kind == "" {
			continue
		}
		n := Notice{Kind: kind, Environment: e.Name, At: at, Key: kind + "@" + at.UTC().Format(time.RFC3339),
			Message: fmt.Sprintf("%s %s (%s) %s", c.Spec.Chart, c.Spec.Version, Short(c.Spec.Digest), message)}
		if !slices.Contains(e.Told, n.Key) {
			all = append(all, n)
		}
	}
	return all
}

func notice(e *v1alpha1.CandidateEnvironment) (kind string, at time.Time, message string) {
	switch e.State {
	case v1alpha1.Verified:
		return OfPromoted, e.Since.Time, "is verified in " + e.Name
	case v1alpha1.RolledBack:
		return OfRollback, e.Since.Time, fmt.Sprintf("failed in %s, which went back: %s", e.Name, e.Message)
	case v1alpha1.Failed:
		return OfHold, e.Since.Time, fmt.Sprintf("failed in %s: %s", e.Name, e.Message)
	case v1alpha1.Rejected:
		return OfHold, e.Since.Time, fmt.Sprintf("is rejected for %s: %s", e.Name, e.Message)
	case v1alpha1.Waiting:
		var wants *v1alpha1.GateStatus
		for i := range e.Gates {
			if g := &e.Gates[i]; before(g.Kind) && !g.Open {
				if g.Kind != "approval" {
					return "", at, ""
				}
				wants = g
			}
		}
		if wants != nil {
			return OfApproval, wants.Since.Time, fmt.Sprintf("waits for approval before %s: %s", e.Name, wants.Message)
		}
	}
	return "", at, ""
}

// Tell records that a notice was told. Of each kind only the last one is kept.
func Tell(e *v1alpha1.CandidateEnvironment, n Notice) {
	e.Told = slices.DeleteFunc(e.Told, func(t string) bool { return strings.HasPrefix(t, n.Kind+"@") })
	e.Told = append(e.Told, n.Key)
	slices.Sort(e.Told)
}
