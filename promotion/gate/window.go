package gate

import (
	"fmt"
	"strings"
	"time"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// patience bounds how many windows are looked at for one answer: some
// milliseconds. Only those that come often for years without ever changing the
// verdict need more.
const patience = 16000

// window holds outside of all windows of allow, if there is any, and within any
// of deny. A window is on from a time that its schedule has on the wall clock of
// its zone, and for its duration in time that passes: 2 hours from 01:00 end at
// 04:00 by the clock where that is put forward at 02:00. Windows of one schedule
// may overlap, and are on without a break then. The end does not belong to them.
//
// Again is the next change of the verdict, whichever windows come and go before.
// Where none is found within patience, it is how far the verdict is certain; where
// none comes within 41 years, it is zero.
func window(g *v1alpha1.WindowGate, s State) Answer {
	w, mistakes := read(g)
	if len(mistakes) > 0 {
		return hold("WindowMistake", strings.Join(mistakes, "; "))
	}
	on, again, certain := w.look(s.Now)
	until := again.In(w.zone()).Format(time.RFC3339)
	var a Answer
	switch {
	case on && !certain:
		a = open("WindowOpen", "the window is open, with no end in sight")
	case on && again.IsZero():
		a = open("WindowOpen", "the window is open, and never shuts")
	case on:
		a = open("WindowOpen", "the window is open until "+until)
	case !certain:
		a = hold("WindowShut", "the window is shut, with no opening in sight")
	case again.IsZero():
		a = hold("WindowShut", fmt.Sprintf("the window is shut, and does not open within %d years: change its schedules", horizon))
	default:
		a = hold("WindowShut", "the window is shut, and opens at "+until)
	}
	a.Again = again
	for _, one := range w {
		a.Evidence = append(a.Evidence, one.String())
	}
	return a
}

// windows are those of a gate.
type windows []*pane

// A pane is a window that allows or denies, and whether it is on: until a time,
// zero for ever.
type pane struct {
	*spell
	deny  bool
	on    bool
	until time.Time
}

// String describes a window.
func (p *pane) String() string {
	what := "allow"
	if p.deny {
		what = "deny"
	}
	return fmt.Sprintf("%s %q for %s, %s", what, p.text, p.lasts, p.zone)
}

// read reads the windows of a gate, and returns the mistakes that are in them.
func read(g *v1alpha1.WindowGate) (windows, []string) {
	var all windows
	var mistakes []string
	if len(g.Allow)+len(g.Deny) == 0 {
		mistakes = append(mistakes, "a window has allow or deny")
	}
	for _, list := range []struct {
		name    string
		deny    bool
		windows []v1alpha1.Window
	}{{"allow", false, g.Allow}, {"deny", true, g.Deny}} {
		for i, w := range list.windows {
			s, err := parse(w)
			if err != nil {
				mistakes = append(mistakes, fmt.Sprintf("%s[%d]: %s", list.name, i, err))
				continue
			}
			all = append(all, &pane{spell: s, deny: list.deny})
		}
	}
	return all, mistakes
}

// zone is the one that all windows have, or UTC.
func (w windows) zone() *time.Location {
	for _, p := range w {
		if p.spell.zone.String() != w[0].spell.zone.String() {
			return time.UTC
		}
	}
	if len(w) == 0 {
		return time.UTC
	}
	return w[0].spell.zone
}

// look returns the verdict at a time and when it changes next, zero for never. It
// is not certain that it changes then when that took too long to find out.
func (w windows) look(now time.Time) (on bool, again time.Time, certain bool) {
	steps, limit := patience, now.AddDate(horizon, 0, 0)
	for _, p := range w {
		p.on, p.until = p.at(now, limit, &steps)
	}
	on = w.open()
	for steps > 0 {
		next := w.turn()
		if next.IsZero() || !next.Before(limit) {
			return on, time.Time{}, true
		}
		for _, p := range w {
			if !p.until.IsZero() && !p.until.After(next) {
				p.on, p.until = p.at(next, limit, &steps)
			}
		}
		if w.open() != on {
			return on, next, true
		}
	}
	return on, w.turn(), false
}

// open is the verdict.
func (w windows) open() bool {
	allowed, any := false, false
	for _, p := range w {
		if p.deny && p.on {
			return false
		}
		if !p.deny {
			allowed, any = allowed || p.on, true
		}
	}
	return allowed || !any
}

// turn is when the first window turns, zero for none.
func (w windows) turn() time.Time {
	var first time.Time
	for _, p := range w {
		if !p.until.IsZero() && (first.IsZero() || p.until.Before(first)) {
			first = p.until
		}
	}
	return first
}
