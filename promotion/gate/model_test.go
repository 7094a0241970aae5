package gate_test

import (
	"fmt"
	"math/rand"
	"strconv"
	"strings"
	"testing"
	"time"

	robfig "github.com/robfig/cron/v3"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/gate"
)

// zones have all kinds of clocks: an hour forward and back, half an hour, at
// midnight, around Ramadan, never, and offsets of a quarter of an hour.
var zones = []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca", "UTC", "America/Havana"}

// A clock has what the wall clock of a zone shows, minute by minute.
type clock struct {
	from time.Time
	wall []time.Time
}

func clockOf(t *testing.T, zone string, from time.Time, minutes int) clock {
	t.Helper()
	in, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	c := clock{from: from, wall: make([]time.Time, minutes)}
	for i := range c.wall {
		c.wall[i] = from.Add(time.Duration(i) * time.Minute).In(in)
	}
	return c
}

// A field of cron in its simplest form: *, or numbers with commas.
type field struct {
	any bool
	has [64]bool
}

func fieldsOf(schedule string) (all [5]field) {
	for i, text := range strings.Fields(schedule) {
		all[i].any = text == "*"
		for _, one := range strings.Split(text, ",") {
			if v, err := strconv.Atoi(one); err == nil {
				all[i].has[v] = true
			}
		}
	}
	return all
}

func (f *field) takes(n int) bool { return f.any || f.has[n] }

// due is the model: does the clock show a time of the schedule?
func due(f *[5]field, wall time.Time) bool {
	if hour, min, _ := wall.Clock(); !f[0].takes(min) || !f[1].takes(hour) {
		return false
	}
	_, month, day := wall.Date()
	ofMonth, ofWeek := f[2].takes(day), f[4].takes(int(wall.Weekday()))
	if f[2].any || f[4].any {
		return f[3].takes(int(month)) && ofMonth && ofWeek
	}
	return f[3].takes(int(month)) && (ofMonth || ofWeek)
}

// on marks the minutes in which a window is on: whole minutes, as durations are.
func (c clock) on(w v1alpha1.Window) []bool {
	all := make([]bool, len(c.wall))
	left, fields := 0, fieldsOf(w.Schedule)
	for i, wall := range c.wall {
		if due(&fields, wall) {
			left = int(w.Duration.Minutes())
		}
		if all[i] = left > 0; all[i] {
			left--
		}
	}
	return all
}

// verdict marks the minutes in which a gate is open.
func (c clock) verdict(g *v1alpha1.WindowGate) []bool {
	open := make([]bool, len(c.wall))
	for i := range open {
		open[i] = len(g.Allow) == 0
	}
	for _, w := range g.Allow {
		for i, on := range c.on(w) {
			open[i] = open[i] || on
		}
	}
	for _, w := range g.Deny {
		for i, on := range c.on(w) {
			open[i] = open[i] && !on
		}
	}
	return open
}

// some returns a field of cron: * half of the time, else some numbers.
func some(r *rand.Rand, star, low, high int) string {
	if r.Intn(100) < star {
		return "*"
	}
	var all []string
	for range 1 + r.Intn(3) {
		all = append(all, strconv.Itoa(low+r.Intn(high-low+1)))
	}
	return strings.Join(all, ",")
}

func schedule(r *rand.Rand) string {
	return strings.Join([]string{some(r, 5, 0, 59), some(r, 10, 0, 4+r.Intn(20)), some(r, 70, 1, 31), some(r, 70, 1, 12), some(r, 50, 0, 6)}, " ")
}

// windowGate makes a gate of up to two windows that allow and two that deny.
func windowGate(r *rand.Rand, zone string) *v1alpha1.WindowGate {
	one := func() v1alpha1.Window {
		d := []int{1, 29, 60, 61, 150, 24 * 60, 25 * 60, 8 * 24 * 60}[r.Intn(8)]
		return v1alpha1.Window{Schedule: schedule(r), Duration: lasting(time.Duration(d) * time.Minute), TimeZone: zone}
	}
	g := &v1alpha1.WindowGate{}
	for range r.Intn(3) {
		g.Allow = append(g.Allow, one())
	}
	for range r.Intn(3) {
		g.Deny = append(g.Deny, one())
	}
	if len(g.Allow)+len(g.Deny) == 0 {
		g.Allow = append(g.Allow, one())
	}
	return g
}

// TestWindowMinuteByMinute compares each minute of two years with the model,
// by way of Again, which must be each change and nothing else; and what is said
// in some minutes of the days on which clocks change.
func TestWindowMinuteByMinute(t *testing.T) {
	const minutes, warm = 2 * 366 * 24 * 60, 30 * 24 * 60 // the model does not know what was on before
	for i, zone := range zones {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewSource(int64(i)))
			c := clockOf(t, zone, time.Date(2025, 11, 1, 0, 0, 0, 0, time.UTC), minutes)
			for range 6 {
				g := windowGate(r, zone)
				model := c.verdict(g)
				follow(t, c, g, model, warm)
				changes(t, c, g, model, warm, r)
			}
		})
	}
}

// follow walks from change to change.
func follow(t *testing.T, c clock, g *v1alpha1.WindowGate, model []bool, from int) {
	t.Helper()
	at := func(i int) time.Time { return c.from.Add(time.Duration(i) * time.Minute) }
	for i := from; i < len(model); {
		a := gate.Ask(v1alpha1.Gate{Window: g}, gate.State{Now: at(i)})
		next := i
		for next < len(model) && model[next] == a.Open {
			next++
		}
		if next == i {
			t.Fatalf("%+v\nopen %v at %s (%s)", g, a.Open, at(i), c.wall[i])
		}
		if next == len(model) {
			if !a.Again.IsZero() && a.Again.Before(at(next)) && !strings.Contains(a.Message, "in sight") {
				t.Fatalf("%+v\nat %s: again at %s, and nothing changes then", g, at(i), a.Again)
			}
			return
		}
		if strings.Contains(a.Message, "in sight") && a.Again.After(at(i)) && !a.Again.After(at(next)) {
			i = int(a.Again.Sub(c.from) / time.Minute)
			continue
		}
		if !a.Again.Equal(at(next)) {
			t.Fatalf("%+v\nat %s: again at %s, and it changes at %s (%s)", g, at(i), a.Again, at(next), c.wall[next])
		}
		i = next
	}
}

// changes asks in random minutes around each change of the clock.
func changes(t *testing.T, c clock, g *v1alpha1.WindowGate, model []bool, from int, r *rand.Rand) {
	t.Helper()
	for i := from; i < len(c.wall)-48*60; i++ {
		_, before := c.wall[i-1].Zone()
		if _, after := c.wall[i].Zone(); before == after {
			continue
		}
		for range 20 {
			j := i - 36*60 + r.Intn(72*60)
			now := c.from.Add(time.Duration(j)*time.Minute + time.Duration(r.Int63n(int64(time.Minute))))
			if a := gate.Ask(v1alpha1.Gate{Window: g}, gate.State{Now: now}); a.Open != model[j] {
				t.Fatalf("%+v\nopen %v at %s (%s)", g, a.Open, now, c.wall[j])
			}
		}
	}
}

// TestWindowBeginsWhenArgoRuns compares beginnings with what robfig/cron gives,
// by which Argo runs CronWorkflows, where clocks change by whole hours.
func TestWindowBeginsWhenArgoRuns(t *testing.T) {
	for i, zone := range []string{"Europe/Berlin", "America/New_York", "Africa/Casablanca", "UTC"} {
		r := rand.New(rand.NewSource(int64(i)))
		in, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		for range 30 {
			text := schedule(r)
			s, err := robfig.ParseStandard(text)
			if err != nil {
				t.Fatal(err)
			}
			g := windows(t, fmt.Sprintf("allow 1s %s %s", zone, text))
			now := time.Date(2026, 1, 1, 0, 0, 30, 0, in)
			for range 200 {
				a := gate.Ask(g, gate.State{Now: now})
				next := s.Next(now)
				if !a.Again.Equal(next) {
					t.Fatalf("%s in %s: begins at %s, and Argo runs it at %s, after %s", text, zone, a.Again.In(in), next, now)
				}
				if next.IsZero() {
					break
				}
				now = next.Add(time.Second)
			}
		}
	}
}

// FuzzWindow looks for schedules on which the gate panics or does not answer.
func FuzzWindow(f *testing.F) {
	for _, s := range []string{"0 9 * * 1-5", "* * * * *", "0 0 30 2 *", "@every 1s", "TZ=", "TZ=UTC 0 0 * * *", "@midnight", "*/7 */5 31 2,4 ?", "0 0 29 2 *"} {
		f.Add(s, "Europe/Berlin", int64(time.Hour), int64(1772452800))
		f.Add(s, "Local", int64(1), int64(-1))
		f.Add(s, "Africa/Casablanca", int64(8784*time.Hour), int64(1<<33))
	}
	f.Fuzz(func(t *testing.T, schedule, zone string, duration, now int64) {
		const years = 4000 * 366 * 24 * 3600
		w := []v1alpha1.Window{{Schedule: schedule, TimeZone: zone, Duration: lasting(time.Duration(duration))}}
		s := gate.State{Now: time.Unix(now%years, 0)}
		for _, g := range []v1alpha1.Gate{{Window: &v1alpha1.WindowGate{Allow: w}}, {Window: &v1alpha1.WindowGate{Deny: w}}} {
			gate.Validate(g)
			began := time.Now()
			a := gate.Ask(g, s)
			if took := time.Since(began); took > 2*time.Second {
				t.Fatalf("an answer took %s", took)
			}
			sound(t, a)
			if a.Again.IsZero() {
				continue
			}
			if !a.Again.After(s.Now) {
				t.Fatalf("again at %s, and it is %s", a.Again, s.Now)
			}
			s := s
			s.Now = a.Again.Add(-1)
			if b := gate.Ask(g, s); b.Open != a.Open {
				t.Fatalf("open %v until %s, and %v just before", a.Open, a.Again, b.Open)
			}
			s.Now = a.Again
			if b := gate.Ask(g, s); b.Open == a.Open && a.Message[len(a.Message)-8:] != "in sight" {
				t.Fatalf("it is said to change at %s: %s", a.Again, a.Message)
			}
		}
	})
}
