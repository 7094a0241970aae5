package decide

import (
	"testing"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// Whoever is killed between two records, at any of them, leaves what the next one
// makes whole: a candidate that failed is RolledBack, and deployed once.
func TestKilledBetweenRecords(t *testing.T) {
	for n := 1; ; n++ {
		w := newWorld(t, v1alpha1.PromotionSpec{Environments: []v1alpha1.Environment{
			{Name: "dev", OnFailure: v1alpha1.Rollback, Gates: []v1alpha1.Gate{{Smoke: &v1alpha1.SmokeGate{Template: "smoke"}}}},
		}})
		end := func(phase string) {
			at := stamp(w.now)
			r := &w.runs["dev"][len(w.runs["dev"])-1]
			r.Phase, r.Finished = phase, &at
			w.settle()
		}
		first := w.push()
		w.settle()
		end("Succeeded")
		left := n
		w.crash = func() bool { left--; return left == 0 }
		second := w.push()
		w.settle()
		end("Failed")
		end("Succeeded")
		if s := state(w.candidates[second], "dev"); s != v1alpha1.RolledBack || state(w.candidates[first], "dev") != v1alpha1.Verified || w.revisions["dev"] != 3 {
			w.fail("killed at %d, one is %s, the other %s, after %d revisions", n, state(w.candidates[first], "dev"), s, w.revisions["dev"])
		}
		if left > 0 {
			break
		}
	}
}
