package policies

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/tiphys-dev/tiphys/lint"
)

// A Usage counts the objects that have a finding which a waiver covers. It may
// be shared by many requests at once; a nil one counts nothing.
type Usage struct{ waivers []usage }

// usage is that of one waiver.
type usage struct{ matched, covered atomic.Int64 }

// NewUsage returns a count that begins at zero.
func (s *Set) NewUsage() *Usage { return &Usage{make([]usage, len(s.waivers))} }

func (u *Usage) match(i int) {
	if u != nil {
		u.waivers[i].matched.Add(1)
	}
}

func (u *Usage) cover(i int) {
	if u != nil {
		u.waivers[i].covered.Add(1)
	}
}

// The states of a waiver.
const (
	Active  = "Active"  // it covers something
	Unused  = "Unused"  // it covers nothing that was seen
	Expired = "Expired" // it counts no more
)

// A WaiverState is what has become of a waiver.
type WaiverState struct {
	*Waiver
	State string
	// Matched is how many objects it is for, Objects how many of them have
	// findings that it covers, or would if it had not expired.
	Matched, Objects int
}

// Waivers returns the states of all waivers of the set, by policy and in the
// order of each. Without a usage, those that are not expired are Active.
func (s *Set) Waivers(u *Usage, now time.Time) []WaiverState {
	var all []WaiverState
	for i, w := range s.waivers {
		state := WaiverState{Waiver: w, State: Active}
		if u != nil {
			state.Matched, state.Objects = int(u.waivers[i].matched.Load()), int(u.waivers[i].covered.Load())
		}
		switch {
		case !now.Before(w.Until):
			state.State = Expired
		case u != nil && state.Objects == 0:
			state.State = Unused
		}
		all = append(all, state)
	}
	return all
}

// Day is the last day of the waiver, as it is written.
func (w *Waiver) Day() string { return w.Until.AddDate(0, 0, -1).Format(time.DateOnly) }

// Findings report the waivers that are expired or not used. One that is for
// none of the objects that were seen may be for others: that is only a hint.
func Findings(all []WaiverState) []lint.Finding {
	var out []lint.Finding
	for _, w := range all {
		f := lint.Finding{Rule: ruleUnused, Severity: ruleUnused.Severity, Policy: w.Policy, Object: lint.Object{Kind: Kind, Name: w.Policy}}
		at := w.Node.Get("rule")
		switch {
		case w.State == Expired:
			at = w.Node.Get("until")
			f.Rule, f.Severity = ruleExpired, ruleExpired.Severity
			f.Message = fmt.Sprintf("this waiver of %s expired on %s, so it accepts nothing any more: remove it, or give it another day", w.Rule, w.Day())
			if w.Objects > 0 {
				f.Message = fmt.Sprintf("this waiver of %s expired on %s, so what it accepted in %s counts again: mend that, or give it another day",
					w.Rule, w.Day(), objects(w.Objects))
			}
		case w.State == Unused && w.Matched > 0:
			f.Message = fmt.Sprintf("this waiver is not used: %s finds nothing in %s that it is for; it can go", w.Rule, theObjects(w.Matched))
		case w.State == Unused:
			f.Severity = lint.Info
			f.Message = fmt.Sprintf("this waiver of %s is for none of the objects here", w.Rule)
		default:
			continue
		}
		f.Path, f.Span = at.Path(), at.Token()
		out = append(out, f)
	}
	return out
}

func objects(n int) string {
	if n == 1 {
		return "1 object"
	}
	return fmt.Sprintf("%d objects", n)
}

func theObjects(n int) string {
	if n == 1 {
		return "the object"
	}
	return "the " + objects(n)
}
