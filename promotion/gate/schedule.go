package gate

import (
	"errors"
	"fmt"
	"time"

	robfig "github.com/robfig/cron/v3"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/lint/cron"
)

// longest is the longest that a window may last.
const longest = 366 * 24 * time.Hour

// horizon is how many years are looked ahead. What does not come within them
// never does: the rarest are 29 February without some days of the week, which
// come every 28 years, or 40 across a year like 2100 that has no such day.
const horizon = 41

// chain is how many windows that follow without a break are looked at in one go.
const chain = 64

// A spell is a window that comes again: it begins whenever the wall clock of its
// zone shows a minute that the schedule has, and lasts for a time that passes.
//
// So a time that a day does not have begins no window, and a time that a day
// has twice begins two: that is how Argo reads schedules, and robfig/cron.
// This does not ask robfig/cron for the next time, only for what the fields
// mean, as its answer depends on where it starts to look when clocks change by
// less than an hour.
type spell struct {
	text   string
	fields *robfig.SpecSchedule
	lasts  time.Duration
	zone   *time.Location
}

// parse reads a window. An error tells what would be right.
func parse(w v1alpha1.Window) (*spell, error) {
	schedule, err := cron.Parse(w.Schedule)
	if err != nil {
		return nil, fmt.Errorf("schedule %q: %w", w.Schedule, err)
	}
	fields, ok := schedule.Schedule.(*robfig.SpecSchedule)
	if !ok {
		return nil, fmt.Errorf("schedule %q: a window needs five fields, minute hour day month weekday, as @every begins at no time of its own", w.Schedule)
	}
	if schedule.Zoned {
		return nil, fmt.Errorf("schedule %q: write the time zone into timeZone", w.Schedule)
	}
	switch {
	case w.Duration.Duration <= 0:
		return nil, errors.New("the duration of a window must be more than 0")
	case w.Duration.Duration > longest:
		return nil, fmt.Errorf("a window of %s is too long: at most %s, a year", w.Duration.Duration, longest)
	case w.TimeZone == "Local":
		return nil, errors.New(`time zone "Local" is another one on each machine: write a name like Europe/Berlin`)
	}
	if err := cron.Zone(w.TimeZone); err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(w.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("time zone %q: %w", w.TimeZone, err)
	}
	return &spell{text: w.Schedule, fields: fields, lasts: w.Duration.Duration, zone: zone}, nil
}

// at reports whether a window is on at a time.
//
// If it is, the time is the end of it and of those that follow without a break, or
// where these are many or go beyond the limit, one until which it is on for
// certain. If it is not, the time is when the next one begins, zero if none does
// before the limit. It takes the windows that it looks at off steps.
func (s *spell) at(t, limit time.Time, steps *int) (bool, time.Time) {
	end := t
	for i := 0; i < chain && !end.After(limit); i++ {
		*steps--
		begin := s.last(end, end.Add(-s.lasts))
		if begin.IsZero() {
			break
		}
		end = begin.Add(s.lasts)
	}
	if end.After(t) {
		return true, end
	}
	return false, s.next(t, limit)
}

// next returns the first beginning after t and before a limit, or zero.
func (s *spell) next(t, limit time.Time) time.Time {
	for t = t.Add(1); t.Before(limit); {
		_, end, offset := segment(t, s.zone)
		stop := limit
		if !end.IsZero() && end.Before(limit) {
			stop = end
		}
		if wall := nextMinute(s.fields, t.Add(offset), stop.Add(offset)); !wall.IsZero() {
			return wall.Add(-offset)
		}
		t = stop
	}
	return time.Time{}
}

// last returns the last beginning at or before t and after a limit, or zero.
func (s *spell) last(t, limit time.Time) time.Time {
	for t.After(limit) {
		begin, _, offset := segment(t, s.zone)
		stop := limit
		if begin = begin.Add(-1); begin.After(limit) {
			stop = begin
		}
		if wall := lastMinute(s.fields, t.Add(offset), stop.Add(offset)); !wall.IsZero() {
			return wall.Add(-offset)
		}
		t = stop
	}
	return time.Time{}
}

// segment returns a time around t, [from, to), in which the clock of a zone does
// not change, zero for without bound, and how far it goes before UTC. A time of
// UTC and that offset is what the clock shows. It need not be the longest one.
//
// On the last day of leap years from 2040 on, ZoneBounds is a day short, and its
// end not after t. No clock changes in the hours that are taken instead.
func segment(t time.Time, zone *time.Location) (from, to time.Time, offset time.Duration) {
	local := t.In(zone)
	from, to = local.ZoneBounds()
	_, seconds := local.Zone()
	if !to.IsZero() && !to.After(t) {
		to = t.Add(time.Hour)
	}
	if from.After(t) {
		from = t
	}
	return from.UTC(), to.UTC(), time.Duration(seconds) * time.Second
}
