package gate

import (
	"math/bits"
	"time"

	robfig "github.com/robfig/cron/v3"
)

// star is the bit by which robfig/cron marks a field that begins with *.
const star = 1 << 63

// dueOn reports whether a schedule is due on a day. As in every cron, a day of
// the month and a day of the week are alternatives where neither is *.
func dueOn(f *robfig.SpecSchedule, day time.Time) bool {
	ofMonth, ofWeek := f.Dom>>day.Day()&1 == 1, f.Dow>>day.Weekday()&1 == 1
	if f.Dom&star != 0 || f.Dow&star != 0 {
		return ofMonth && ofWeek
	}
	return ofMonth || ofWeek
}

// nextMinute returns the first minute of a schedule at or after what a clock
// shows and before a limit, or zero. Days here have 24 hours: clocks that change
// are up to the caller.
func nextMinute(f *robfig.SpecSchedule, wall, limit time.Time) time.Time {
	from := wall.UTC().Truncate(time.Minute)
	if from.Before(wall) {
		from = from.Add(time.Minute)
	}
	year, month, d := from.Date()
	day := time.Date(year, month, d, 0, 0, 0, 0, time.UTC)
	for hour, minute := from.Hour(), from.Minute(); day.Before(limit); hour, minute = 0, 0 {
		if f.Month>>day.Month()&1 == 0 {
			day = time.Date(day.Year(), day.Month()+1, 1, 0, 0, 0, 0, time.UTC)
			continue
		}
		if dueOn(f, day) {
			if h, m, ok := firstOf(f, hour, minute); ok {
				return before(day.Add(time.Duration(h)*time.Hour+time.Duration(m)*time.Minute), limit)
			}
		}
		day = day.Add(24 * time.Hour)
	}
	return time.Time{}
}

func before(t, limit time.Time) time.Time {
	if t.Before(limit) {
		return t
	}
	return time.Time{}
}

// lastMinute returns the last minute of a schedule at or before what a clock
// shows and after a limit, or zero.
func lastMinute(f *robfig.SpecSchedule, wall, limit time.Time) time.Time {
	from := wall.UTC().Truncate(time.Minute)
	year, month, d := from.Date()
	day := time.Date(year, month, d, 0, 0, 0, 0, time.UTC)
	for hour, minute := from.Hour(), from.Minute(); day.Add(24 * time.Hour).After(limit); hour, minute = 23, 59 {
		if f.Month>>day.Month()&1 == 0 {
			day = time.Date(day.Year(), day.Month(), 0, 0, 0, 0, 0, time.UTC)
			continue
		}
		if dueOn(f, day) {
			if h, m, ok := lastOf(f, hour, minute); ok {
				if t := day.Add(time.Duration(h)*time.Hour + time.Duration(m)*time.Minute); t.After(limit) {
					return t
				}
				return time.Time{}
			}
		}
		day = day.Add(-24 * time.Hour)
	}
	return time.Time{}
}

// firstOf returns the first hour and minute of a day, at or after those given.
func firstOf(f *robfig.SpecSchedule, hour, minute int) (h, m int, ok bool) {
	const hours, minutes = 1<<24 - 1, 1<<60 - 1
	if f.Hour>>hour&1 == 1 {
		if left := f.Minute & minutes >> minute; left != 0 {
			return hour, minute + bits.TrailingZeros64(left), true
		}
	}
	left := f.Hour & hours >> (hour + 1)
	if left == 0 || f.Minute&minutes == 0 {
		return 0, 0, false
	}
	return hour + 1 + bits.TrailingZeros64(left), bits.TrailingZeros64(f.Minute & minutes), true
}

// lastOf returns the last hour and minute of a day, at or before those given.
func lastOf(f *robfig.SpecSchedule, hour, minute int) (h, m int, ok bool) {
	const minutes = 1<<60 - 1
	if f.Hour>>hour&1 == 1 {
		if left := f.Minute & (1<<(minute+1) - 1); left != 0 {
			return hour, bits.Len64(left) - 1, true
		}
	}
	left := f.Hour & (1<<hour - 1)
	if left == 0 || f.Minute&minutes == 0 {
		return 0, 0, false
	}
	return bits.Len64(left) - 1, bits.Len64(f.Minute&minutes) - 1, true
}
