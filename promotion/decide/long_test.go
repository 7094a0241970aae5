package decide

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/gate"
)

// TestLongMessages: what others say is cut to what an API server takes. What it
// did not take would be done again and again, and never recorded.
func TestLongMessages(t *testing.T) {
	long := strings.Repeat("\u00e9", 1<<17)
	var gates []v1alpha1.Gate
	for i := range 16 {
		gates = append(gates, v1alpha1.Gate{Name: fmt.Sprint("lint", i), Lint: &v1alpha1.LintGate{}})
	}
	var findings []string
	for range 100 {
		findings = append(findings, long)
	}
	for name, s := range map[string]State{
		"of linting": {Lint: map[Place]*gate.Lint{{"etl-1", "dev"}: {Problem: long}}},
		"findings":   {Lint: map[Place]*gate.Lint{{"etl-1", "dev"}: {Errors: 100, First: findings}}},
		"in the way": {Faults: []Fault{{Place: Place{Environment: "dev"}, Reason: "Retrying", Message: long}}},
		"of a deployment": {Outcome: &Outcome{Action: Action{Verb: Deploy, Place: Place{"etl-1", "dev"}}, Failed: long,
			Deployment: &v1alpha1.Deployment{Revision: 1, Release: "etl", Namespace: "dev"}}},
	} {
		t.Run(name, func(t *testing.T) {
			s.Now = begin
			s.Promotion = &v1alpha1.Promotion{ObjectMeta: metav1.ObjectMeta{Name: "etl", Namespace: "team"},
				Spec: v1alpha1.PromotionSpec{Environments: []v1alpha1.Environment{{Name: "dev", Gates: gates}}}}
			one := v1alpha1.Candidate{ObjectMeta: metav1.ObjectMeta{Name: "etl-1"}, Spec: v1alpha1.CandidateSpec{Promotion: "etl", Digest: "sha256:0123456789"}}
			one.Status.Latest = &metav1.MicroTime{Time: begin}
			if s.Outcome != nil {
				one.Status.Environments = []v1alpha1.CandidateEnvironment{{Name: "dev", State: v1alpha1.Deploying, Since: metav1.NewTime(begin)}}
			}
			s.Candidates = []v1alpha1.Candidate{one}
			d := Decide(s)
			for _, c := range append(d.Promotion.Conditions, d.Candidates["etl-1"].Conditions...) {
				if len(c.Message) > 32<<10 {
					t.Errorf("condition %s has %d bytes", c.Type, len(c.Message))
				}
			}
			text, err := json.Marshal([]any{d.Promotion, d.Candidates["etl-1"]})
			if err != nil || len(text) > 1<<18 {
				t.Errorf("what is recorded has %d bytes: %v", len(text), err)
			}
			for _, n := range d.News {
				if len(n.Message) > 1<<12 {
					t.Errorf("news has %d bytes", len(n.Message))
				}
			}
		})
	}
}

// TestOftenDrift: an interval of next to nothing does not keep the controller at
// it.
func TestOftenDrift(t *testing.T) {
	env := v1alpha1.Environment{Name: "dev", Drift: &v1alpha1.Drift{Interval: metav1.Duration{Duration: time.Millisecond}}}
	w := newWorld(t, v1alpha1.PromotionSpec{Environments: []v1alpha1.Environment{env}})
	w.push()
	w.settle()
	s := w.state()
	s.Now = s.Now.Add(time.Hour + time.Millisecond)
	if d := Decide(s); len(d.Drift) != 1 {
		t.Fatalf("drift is looked for in %v", d.Drift)
	}
	looked := stamp(s.Now)
	s.Drift = map[string]*v1alpha1.DriftStatus{"dev": {Looked: looked}}
	if d := Decide(s); len(d.Drift) != 0 || d.Again.Before(looked.Add(time.Minute)) {
		t.Errorf("drift is looked for again in %v, and at %s", d.Drift, d.Again)
	}
}
