package decide

import (
	"testing"
	"time"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// The clock of an API server that is behind or ahead of ours has a smoke run
// neither overlooked nor submitted twice.
func TestSmokeRunByAnotherClock(t *testing.T) {
	for _, skew := range []time.Duration{-2 * time.Minute, -time.Second, 0, 2 * time.Minute} {
		for _, byPin := range []bool{false, true} {
			w := newWorld(t, v1alpha1.PromotionSpec{Environments: []v1alpha1.Environment{
				{Name: "dev", Gates: []v1alpha1.Gate{{Smoke: &v1alpha1.SmokeGate{Template: "smoke", Retries: 1}}}},
			}})
			w.skew = skew
			c := w.push()
			w.settle()
			if byPin { // Helm numbers nothing then
				e := entry(w.candidates[c], "dev")
				e.Deployment.Revision, e.Deployment.Commit = 0, "0123456789"
				e.Runs, w.runs = nil, map[string][]v1alpha1.RunRecord{}
				w.revisions["dev"] = 0
				w.settle()
			}
			for i := range w.runs["dev"] {
				end := stamp(w.now.Add(skew + 10*time.Second))
				w.runs["dev"][i].Phase, w.runs["dev"][i].Finished = "Succeeded", &end
			}
			w.now = w.now.Add(10 * time.Second)
			w.settle()
			if s := state(w.candidates[c], "dev"); s != v1alpha1.Verified || len(w.runs["dev"]) != 1 {
				t.Errorf("with a clock that is %s ahead, and by pin: %v, it is %s after %d runs", skew, byPin, s, len(w.runs["dev"]))
			}
		}
	}
}
