package crondstgap

import (
	"math/bits"
	"time"

	robfig "github.com/robfig/cron/v3"

	"github.com/tiphys-dev/tiphys/lint/cron"
)

const day = 24 * 60 // minutes

// firstYear and years are those whose clock changes are looked at: fixed, so
// that the answer does not depend on when it is asked for. Before them, rules
// of the past hold; far after them, nobody knows.
const firstYear, years = 2026, 8

// A jump is a change of a zone's clock, in minutes after midnight of the day
// on which the old clock would have shown it.
type jump struct {
	day      time.Time
	from, to int // what the old and the new clock show
}

func (j jump) date() string { return j.day.Format("2 January 2006") }

// jumpsOf returns the clock changes of a zone.
func jumpsOf(zone string) []jump {
	location, err := time.LoadLocation(zone)
	if err != nil {
		return nil
	}
	all := []jump{}
	at := time.Date(firstYear, 1, 1, 0, 0, 0, 0, time.UTC)
	end := at.AddDate(years, 0, 0)
	for at.Before(end) {
		_, next := at.In(location).ZoneBounds()
		if next.IsZero() || !next.Before(end) {
			break
		}
		_, before := next.Add(-time.Second).Zone()
		_, after := next.Zone()
		at = next.UTC().Add(time.Second)
		if before == after {
			continue
		}
		local := next.UTC().Add(time.Duration(before) * time.Second)
		from := local.Hour()*60 + local.Minute()
		all = append(all, jump{
			day:  time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC),
			from: from, to: from + (after-before)/60,
		})
	}
	return all
}

// times are those at which a schedule is due on the days it is due.
type times struct{ *robfig.SpecSchedule }

// often is the number of hours a day from which on a run more or less is not
// worth a word.
const often = 12

// daily returns the times of a schedule that names its hours.
func daily(s cron.Schedule) (times, bool) {
	spec, ok := s.Schedule.(*robfig.SpecSchedule)
	const hours = 1<<24 - 1
	return times{spec}, ok && bits.OnesCount64(spec.Hour&hours) < often
}

// hit returns the first jump that skips, or that repeats, a time at which the
// schedule is due.
func (s times) hit(jumps []jump, skips bool) (jump, int, bool) {
	for _, j := range jumps {
		if skips != (j.to > j.from) {
			continue
		}
		low, high := min(j.from, j.to), max(j.from, j.to)
		for at := low; at < high; at++ {
			date, minute := j.day, at
			if at < 0 {
				date, minute = date.AddDate(0, 0, -1), at+day
			} else if at >= day {
				date, minute = date.AddDate(0, 0, 1), at-day
			}
			if s.due(date, minute) {
				return j, minute, true
			}
		}
	}
	return jump{}, 0, false
}

// due reports whether the schedule is due at a minute of a day.
func (s times) due(date time.Time, minute int) bool {
	if s.Hour>>(minute/60)&1 == 0 || s.Minute>>(minute%60)&1 == 0 || s.Month>>date.Month()&1 == 0 {
		return false
	}
	const star = 1 << 63
	ofMonth, ofWeek := s.Dom>>date.Day()&1 == 1, s.Dow>>date.Weekday()&1 == 1
	if s.Dom&star != 0 || s.Dow&star != 0 {
		return ofMonth && ofWeek
	}
	return ofMonth || ofWeek
}
