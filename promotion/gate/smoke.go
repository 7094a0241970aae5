package gate

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// attempt is how long a smoke run may take unless its gate says otherwise.
const attempt = 15 * time.Minute

// smoke holds until a Workflow that is submitted for it succeeds. An attempt
//
//	succeeds when it ends as Succeeded before created + timeout,
//	fails    when it ends otherwise, or has not ended at created + timeout.
//
// One that takes too long is to be stopped and counts as failed, whatever becomes
// of it; the next attempt does not wait for it to end. Where a run is seen late
// to have succeeded in time, it counts as such. When the last of 1 + Retries
// attempts has failed, so has the gate.
//
// Submit and Stop may both be set, and are independent.
func smoke(id string, g *v1alpha1.SmokeGate, s State) Answer {
	if s.Deployed.IsZero() {
		return notDeployed()
	}
	timeout := cmp.Or(max(0, g.Timeout.Duration), attempt)
	var mine []v1alpha1.RunRecord
	for _, r := range history(s) {
		if r.Gate == id && (r.Candidate == "" || r.Candidate == s.Candidate) {
			mine = append(mine, r)
		}
	}
	var a Answer
	var last *v1alpha1.RunRecord // of the highest attempt
	for _, r := range mine {
		if inTime(r, timeout) {
			a = open("SmokeSucceeded", fmt.Sprintf("smoke run %s of %s succeeded", r.Name, g.Template))
			a.Evidence = []string{evidence(r)}
			return a
		}
		if last == nil || r.Attempt >= last.Attempt {
			last = &r
		}
	}
	all := 1 + max(0, g.Retries)
	switch {
	case last == nil:
		a = hold("SmokeMissing", fmt.Sprintf("a smoke run of %s is to be submitted", g.Template))
		a.Submit = 1
	case !over(*last) && s.Now.Before(last.Created.Add(timeout)):
		a = hold("SmokeRunning", fmt.Sprintf("smoke run %s of %s, attempt %d of %d, runs, until %s at the latest", last.Name, g.Template, last.Attempt, all, stamp(last.Created.Add(timeout))))
		a.Again = last.Created.Add(timeout)
	case last.Attempt < all:
		a = hold("SmokeRetrying", fmt.Sprintf("smoke run %s of %s %s; attempt %d of %d is to be submitted", last.Name, g.Template, failure(*last, timeout), last.Attempt+1, all))
		a.Submit = last.Attempt + 1
	default:
		a = hold("SmokeFailed", fmt.Sprintf("smoke run %s of %s %s, and no attempt of %d is left; it opens for another candidate, or this one deployed again", last.Name, g.Template, failure(*last, timeout), all))
		a.Failed = true
	}
	var next time.Time // when an earlier attempt is to be stopped
	for _, r := range mine {
		a.Evidence = append(a.Evidence, evidence(r))
		if over(r) || r.Stopping {
			continue
		}
		if end := r.Created.Add(timeout); !s.Now.Before(end) {
			a.Stop = cmp.Or(a.Stop, r.Name)
		} else if next.IsZero() || end.Before(next) {
			next = end
		}
	}
	if a.Stop == "" && !next.IsZero() && (a.Again.IsZero() || next.Before(a.Again)) {
		a.Again = next // with another one to stop, that comes first
	}
	return a
}

// inTime reports whether a run succeeded before its time was up. One that does
// not tell when it ended is believed.
func inTime(r v1alpha1.RunRecord, timeout time.Duration) bool {
	return r.Phase == succeeded && (r.Finished == nil || r.Finished.Time.Before(r.Created.Add(timeout)))
}

// failure says how an attempt failed.
func failure(r v1alpha1.RunRecord, timeout time.Duration) string {
	if !bad(r) || r.Finished != nil && !r.Finished.Time.Before(r.Created.Add(timeout)) {
		return "took longer than " + timeout.String()
	}
	what := "failed"
	if m := first(r.Message); m != "" {
		what += ": " + strings.TrimSuffix(m, ".")
	}
	return what
}
