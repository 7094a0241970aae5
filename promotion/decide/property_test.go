package decide

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// TestHistories lets anything happen to a promotion, in any order, and holds
// every step to the rules of the game: see checkMoves, checkRecord and deploy.
func TestHistories(t *testing.T) {
	n := 400
	if testing.Short() {
		n = 40
	}
	for seed := range n {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(uint64(seed), 7))
			w := newWorld(t, randomSpec(r))
			if r.IntN(2) == 0 {
				w.crash = func() bool { return r.IntN(12) == 0 }
			}
			for range 60 {
				w.happen(r)
				d := w.settle()
				w.checkSettled(r, d)
			}
		})
	}
}

func randomSpec(r *rand.Rand) v1alpha1.PromotionSpec {
	s := v1alpha1.PromotionSpec{}
	minute := func(n int) metav1.Duration { return metav1.Duration{Duration: time.Duration(n) * time.Minute} }
	for _, name := range []string{"dev", "qa", "prod"}[:2+r.IntN(2)] {
		e := v1alpha1.Environment{Name: name, OnFailure: v1alpha1.Hold}
		if r.IntN(2) == 0 {
			e.OnFailure = v1alpha1.Rollback
		}
		for _, g := range []v1alpha1.Gate{
			{Lint: &v1alpha1.LintGate{}},
			{Approval: &v1alpha1.ApprovalGate{Count: 1}},
			{Window: &v1alpha1.WindowGate{Allow: []v1alpha1.Window{{Schedule: "0 8 * * 1-5", Duration: minute(600)}}}},
			{Smoke: &v1alpha1.SmokeGate{Template: "smoke", Retries: int32(r.IntN(2))}},
			{Runs: &v1alpha1.RunsGate{CronWorkflow: "nightly", Count: 2}},
			{Soak: &v1alpha1.SoakGate{For: minute(1 + r.IntN(30))}},
			{Metric: &v1alpha1.MetricGate{Query: "x", Max: nil}},
		} {
			if r.IntN(5) < 2 {
				e.Gates = append(e.Gates, g)
			}
		}
		s.Environments = append(s.Environments, e)
	}
	return s
}

// happen has one thing happen.
func (w *world) happen(r *rand.Rand) {
	names := slices.Sorted(maps.Keys(w.candidates))
	env := &w.promotion.Spec.Environments[r.IntN(len(w.promotion.Spec.Environments))]
	switch r.IntN(20) {
	case 0, 1:
		c := w.push()
		w.fate[c] = pick(r, []string{"", "", "", "", "transient", "refused", "broken"})
		w.bad[c] = r.IntN(8) == 0
	case 2:
		for c := range w.fate {
			if w.fate[c] == "transient" {
				w.fate[c] = ""
			}
		}
	case 3, 4:
		if c := pick(r, names); c != "" {
			w.approve(env.Name, c, v1alpha1.ToApprove)
		}
	case 5:
		if c := pick(r, names); c != "" && r.IntN(2) == 0 {
			w.approve(env.Name, c, v1alpha1.ToReject)
		}
	case 6:
		if a := pick(r, slices.Sorted(maps.Keys(w.approvals))); a != "" {
			w.say("approval %s is deleted", a)
			delete(w.approvals, a)
		}
	case 7:
		env.Freeze = nil
		if r.IntN(2) == 0 {
			env.Freeze = &v1alpha1.Freeze{Reason: "audit"}
		}
		w.say("freeze of %s: %v", env.Name, env.Freeze != nil)
	case 8:
		env.Pin = nil
		if c := pick(r, names); c != "" && r.IntN(2) == 0 {
			env.Pin = &v1alpha1.Pin{Candidate: c, Reason: "as asked", At: stamp(w.now)}
		}
		w.say("pin of %s: %v", env.Name, env.Pin)
	case 9:
		w.sick[env.Name] = r.IntN(2) == 0
	case 10:
		w.promotion.Spec.Suspend = r.IntN(3) == 0
		w.say("suspend: %v", w.promotion.Spec.Suspend)
	case 11:
		w.say("restart")
		w.forget()
	case 12, 13, 14:
		w.endRuns(r)
	case 15:
		w.n++
		end := stamp(w.now)
		w.runs[env.Name] = append(w.runs[env.Name], v1alpha1.RunRecord{Name: fmt.Sprint("nightly-", w.n), UID: fmt.Sprint("uid-", w.n), CronWorkflow: "nightly",
			Created: stamp(w.now), Finished: &end, Phase: pick(r, []string{"Succeeded", "Succeeded", "Failed"})})
	default:
		if next := Decide(w.state()).Again; !next.IsZero() && r.IntN(3) > 0 {
			w.now = next
		} else {
			w.now = w.now.Add(time.Duration(r.IntN(40)) * time.Minute)
		}
	}
}

func (w *world) endRuns(r *rand.Rand) {
	for env := range w.runs {
		for i := range w.runs[env] {
			if run := &w.runs[env][i]; !over(run) && r.IntN(2) == 0 {
				run.Phase = pick(r, []string{"Succeeded", "Succeeded", "Failed", "Error"})
				end := stamp(w.now)
				run.Finished = &end
				w.say("run %s: %s", run.Name, run.Phase)
			}
		}
		if r.IntN(3) == 0 { // as Argo collects them
			w.runs[env] = slices.DeleteFunc(w.runs[env], func(x v1alpha1.RunRecord) bool { return over(&x) })
		}
	}
}

// checkSettled holds a settled promotion to deciding the same again, and to
// changing nothing before the time it names.
func (w *world) checkSettled(r *rand.Rand, last Decision) {
	again := Decide(w.state())
	if len(again.Needs) > 0 {
		w.fail("facts are wanted again: %v", again.Needs)
	}
	if len(again.Candidates) > 0 || again.Changed && last.Action.Verb == Nothing {
		w.fail("deciding again records something: %v\n%s", again.Candidates, cmp.Diff(w.promotion.Status, again.Promotion))
	}
	transient := again.Action.Verb == Deploy && w.fate[again.Action.Candidate] == "transient"
	if again.Action.Verb != Nothing && !transient {
		w.fail("there is something left to do: %+v", again.Action)
	}
	if transient {
		return
	}
	left := 48 * time.Hour
	if !again.Again.IsZero() {
		if !again.Again.After(w.now) {
			w.fail("it is to be decided again at %s, which is over", again.Again)
		}
		left = again.Again.Sub(w.now)
	}
	s := w.state()
	s.Now = w.now.Add(time.Duration(r.Int64N(int64(left))))
	if d := Decide(s); len(d.Candidates) > 0 || d.Changed || d.Action.Verb != Nothing || len(d.Needs) > 0 {
		w.fail("at %s something changes by itself, before %s: %+v %v %v", s.Now, again.Again, d.Action, d.Needs, cmp.Diff(w.promotion.Status, d.Promotion))
	}
}
