package gate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// The phases of Workflows that nothing follows.
const (
	succeeded = "Succeeded"
	failed    = "Failed"
	broken    = "Error"
)

// history returns the runs of what is deployed, each once: those that are over by
// when they ended, then the others by when they began.
func history(s State) []v1alpha1.RunRecord {
	if s.Deployed.IsZero() {
		return nil
	}
	at := map[string]int{}
	var all []v1alpha1.RunRecord
	for _, r := range s.Runs {
		if !tries(r, s) {
			continue
		}
		key := cmp.Or(r.UID, r.Name)
		if i, ok := at[key]; !ok {
			at[key] = len(all)
			all = append(all, r)
		} else if inOrder(all[i], r) < 0 {
			all[i] = r
		}
	}
	slices.SortFunc(all, func(a, b v1alpha1.RunRecord) int {
		if over(a) != over(b) {
			return inOrder(b, a)
		}
		return inOrder(a, b)
	})
	return all
}

// tries reports whether a run is one of what is deployed: it began at or after
// the deployment. One that began before tried what was there before, whenever it
// ended. Smoke runs know the revision that they are for, which is better than
// clocks: that of the API server and that of the controller differ.
func tries(r v1alpha1.RunRecord, s State) bool {
	if r.Revision != 0 && s.Revision != 0 {
		return r.Revision == s.Revision
	}
	return !r.Created.Time.Before(s.Deployed)
}

// inOrder compares two runs, or what is known of one run at two times: one that
// is over comes after one that is not, then the later one, and of two that end
// in one second the one that failed.
func inOrder(a, b v1alpha1.RunRecord) int {
	return cmp.Or(
		cmp.Compare(one(over(a)), one(over(b))),
		ended(a).Compare(ended(b)),
		cmp.Compare(one(bad(a)), one(bad(b))),
		cmp.Compare(one(a.Stopping), one(b.Stopping)),
		cmp.Compare(a.Phase, b.Phase),
		cmp.Compare(a.Name, b.Name),
		cmp.Compare(a.UID, b.UID),
		cmp.Compare(a.Message, b.Message),
	)
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// bad reports whether a run failed.
func bad(r v1alpha1.RunRecord) bool { return r.Phase == failed || r.Phase == broken }

// over reports whether nothing more comes of a run.
func over(r v1alpha1.RunRecord) bool { return r.Phase == succeeded || bad(r) }

// ended is when a run that is over was over; when it began for all others, and
// for those that do not say.
func ended(r v1alpha1.RunRecord) time.Time {
	if !over(r) || r.Finished == nil || r.Finished.IsZero() {
		return r.Created.Time
	}
	return r.Finished.Time
}

// evidence is a line on a run.
func evidence(r v1alpha1.RunRecord) string {
	var b strings.Builder
	b.WriteString(r.Name)
	if r.Attempt > 0 {
		fmt.Fprintf(&b, ", attempt %d", r.Attempt)
	}
	if !over(r) {
		fmt.Fprintf(&b, ": %s since %s", cmp.Or(r.Phase, "Pending"), stamp(r.Created.Time))
		return b.String()
	}
	fmt.Fprintf(&b, ": %s at %s after %s", r.Phase, stamp(ended(r)), ended(r).Sub(r.Created.Time).Round(time.Second))
	if m := first(r.Message); m != "" {
		b.WriteString(": " + m)
	}
	return b.String()
}

// first is the first line of a message, cut to a length that a status bears.
func first(message string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(message), "\n")
	if runes := []rune(line); len(runes) > 200 {
		return string(runes[:200]) + "..."
	}
	return line
}
