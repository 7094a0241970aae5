package decide

import (
	"testing"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// A freeze holds what could not be deployed yet, and not the way back.
func TestFreezeBetweenAttempts(t *testing.T) {
	w := newWorld(t, v1alpha1.PromotionSpec{Environments: []v1alpha1.Environment{{Name: "dev"}}})
	first := w.push()
	w.settle()
	second := w.push()
	w.fate[second] = "transient"
	if d := w.settle(); d.Action.Verb != Deploy {
		t.Fatalf("it is to %q", d.Action.Verb)
	}
	env := w.env("dev")
	env.Freeze = &v1alpha1.Freeze{Reason: "incident"}
	w.fate[second] = ""
	if w.settle(); w.live["dev"] != first || w.promotion.Status.BlockedBy != "dev/freeze" {
		t.Errorf("frozen, dev runs %s, and is blocked by %q", w.live["dev"], w.promotion.Status.BlockedBy)
	}
	env.Freeze = nil
	if w.settle(); w.live["dev"] != second {
		t.Errorf("not frozen any more, dev runs %s", w.live["dev"])
	}
	env.Freeze = &v1alpha1.Freeze{Reason: "incident"}
	env.Pin = &v1alpha1.Pin{Candidate: first, At: stamp(w.now)}
	w.fate[first] = "transient"
	w.settle()
	w.fate[first] = ""
	if w.settle(); w.live["dev"] != first {
		t.Errorf("pinned, dev runs %s", w.live["dev"])
	}
}
