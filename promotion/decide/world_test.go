package decide

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/gate"
)

// A world is what a promotion is in: a clock, a cluster where nothing but what
// the test does happens, and what is recorded.
type world struct {
	t          *testing.T
	now        time.Time
	promotion  *v1alpha1.Promotion
	candidates map[string]*v1alpha1.Candidate
	approvals  map[string]v1alpha1.Approval
	// live is what runs in each environment, revisions count its deployments,
	// been is what ever ran there.
	live      map[string]string
	revisions map[string]int32
	been      map[Place]bool
	// deployedAt is when the last revision of each environment was made.
	deployedAt map[string]metav1.Time
	runs       map[string][]v1alpha1.RunRecord
	sick       map[string]bool
	// fate is what becomes of deployments by candidate: "", "transient", "refused", "broken".
	fate  map[string]string
	asked map[Place]time.Time
	// seen are the facts of the process; a restart loses them.
	lint    map[Place]*gate.Lint
	health  map[Place]*gate.Health
	metrics map[Place]map[string]gate.Metric
	bad     map[string]bool // lint finds errors
	// skew is how far the clock of the API server is ahead.
	skew  time.Duration
	crash func() bool
	n     int
	log   []string
}

var begin = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) // a Monday

func newWorld(t *testing.T, spec v1alpha1.PromotionSpec) *world {
	w := &world{
		t: t, now: begin, candidates: map[string]*v1alpha1.Candidate{}, approvals: map[string]v1alpha1.Approval{},
		live: map[string]string{}, revisions: map[string]int32{}, deployedAt: map[string]metav1.Time{}, been: map[Place]bool{}, runs: map[string][]v1alpha1.RunRecord{},
		sick: map[string]bool{}, fate: map[string]string{}, asked: map[Place]time.Time{}, bad: map[string]bool{},
		promotion: &v1alpha1.Promotion{ObjectMeta: metav1.ObjectMeta{Name: "etl", Namespace: "team", Generation: 1}, Spec: spec},
	}
	w.forget()
	return w
}

// forget is what a restart does.
func (w *world) forget() {
	w.lint, w.health, w.metrics = map[Place]*gate.Lint{}, map[Place]*gate.Health{}, map[Place]map[string]gate.Metric{}
}

func (w *world) state() State {
	s := State{Now: w.now, Promotion: w.promotion.DeepCopy(), Runs: map[string][]v1alpha1.RunRecord{},
		Lint: w.lint, Health: w.health, Metrics: w.metrics, Asked: w.asked}
	for _, name := range slices.Sorted(maps.Keys(w.candidates)) {
		s.Candidates = append(s.Candidates, *w.candidates[name].DeepCopy())
	}
	for _, name := range slices.Sorted(maps.Keys(w.approvals)) {
		s.Approvals = append(s.Approvals, w.approvals[name])
	}
	for env, all := range w.runs {
		s.Runs[env] = slices.Clone(all)
	}
	return s
}

func (w *world) say(format string, args ...any) {
	w.log = append(w.log, w.now.Format("02 15:04:05 ")+fmt.Sprintf(format, args...))
}

func (w *world) fail(format string, args ...any) {
	w.t.Helper()
	for _, l := range w.log[max(0, len(w.log)-60):] {
		w.t.Log(l)
	}
	w.t.Fatalf(format, args...)
}

// push makes a new candidate.
func (w *world) push() string {
	w.n++
	digest := fmt.Sprintf("sha256:%07x%057x", w.n, 0)
	name := fmt.Sprintf("etl-%03d", w.n)
	latest := metav1.NewMicroTime(w.now)
	for _, c := range w.candidates {
		if !latest.After(c.Status.Latest.Time) {
			latest = metav1.NewMicroTime(c.Status.Latest.Add(time.Microsecond))
		}
	}
	w.candidates[name] = &v1alpha1.Candidate{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "team"},
		Spec:       v1alpha1.CandidateSpec{Promotion: "etl", Digest: digest, Chart: "etl", Version: "1", Parts: 1, Author: "Ada <ada@example.org>"},
		Status:     v1alpha1.CandidateStatus{Latest: &latest},
	}
	w.say("push %s", name)
	return name
}

func (w *world) approve(env, candidate string, d v1alpha1.Decision) string {
	name := fmt.Sprintf("a-%d", len(w.approvals)+w.n*100)
	w.approvals[name] = v1alpha1.Approval{
		ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.NewTime(w.now)},
		Spec: v1alpha1.ApprovalSpec{Promotion: "etl", Candidate: candidate, Environment: env, Decision: d,
			By: v1alpha1.Approver{User: "bob"}},
	}
	w.say("%s %s for %s", d, candidate, env)
	return name
}

func (w *world) env(name string) *v1alpha1.Environment {
	for i := range w.promotion.Spec.Environments {
		if e := &w.promotion.Spec.Environments[i]; e.Name == name {
			return e
		}
	}
	return nil
}

// settle decides, acts and records until nothing is left to do, as the
// controller does.
func (w *world) settle() Decision {
	w.t.Helper()
	var outcome *Outcome
	var faults []Fault
	for range 100 {
		s := w.state()
		s.Outcome, s.Faults = outcome, faults
		d := Decide(s)
		if len(d.Needs) > 0 {
			w.look(d.Needs)
			continue
		}
		if w.crash != nil && w.crash() {
			w.say("crash before recording")
			w.forget()
			outcome, faults = nil, nil
			continue
		}
		if !w.record(s, d) {
			w.say("crash while recording")
			w.forget()
			outcome, faults = nil, nil
			continue
		}
		outcome = nil
		if d.More {
			continue
		}
		if len(faults) > 0 || d.Action.Verb == Nothing {
			return d
		}
		outcome, faults = w.act(d.Action)
		if w.crash != nil && w.crash() {
			w.say("crash after acting")
			w.forget()
			outcome, faults = nil, nil
		}
	}
	w.fail("it never settles")
	return Decision{}
}

func (w *world) look(needs map[Place]gate.Look) {
	for at, look := range needs {
		if look&gate.LookLint != 0 {
			w.lint[at] = &gate.Lint{}
			if w.bad[at.Candidate] {
				w.lint[at].Errors = 1
			}
		}
		if look&gate.LookHealth != 0 {
			w.health[at] = &gate.Health{Looked: w.now}
			if w.sick[at.Environment] {
				w.health[at].Problem = "Deployment/x is not ready"
			}
		}
		if look&gate.LookMetric != 0 {
			w.metrics[at] = map[string]gate.Metric{}
			for _, g := range w.env(at.Environment).Gates {
				w.metrics[at][g.ID()] = gate.Metric{Value: 1, At: w.now}
			}
		}
	}
}

// record writes what was decided, and holds it to what must always be. It returns
// false when it was killed before all was written.
func (w *world) record(s State, d Decision) bool {
	for i, name := range Order(s, d) {
		if i > 0 && w.crash != nil && w.crash() {
			return false
		}
		status := d.Candidates[name]
		w.checkMoves(w.candidates[name], &status)
		w.candidates[name].Status = status
	}
	w.promotion.Status = d.Promotion
	w.checkRecord()
	return true
}

// checkMoves holds what is recorded newly as Deploying to the rules.
func (w *world) checkMoves(before *v1alpha1.Candidate, after *v1alpha1.CandidateStatus) {
	for i := range after.Environments {
		e := &after.Environments[i]
		was := state(before, e.Name)
		if was != e.State {
			w.say("%s in %s: %s -> %s (%s)", before.Name, e.Name, was, e.State, e.Message)
		}
		if e.State != v1alpha1.Deploying || was == v1alpha1.Deploying {
			continue
		}
		env := w.env(e.Name)
		at := slices.IndexFunc(w.promotion.Spec.Environments, func(x v1alpha1.Environment) bool { return x.Name == e.Name })
		pinned := env.Pin != nil && env.Pin.Candidate == before.Name
		hadBeen := w.been[Place{before.Name, e.Name}]
		goesBack := env.OnFailure == v1alpha1.Rollback && strings.HasPrefix(e.History[len(e.History)-1].Message, "goes back, as")
		if w.promotion.Spec.Suspend {
			w.fail("%s enters %s of a suspended promotion", before.Name, e.Name)
		}
		if goesBack && !hadBeen {
			w.fail("%s goes back to %s, which never was there", e.Name, before.Name)
		}
		if goesBack || pinned && hadBeen {
			continue
		}
		if env.Freeze != nil {
			w.fail("%s enters %s, which is frozen", before.Name, e.Name)
		}
		if env.Pin != nil && !pinned {
			w.fail("%s enters %s, which is pinned to %s", before.Name, e.Name, env.Pin.Candidate)
		}
		if at > 0 {
			prev := entry(&v1alpha1.Candidate{Status: *after}, w.promotion.Spec.Environments[at-1].Name)
			if prev == nil || prev.Verified == nil {
				w.fail("%s enters %s without being verified before", before.Name, e.Name)
			}
		}
		var last *v1alpha1.Approval // all are by one user
		for _, a := range w.approvals {
			if a.Spec.Candidate == before.Name && a.Spec.Environment == e.Name &&
				(last == nil || last.CreationTimestamp.Before(&a.CreationTimestamp) || last.CreationTimestamp.Equal(&a.CreationTimestamp) && a.Spec.Decision == v1alpha1.ToReject) {
				last = &a
			}
		}
		if last != nil && last.Spec.Decision == v1alpha1.ToReject {
			w.fail("%s enters %s, rejected", before.Name, e.Name)
		}
		if f := entry(before, e.Name); f != nil && f.Failed != nil && !(pinned && f.Failed.Before(&env.Pin.At)) {
			w.fail("%s is tried again in %s, where it failed", before.Name, e.Name)
		}
	}
}

// checkRecord holds what is recorded to the invariants.
func (w *world) checkRecord() {
	for _, env := range w.promotion.Spec.Environments {
		var coming, there []string
		for name, c := range w.candidates {
			e := entry(c, env.Name)
			if e == nil {
				continue
			}
			switch e.State {
			case v1alpha1.Deploying, v1alpha1.Proposed:
				coming = append(coming, name)
			case v1alpha1.Verifying, v1alpha1.Verified:
				there = append(there, name)
			}
			if len(e.History) > mostHistory {
				w.fail("%s has a history of %d entries", name, len(e.History))
			}
		}
		if len(coming) > 1 {
			w.fail("%v are deployed to %s at once", coming, env.Name)
		}
		if len(there) > 1 {
			w.fail("%v are in %s at once", there, env.Name)
		}
	}
}

// act does what was decided in the world.
func (w *world) act(a Action) (*Outcome, []Fault) {
	w.say("%s %s in %s %s", a.Verb, a.Candidate, a.Environment, a.Run)
	if w.promotion.Spec.Suspend {
		w.fail("%s of a suspended promotion", a.Verb)
	}
	switch a.Verb {
	case Submit:
		return w.submit(a), nil
	case Stop:
		for i := range w.runs[a.Environment] {
			if r := &w.runs[a.Environment][i]; r.Name == a.Run {
				r.Stopping = true
			}
		}
		return &Outcome{Action: a}, nil
	case Deploy:
		return w.deploy(a)
	}
	w.fail("nobody can %s", a.Verb)
	return nil, nil
}

func (w *world) submit(a Action) *Outcome {
	for i := range w.runs[a.Environment] {
		if r := w.runs[a.Environment][i]; r.Name == a.Run {
			return &Outcome{Action: a, Run: &r}
		}
	}
	w.n++
	r := v1alpha1.RunRecord{Name: a.Run, UID: fmt.Sprint("uid-", w.n), Gate: a.Gate, Attempt: a.Attempt, Candidate: a.Candidate, Created: stamp(w.now.Add(w.skew)), Phase: "Running",
		Revision: w.revisions[a.Environment]}
	w.runs[a.Environment] = append(w.runs[a.Environment], r)
	return &Outcome{Action: a, Run: &r}
}

func (w *world) deploy(a Action) (*Outcome, []Fault) {
	for _, r := range w.runs[a.Environment] {
		if r.Gate != "" && !over(&r) && !r.Stopping && w.live[a.Environment] == r.Candidate && w.now.Before(r.Created.Add(15*time.Minute)) {
			w.fail("smoke run %s of %s is cut", r.Name, a.Environment)
		}
	}
	switch w.fate[a.Candidate] {
	case "transient":
		return nil, []Fault{{Place: a.Place, Reason: "ClusterUnreachable", Message: "the cluster cannot be reached"}}
	case "refused":
		return &Outcome{Action: a, Failed: "findings stop it"}, nil
	}
	if w.live[a.Environment] != a.Candidate || w.fate[a.Candidate] == "broken" {
		w.revisions[a.Environment]++
		w.deployedAt[a.Environment] = stamp(w.now)
	}
	d := &v1alpha1.Deployment{At: w.deployedAt[a.Environment], Revision: w.revisions[a.Environment], Release: "etl", Namespace: a.Environment}
	w.live[a.Environment] = a.Candidate
	if w.fate[a.Candidate] == "broken" {
		return &Outcome{Action: a, Deployment: d, Failed: "it is not ready in time"}, nil
	}
	w.been[a.Place] = true
	return &Outcome{Action: a, Deployment: d}, nil
}

// pick returns one of all, "" of none.
func pick(r *rand.Rand, all []string) string {
	if len(all) == 0 {
		return ""
	}
	return all[r.IntN(len(all))]
}
