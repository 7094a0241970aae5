package gate_test

import (
	"fmt"
	"math/rand"
	"reflect"
	"testing"
	"time"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/gate"
)

// cases is how many histories each property is tried with.
const cases = 20000

// oneOf returns a gate of a kind that goes by the clock.
func oneOf(r *rand.Rand) v1alpha1.Gate {
	switch r.Intn(6) {
	case 0:
		return v1alpha1.Gate{Smoke: &v1alpha1.SmokeGate{Template: "test", Retries: int32(r.Intn(3)), Timeout: lasting(time.Duration(5+r.Intn(20)) * time.Minute)}}
	case 1:
		return v1alpha1.Gate{Runs: &v1alpha1.RunsGate{CronWorkflow: "nightly", Count: int32(1 + r.Intn(3))}}
	case 2:
		return v1alpha1.Gate{Soak: &v1alpha1.SoakGate{For: lasting(time.Duration(1+r.Intn(60)) * time.Minute)}}
	case 3:
		return v1alpha1.Gate{Metric: &v1alpha1.MetricGate{Max: quantity("5"), Interval: lasting(time.Duration(1+r.Intn(10)) * time.Minute)}}
	case 4:
		if r.Intn(20) == 0 { // a slow one
			return v1alpha1.Gate{Window: windowGate(r, zones[r.Intn(len(zones))])}
		}
	}
	g := &v1alpha1.ApprovalGate{Count: int32(1 + r.Intn(2)), NotAuthor: r.Intn(2) == 0}
	if r.Intn(2) == 0 {
		g.Groups = []string{"sre"}
	}
	return v1alpha1.Gate{Approval: g}
}

// someState is a moment of a random history, which began about noon.
func someState(r *rand.Rand) gate.State {
	s := gate.State{Now: minute(r.Intn(120)), Promotion: "etl", Candidate: "etl-1", Environment: "prod", Author: "Ann <ann@example.com>"}
	if r.Intn(10) > 0 {
		s.Deployed = minute(r.Intn(10))
	}
	phases := []string{"", "Running", "Succeeded", "Succeeded", "Failed", "Error"}
	for i := range r.Intn(6) {
		n := r.Intn(100)
		run := v1alpha1.RunRecord{Name: fmt.Sprint("run-", i), UID: fmt.Sprint(i), CronWorkflow: "nightly", Phase: phases[r.Intn(len(phases))], Created: *at(minute(n)), Stopping: r.Intn(8) == 0}
		if run.Phase != "" && run.Phase != "Running" && r.Intn(10) > 0 {
			run.Finished = at(minute(n + r.Intn(40)))
		}
		if r.Intn(2) == 0 {
			run.CronWorkflow, run.Gate, run.Attempt = "", "smoke", int32(1+r.Intn(3))
		}
		s.Runs = append(s.Runs, run)
	}
	for range r.Intn(6) {
		a := decides([]string{"ann", "bob", "eve", "kim"}[r.Intn(4)], r.Intn(60))
		a.Name = fmt.Sprint("a-", len(s.Approvals))
		if r.Intn(4) == 0 {
			rejects(&a)
		}
		if r.Intn(2) == 0 {
			until(r.Intn(200))(&a)
		}
		if r.Intn(3) == 0 {
			inGroup("staff")(&a)
		}
		s.Approvals = append(s.Approvals, a)
	}
	if r.Intn(5) > 0 {
		s.Health = &gate.Health{Looked: minute(r.Intn(120))}
		if r.Intn(4) > 0 {
			s.Health.Since = minute(r.Intn(60))
		}
	}
	if r.Intn(5) > 0 {
		s.Metrics = map[string]gate.Metric{"metric": {Value: float64(r.Intn(10)), At: minute(r.Intn(120))}}
	}
	return s
}

// timeless is what of an answer must not change by the clock before Again.
func timeless(a gate.Answer) gate.Answer {
	a.Again = time.Time{}
	return a
}

func TestSameStateSameAnswer(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for range cases {
		g, s := oneOf(r), someState(r)
		a := gate.Ask(g, s)
		sound(t, a)
		r.Shuffle(len(s.Runs), func(i, j int) { s.Runs[i], s.Runs[j] = s.Runs[j], s.Runs[i] })
		r.Shuffle(len(s.Approvals), func(i, j int) { s.Approvals[i], s.Approvals[j] = s.Approvals[j], s.Approvals[i] })
		s.Runs = append(s.Runs, s.Runs...) // recorded, and seen
		s.Now = s.Now.In(time.FixedZone("x", 3600))
		if b := gate.Ask(g, s); !reflect.DeepEqual(timeless(a), timeless(b)) || !a.Again.Equal(b.Again) {
			t.Fatalf("%+v\n%+v\nof the same state:\n%+v\n%+v", g, s, a, b)
		}
	}
}

func TestAgainIsExact(t *testing.T) {
	r := rand.New(rand.NewSource(2))
	for range cases {
		g, s := oneOf(r), someState(r)
		a := gate.Ask(g, s)
		if !a.Again.IsZero() && !a.Again.After(s.Now) {
			t.Fatalf("%+v\n%+v\nagain at %s, which is over", g, s, a.Again)
		}
		left := a.Again.Sub(s.Now)
		if a.Again.IsZero() {
			left = 1000 * time.Hour
		}
		for _, later := range []time.Duration{time.Duration(r.Int63n(int64(left))), left - 1} {
			s := s
			s.Now = s.Now.Add(later)
			if b := gate.Ask(g, s); !reflect.DeepEqual(timeless(a), timeless(b)) {
				t.Fatalf("%+v\n%+v\nchanges %s later, and not at %s:\n%+v\n%+v", g, s, later, a.Again, a, b)
			}
		}
		if a.Again.IsZero() || g.Window != nil && a.Message[len(a.Message)-8:] == "in sight" {
			continue
		}
		s.Now = a.Again
		if b := gate.Ask(g, s); reflect.DeepEqual(timeless(a), timeless(b)) {
			t.Fatalf("%+v\n%+v\ndoes not change at %s:\n%+v", g, s, a.Again, a)
		}
	}
}

// TestWorseNewsNeverOpen: what goes wrong opens no gate, and what goes right shuts none.
func TestWorseNewsNeverOpen(t *testing.T) {
	r := rand.New(rand.NewSource(3))
	for range cases {
		g, s := oneOf(r), someState(r)
		a, worse, better := gate.Ask(g, s), s, s
		worse.Runs = append(worse.Runs[:len(worse.Runs):len(worse.Runs)], v1alpha1.RunRecord{Name: "z", UID: "z", CronWorkflow: "nightly", Phase: "Failed", Created: *at(minute(110)), Finished: at(minute(200))})
		worse.Approvals = append(worse.Approvals[:len(worse.Approvals):len(worse.Approvals)], decides("zoe", 100, rejects))
		worse.Health = &gate.Health{Problem: "gone", Looked: s.Now}
		worse.Metrics = map[string]gate.Metric{"metric": {Value: 6, At: s.Now}}
		b := gate.Ask(g, worse)
		if b.Open && (!a.Open || g.Soak != nil || g.Approval != nil || g.Metric != nil || g.Runs != nil) {
			t.Fatalf("%+v\n%+v\nopen, after %v:\n%+v", g, worse, a.Open, b)
		}
		better.Runs = append(better.Runs[:len(better.Runs):len(better.Runs)], v1alpha1.RunRecord{Name: "z", UID: "z", CronWorkflow: "nightly", Phase: "Succeeded", Created: *at(minute(110)), Finished: at(minute(200))})
		better.Approvals = append(better.Approvals[:len(better.Approvals):len(better.Approvals)], decides("zoe", 100))
		if b := gate.Ask(g, better); a.Open && !b.Open {
			t.Fatalf("%+v\n%+v\nshut by good news:\n%+v", g, better, b)
		}
	}
}

// TestSmokeNeverSubmitsTwice drives a gate as a controller does, with runs that
// end as they like.
func TestSmokeNeverSubmitsTwice(t *testing.T) {
	r := rand.New(rand.NewSource(4))
	for range cases / 10 {
		retries := int32(r.Intn(4))
		g := v1alpha1.Gate{Smoke: &v1alpha1.SmokeGate{Template: "test", Retries: retries, Timeout: lasting(10 * time.Minute)}}
		s := gate.State{Now: noon, Candidate: "etl-1", Deployed: noon}
		seen := map[int32]bool{}
		for step := 0; ; step++ {
			a := gate.Ask(g, s)
			if a.Open || a.Failed {
				if a.Failed && len(seen) != int(retries)+1 {
					t.Fatalf("failed after %d attempts of %d", len(seen), retries+1)
				}
				break
			}
			if step > 100 {
				t.Fatalf("it comes to no end: %+v", a)
			}
			if a.Submit != 0 {
				if seen[a.Submit] || a.Submit > retries+1 {
					t.Fatalf("attempt %d is submitted after %v", a.Submit, seen)
				}
				seen[a.Submit] = true
				s.Runs = append(s.Runs, v1alpha1.RunRecord{Name: fmt.Sprint("r", a.Submit), UID: fmt.Sprint(a.Submit), Gate: "smoke", Attempt: a.Submit, Created: *at(s.Now)})
				continue
			}
			last := &s.Runs[len(s.Runs)-1]
			switch r.Intn(3) {
			case 0:
				s.Now = a.Again
			case 1:
				s.Now = s.Now.Add(time.Minute)
				last.Phase, last.Finished = []string{"Failed", "Error", "Succeeded"}[r.Intn(3)], at(s.Now)
			case 2:
				last.Phase = "Running"
			}
		}
	}
}
