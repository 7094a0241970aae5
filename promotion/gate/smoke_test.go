package gate_test

import (
	"testing"
	"time"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/gate"
)

func TestSmoke(t *testing.T) {
	run := func(attempt int32, phase string, created, finished int) v1alpha1.RunRecord {
		r := v1alpha1.RunRecord{Name: "etl-smoke-" + string('0'+attempt), UID: string('0' + attempt), Gate: "smoke", Attempt: attempt, Phase: phase, Created: *at(minute(created))}
		if phase != "Running" && phase != "" {
			r.Finished = at(minute(finished))
			r.Message = "child 'load' failed\nand more"
		}
		return r
	}
	all := func(r ...v1alpha1.RunRecord) []v1alpha1.RunRecord { return r }
	with := func(r v1alpha1.RunRecord, f func(*v1alpha1.RunRecord)) v1alpha1.RunRecord { f(&r); return r }
	for sentence, c := range map[string]struct {
		now  int
		runs []v1alpha1.RunRecord
		want want
	}{
		"the first one":                {0, nil, want{reason: "SmokeMissing", submit: 1}},
		"it is there":                  {1, all(run(1, "", 0, 0)), want{reason: "SmokeRunning", says: []string{"attempt 1 of 3", "until 2026-03-02T12:10:00Z"}, again: minute(10)}},
		"it runs":                      {9, all(run(1, "Running", 0, 0)), want{reason: "SmokeRunning", again: minute(10), evidence: []string{"etl-smoke-1, attempt 1: Running since"}}},
		"it succeeds":                  {9, all(run(1, "Succeeded", 0, 5)), want{open: true, reason: "SmokeSucceeded", evidence: []string{"Succeeded at 2026-03-02T12:05:00Z after 5m0s"}}},
		"it fails":                     {9, all(run(1, "Failed", 0, 5)), want{reason: "SmokeRetrying", says: []string{"failed: child 'load' failed;", "attempt 2 of 3"}, submit: 2}},
		"it breaks":                    {9, all(run(1, "Error", 0, 5)), want{reason: "SmokeRetrying", submit: 2}},
		"it takes too long":            {10, all(run(1, "Running", 0, 0)), want{reason: "SmokeRetrying", says: []string{"took longer than 10m0s"}, submit: 2, stop: "etl-smoke-1"}},
		"it was told to stop":          {11, all(with(run(1, "Running", 0, 0), func(r *v1alpha1.RunRecord) { r.Stopping = true })), want{reason: "SmokeRetrying", submit: 2}},
		"it does not stop":             {12, all(run(1, "Running", 0, 0), run(2, "Running", 11, 0)), want{reason: "SmokeRunning", stop: "etl-smoke-1", again: minute(21)}},
		"stopped, it succeeds late":    {12, all(run(1, "Succeeded", 0, 10)), want{reason: "SmokeRetrying", says: []string{"took longer"}, submit: 2}},
		"it had succeeded in time":     {12, all(run(1, "Succeeded", 0, 9), run(2, "Running", 11, 0)), want{open: true, reason: "SmokeSucceeded"}},
		"the second succeeds":          {20, all(run(2, "Succeeded", 6, 9), run(1, "Failed", 0, 5)), want{open: true, reason: "SmokeSucceeded"}},
		"the last one fails":           {20, all(run(3, "Failed", 10, 11), run(2, "Failed", 6, 9), run(1, "Failed", 0, 5)), want{failed: true, reason: "SmokeFailed", says: []string{"no attempt of 3 is left"}, evidence: []string{"attempt 1", "attempt 2", "attempt 3"}}},
		"the last one takes too long":  {30, all(run(3, "Running", 20, 0)), want{failed: true, reason: "SmokeFailed", stop: "etl-smoke-3"}},
		"one of before the deployment": {1, all(run(1, "Succeeded", -1, 1)), want{reason: "SmokeMissing", submit: 1}},
		"one of another gate":          {1, all(with(run(1, "Succeeded", 0, 1), func(r *v1alpha1.RunRecord) { r.Gate = "deep" })), want{reason: "SmokeMissing", submit: 1}},
		"one of another candidate":     {1, all(with(run(1, "Succeeded", 0, 1), func(r *v1alpha1.RunRecord) { r.Candidate = "etl-2" })), want{reason: "SmokeMissing", submit: 1}},
		"one of an earlier revision":   {1, all(with(run(1, "Succeeded", 0, 1), func(r *v1alpha1.RunRecord) { r.Revision = 6 })), want{reason: "SmokeMissing", submit: 1}},
		"clocks differ":                {1, all(with(run(1, "Succeeded", -1, 1), func(r *v1alpha1.RunRecord) { r.Revision = 7 })), want{open: true, reason: "SmokeSucceeded"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			s := gate.State{Now: minute(c.now), Candidate: "etl-1", Deployed: noon, Revision: 7, Runs: c.runs}
			check(t, gate.Ask(v1alpha1.Gate{Smoke: &v1alpha1.SmokeGate{Template: "smoke-test", Retries: 2, Timeout: lasting(10 * time.Minute)}}, s), c.want)
		})
	}
	g := v1alpha1.Gate{Smoke: &v1alpha1.SmokeGate{Template: "smoke-test"}}
	check(t, gate.Ask(g, gate.State{Now: noon}), want{reason: "NotDeployed"})
	check(t, gate.Ask(g, gate.State{Now: noon, Deployed: noon, Runs: all(run(1, "Running", 0, 0))}), want{reason: "SmokeRunning", again: minute(15)})
}
