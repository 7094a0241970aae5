package gate_test

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/gate"
)

// noon is when things are deployed in these tests.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// minute is some minutes after noon.
func minute(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }

func at(t time.Time) *metav1.Time { return &metav1.Time{Time: t} }

func lasting(d time.Duration) metav1.Duration { return metav1.Duration{Duration: d} }

// A want is what is to be answered: words of the message, and more.
type want struct {
	open, failed bool
	reason       string
	says         []string // parts of the message
	again        time.Time
	look         gate.Look
	submit       int32
	stop         string
	evidence     []string // parts of its lines
}

func check(t *testing.T, a gate.Answer, w want) {
	t.Helper()
	if a.Open != w.open || a.Failed != w.failed || a.Reason != w.reason {
		t.Errorf("open %v, failed %v, %s; want open %v, failed %v, %s\n%s", a.Open, a.Failed, a.Reason, w.open, w.failed, w.reason, a.Message)
	}
	if !a.Again.Equal(w.again) {
		t.Errorf("again at %s, want %s", a.Again, w.again)
	}
	if a.Look != w.look || a.Submit != w.submit || a.Stop != w.stop {
		t.Errorf("look %d, submit %d, stop %q; want %d, %d, %q", a.Look, a.Submit, a.Stop, w.look, w.submit, w.stop)
	}
	for _, s := range w.says {
		if !strings.Contains(a.Message, s) {
			t.Errorf("message %q does not say %q", a.Message, s)
		}
	}
	for _, s := range w.evidence {
		if !strings.Contains(strings.Join(a.Evidence, "\n"), s) {
			t.Errorf("evidence %q does not have %q", a.Evidence, s)
		}
	}
	sound(t, a)
}

// sound checks what every answer promises.
func sound(t *testing.T, a gate.Answer) {
	t.Helper()
	if a.Message == "" || strings.HasSuffix(a.Message, ".") || a.Reason == "" || strings.ContainsAny(a.Reason, " -") {
		t.Errorf("reason %q, message %q", a.Reason, a.Message)
	}
	if strings.Contains(a.Message, "\n") || strings.Contains(strings.Join(a.Evidence, ""), "\n") {
		t.Errorf("message %q, evidence %q of several lines", a.Message, a.Evidence)
	}
	if a.Open && (a.Failed || a.Submit != 0 || a.Look != 0) {
		t.Errorf("open, and %+v", a)
	}
}

func TestUnknown(t *testing.T) {
	check(t, gate.Ask(v1alpha1.Gate{}, gate.State{Now: noon}), want{reason: "Unknown"})
}

func TestLint(t *testing.T) {
	for sentence, c := range map[string]struct {
		failOn string
		lint   *gate.Lint
		want   want
	}{
		"nobody linted":             {"", nil, want{reason: "NotLinted", look: gate.LookLint}},
		"nothing is found":          {"", &gate.Lint{}, want{open: true, reason: "LintPassed", says: []string{"no error"}}},
		"an error holds":            {"", &gate.Lint{Errors: 1, First: []string{"x"}}, want{reason: "LintFindings", says: []string{"1 error;"}, evidence: []string{"x"}}},
		"a warning does not":        {"error", &gate.Lint{Warnings: 2}, want{open: true, reason: "LintPassed", says: []string{"no error and 2 warnings"}}},
		"a warning does, if wanted": {"warning", &gate.Lint{Warnings: 2}, want{reason: "LintFindings"}},
		"a key is missing":          {"", &gate.Lint{Problem: "no key opens prod"}, want{reason: "LintImpossible", says: []string{"no key opens prod"}}},
	} {
		t.Run(sentence, func(t *testing.T) {
			check(t, gate.Ask(v1alpha1.Gate{Lint: &v1alpha1.LintGate{FailOn: c.failOn}}, gate.State{Now: noon, Lint: c.lint}), c.want)
		})
	}
}

func TestSoak(t *testing.T) {
	failed := func(created, finished int) v1alpha1.RunRecord {
		return v1alpha1.RunRecord{Name: "nightly-7", UID: "7", Phase: "Failed", Created: *at(minute(created)), Finished: at(minute(finished))}
	}
	for sentence, c := range map[string]struct {
		now    int
		health *gate.Health
		runs   []v1alpha1.RunRecord
		want   want
	}{
		"nobody looked": {1, nil, nil, want{reason: "HealthUnknown", look: gate.LookHealth}},
		"it soaks": {1, &gate.Health{Since: minute(-5), Looked: minute(1)}, nil,
			want{reason: "Soaking", says: []string{"well since 2026-03-02T12:00:00Z", "until 2026-03-02T13:00:00Z"}, again: minute(60)}},
		"it became well later":                  {10, &gate.Health{Since: minute(7), Looked: minute(10)}, nil, want{reason: "Soaking", again: minute(67)}},
		"a run failed":                          {10, &gate.Health{Since: noon, Looked: minute(10)}, []v1alpha1.RunRecord{failed(1, 9)}, want{reason: "Soaking", says: []string{"nightly-7 failed at"}, again: minute(69)}},
		"a run of what was there before failed": {10, &gate.Health{Since: noon, Looked: minute(10)}, []v1alpha1.RunRecord{failed(-1, 9)}, want{reason: "Soaking", again: minute(60)}},
		"time is up, and nobody looked since":   {60, &gate.Health{Since: noon, Looked: minute(59)}, nil, want{reason: "Soaking", look: gate.LookHealth}},
		"time is up, and it is well":            {60, &gate.Health{Since: noon, Looked: minute(60)}, nil, want{open: true, reason: "Soaked", says: []string{"1h0m0s"}}},
		"time was up, and it is not well":       {70, &gate.Health{Problem: "Deployment etl: 0 of 1 ready", Looked: minute(70)}, nil, want{reason: "Unhealthy", says: []string{"0 of 1 ready"}, again: minute(71)}},
		"it was not well a minute ago":          {71, &gate.Health{Problem: "x", Looked: minute(70)}, nil, want{reason: "Unhealthy", look: gate.LookHealth}},
	} {
		t.Run(sentence, func(t *testing.T) {
			check(t, gate.Ask(v1alpha1.Gate{Soak: &v1alpha1.SoakGate{For: lasting(time.Hour)}},
				gate.State{Now: minute(c.now), Deployed: noon, Health: c.health, Runs: c.runs}), c.want)
		})
	}
	check(t, gate.Ask(v1alpha1.Gate{Soak: &v1alpha1.SoakGate{}}, gate.State{Now: noon}), want{reason: "NotDeployed"})
}

func TestRuns(t *testing.T) {
	run := func(name, phase string, created, finished int) v1alpha1.RunRecord {
		r := v1alpha1.RunRecord{Name: name, UID: name, CronWorkflow: "nightly", Template: "etl", Phase: phase, Created: *at(minute(created))}
		if phase != "Running" {
			r.Finished = at(minute(finished))
		}
		return r
	}
	all := func(r ...v1alpha1.RunRecord) []v1alpha1.RunRecord { return r }
	smoke := run("smoke", "Failed", 5, 6)
	smoke.Gate = "smoke"
	other := run("other", "Failed", 5, 6)
	other.CronWorkflow = "hourly"
	for sentence, c := range map[string]struct {
		runs []v1alpha1.RunRecord
		want want
	}{
		"none yet":            {nil, want{reason: "RunsMissing", says: []string{"0 of 2 runs of CronWorkflow nightly", "after 2 more", "deployed at 2026-03-02T12:00:00Z"}}},
		"one":                 {all(run("a", "Succeeded", 0, 1)), want{reason: "RunsMissing", says: []string{"1 of 2", "after 1 more"}, evidence: []string{"a: Succeeded at 2026-03-02T12:01:00Z after 1m0s"}}},
		"two":                 {all(run("b", "Succeeded", 2, 3), run("a", "Succeeded", 0, 1)), want{open: true, reason: "RunsSucceeded", says: []string{"2 of 2"}}},
		"one began before":    {all(run("b", "Succeeded", 2, 3), run("a", "Succeeded", -1, 1)), want{reason: "RunsMissing", says: []string{"1 of 2"}}},
		"a failure between":   {all(run("a", "Succeeded", 0, 1), run("b", "Failed", 2, 3), run("c", "Succeeded", 4, 5)), want{reason: "RunsMissing", says: []string{"1 of 2", "b failed at"}}},
		"a failure at last":   {all(run("a", "Succeeded", 0, 1), run("b", "Succeeded", 2, 3), run("c", "Error", 4, 5)), want{reason: "RunsMissing", says: []string{"0 of 2", "c failed"}}},
		"by end, not begin":   {all(run("a", "Failed", 0, 9), run("b", "Succeeded", 1, 3), run("c", "Succeeded", 4, 5)), want{reason: "RunsMissing", says: []string{"0 of 2"}}},
		"one is running":      {all(run("a", "Succeeded", 0, 1), run("b", "Succeeded", 2, 3), run("c", "Running", 4, 0)), want{open: true, reason: "RunsSucceeded"}},
		"told so":             {all(run("c", "Running", 4, 0)), want{reason: "RunsMissing", says: []string{"c runs now"}}},
		"one is known twice":  {all(run("a", "Succeeded", 0, 1), run("a", "Succeeded", 0, 1), run("a", "Running", 0, 0)), want{reason: "RunsMissing", says: []string{"1 of 2"}}},
		"a smoke run failed":  {all(run("a", "Succeeded", 0, 1), smoke, run("b", "Succeeded", 7, 8)), want{open: true, reason: "RunsSucceeded"}},
		"another one failed":  {all(run("a", "Succeeded", 0, 1), other, run("b", "Succeeded", 7, 8)), want{open: true, reason: "RunsSucceeded"}},
		"both in one second":  {all(run("a", "Succeeded", 0, 1), run("b", "Succeeded", 0, 3), run("c", "Failed", 0, 3)), want{reason: "RunsMissing", says: []string{"0 of 2"}}},
		"more than necessary": {all(run("a", "Failed", 0, 1), run("b", "Succeeded", 0, 2), run("c", "Succeeded", 0, 3), run("d", "Succeeded", 0, 4)), want{open: true, reason: "RunsSucceeded", says: []string{"2 of 2"}, evidence: []string{"c: ", "d: "}}},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := gate.State{Now: minute(100), Deployed: noon, Runs: c.runs}
			check(t, gate.Ask(v1alpha1.Gate{Runs: &v1alpha1.RunsGate{CronWorkflow: "nightly", Count: 2}}, s), c.want)
		})
	}
	check(t, gate.Ask(v1alpha1.Gate{Runs: &v1alpha1.RunsGate{Template: "etl"}}, gate.State{Deployed: noon, Runs: all(run("a", "Succeeded", 0, 1))}),
		want{open: true, reason: "RunsSucceeded", says: []string{"1 of 1 run of template etl"}})
	check(t, gate.Ask(v1alpha1.Gate{Runs: &v1alpha1.RunsGate{Template: "etl"}}, gate.State{}), want{reason: "NotDeployed"})
}
