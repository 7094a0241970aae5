package chart

import (
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/test/chart/pods"
	"github.com/tiphys-dev/tiphys/test/cluster"
)

// The pods of a release run beside the API server, with nothing but what the
// release gives them, and end as they should.
func TestPods(t *testing.T) {
	api := cluster.Start(t)
	r := Install(t, api, "controller.enabled=true", "controller.page=true", "drainSeconds=0")
	webhook, controller := r.RunWebhook(t, pods.Options{}), r.RunController(t, pods.Options{})
	for _, p := range []*pods.Pod{webhook, controller} {
		if status, text, err := p.Get("/metrics"); err != nil || status != 200 || !strings.Contains(text, "go_goroutines") {
			t.Errorf("metrics of %s: %d, %v", p.Name, status, err)
		}
		r.Stop(t, p)
		if lines := p.Refused(); len(lines) > 0 {
			t.Errorf("rights are missing:\n%s", strings.Join(lines, "\n"))
		}
	}
}
