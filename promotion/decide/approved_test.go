package decide

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// TestApprovedBefore: an approval from before a candidate was there is of another
// one, whose digest began with the same digits. A rejection holds all the same.
func TestApprovedBefore(t *testing.T) {
	w := newWorld(t, v1alpha1.PromotionSpec{Environments: []v1alpha1.Environment{{Name: "dev", Gates: []v1alpha1.Gate{{Approval: &v1alpha1.ApprovalGate{Count: 1}}}}}})
	name := w.push()
	w.candidates[name].CreationTimestamp = metav1.NewTime(begin)
	decided := func(d v1alpha1.Decision, at time.Time) {
		w.approvals = map[string]v1alpha1.Approval{"a": {
			ObjectMeta: metav1.ObjectMeta{Name: "a", CreationTimestamp: metav1.NewTime(at)},
			Spec:       v1alpha1.ApprovalSpec{Promotion: "etl", Candidate: name, Environment: "dev", Decision: d, By: v1alpha1.Approver{User: "bob"}},
		}}
		w.settle()
	}
	for _, step := range []struct {
		d    v1alpha1.Decision
		at   time.Time
		want v1alpha1.State
	}{
		{v1alpha1.ToApprove, begin.Add(-time.Second), v1alpha1.Waiting},
		{v1alpha1.ToReject, begin.Add(-time.Second), v1alpha1.Rejected},
		{v1alpha1.ToApprove, begin, v1alpha1.Verified},
	} {
		decided(step.d, step.at)
		if got := state(w.candidates[name], "dev"); got != step.want {
			t.Errorf("with %s at %s it is %s, and not %s", step.d, step.at, got, step.want)
		}
	}
}
