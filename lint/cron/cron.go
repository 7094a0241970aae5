// Package cron reads the schedules of CronWorkflows, with reasons that a person
// can act on. What it accepts is what robfig/cron's ParseStandard accepts,
// which Argo uses.
package cron

import (
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/tiphys-dev/tiphys/lint/near"
)

// A Schedule is a schedule that Argo accepts.
type Schedule struct {
	cron.Schedule
	// Zoned is set when the schedule begins with CRON_TZ= or TZ=. Argo takes
	// it; the API server refuses it where the full CRDs are installed.
	Zoned bool
}

// Never reports whether the schedule is never due, like the 30th of February,
// within the years that the parser looks ahead. The answer is the same
// whenever it is asked.
func (s Schedule) Never() bool {
	return s.Next(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero()
}

// An Error is a schedule that Argo refuses because of the bytes [From, To).
type Error struct {
	From, To int
	Message  string
}

// Error returns the message, in the words of house style.
func (e *Error) Error() string { return e.Message }

// Parse reads a schedule. An error is always an *Error.
func Parse(s string) (Schedule, error) {
	if err := zone(s); err != nil {
		return Schedule{}, err
	}
	schedule, err := cron.ParseStandard(s)
	if err == nil {
		return Schedule{Schedule: schedule, Zoned: zoned(s) > 0}, nil
	}
	return Schedule{}, explain(s, err)
}

// zoned returns the length of the prefix CRON_TZ= or TZ=, 0 without it.
func zoned(s string) int {
	for _, prefix := range []string{"CRON_TZ=", "TZ="} {
		if strings.HasPrefix(s, prefix) {
			return len(prefix)
		}
	}
	return 0
}

// zone checks the prefix, on which ParseStandard itself panics when nothing follows.
func zone(s string) error {
	from := zoned(s)
	if from == 0 {
		return nil
	}
	to := strings.IndexByte(s, ' ')
	if to < 0 {
		return &Error{0, len(s), "a timezone without a schedule: the five fields are missing"}
	}
	if err := Zone(s[from:to]); err != nil {
		return &Error{from, to, err.Error()}
	}
	return nil
}

// fields are the names of the fields with their bounds.
var fields = [...]struct {
	name      string
	low, high int
	words     string
}{
	{"minute", 0, 59, ""},
	{"hour", 0, 23, ""},
	{"day of the month", 1, 31, ""},
	{"month", 1, 12, "jan feb mar apr may jun jul aug sep oct nov dec"},
	{"day of the week", 0, 6, "sun mon tue wed thu fri sat"},
}

// piece is a part of a schedule with where it stands.
type piece struct {
	text string
	from int
}

func (p piece) fail(format string, args ...any) *Error {
	return &Error{p.from, p.from + len(p.text), fmt.Sprintf(format, args...)}
}

// split cuts s at white space.
func split(s string, from int) []piece {
	var all []piece
	rest := s[from:]
	for _, f := range strings.Fields(rest) {
		i := strings.Index(rest, f)
		all = append(all, piece{f, from + i})
		from, rest = from+i+len(f), rest[i+len(f):]
	}
	return all
}

// explain finds out why s does not parse.
func explain(s string, err error) *Error {
	from := 0
	if zoned(s) > 0 {
		from = strings.IndexByte(s, ' ')
	}
	all := split(s, from)
	whole := piece{s, 0}
	switch {
	case len(all) == 0:
		return whole.fail("a schedule is empty: write five fields, as in \"0 3 * * *\"")
	case strings.HasPrefix(all[0].text, "@"):
		return descriptor(all[0], s)
	case len(all) == 6 || len(all) == 7:
		return whole.fail("a schedule has five fields, minute hour day month weekday, not %d: there are no seconds and no years", len(all))
	case len(all) != 5:
		return whole.fail("a schedule has five fields, minute hour day month weekday, not %d", len(all))
	}
	for i, p := range all {
		for _, part := range parts(p) {
			if _, err := cron.ParseStandard(strings.Repeat("* ", i) + part.text + strings.Repeat(" *", len(fields)-1-i)); err != nil {
				return field(i, part)
			}
		}
	}
	return whole.fail("%s", err)
}

// parts cuts a field at its commas.
func parts(p piece) []piece {
	var all []piece
	for from := p.from; ; {
		text, rest, more := strings.Cut(p.text, ",")
		if text != "" {
			all = append(all, piece{text, from})
		}
		if !more {
			return all
		}
		from += len(text) + 1
		p.text = rest
	}
}

// descriptor explains what begins with "@".
func descriptor(p piece, s string) *Error {
	whole := piece{s[p.from:], p.from}
	switch {
	case p.text == "@reboot":
		return p.fail("@reboot means nothing here: a CronWorkflow has no machine to start")
	case p.text == "@every":
		return whole.fail(`"@every" needs a duration like 90m or 1h30m after it`)
	}
	hint := ""
	if name, ok := near.Name(p.text, descriptors[:]); ok {
		hint = fmt.Sprintf("; did you mean %q?", name)
	}
	return p.fail("%q is none of %s%s", p.text, strings.Join(descriptors[:], ", "), hint)
}

var descriptors = [...]string{"@hourly", "@daily", "@weekly", "@monthly", "@yearly", "@every"}
