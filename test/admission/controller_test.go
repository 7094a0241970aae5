package admission

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/test/chart"
	"github.com/tiphys-dev/tiphys/test/cluster"
)

// TestController runs the real program with the arguments and the rights of the
// chart: it leads, sees what there is, and writes what becomes of a promotion.
func TestController(t *testing.T) {
	api := cluster.Start(t)
	kubeconfig, args := chart.InstallController(t, api, "webhook.enabled=false", "controller.page=true")
	r := runController(t, append(args, "--kubeconfig="+kubeconfig))
	cluster.Until(t, func() error {
		if status, text, err := r.get("/readyz"); err != nil || status != http.StatusOK {
			return fmt.Errorf("the controller is not ready: %s, %v", text, err)
		}
		return nil
	})
	g := newGuard(t, api)
	cluster.Until(t, func() error {
		if out, err := g.as(t, "", "", "get", "promotion", "etl", "-o", "jsonpath={.status.conditions[*].type}"); err != nil || !strings.Contains(out, "Ready") {
			return fmt.Errorf("the status of the promotion is %q", out)
		}
		return nil
	})
	if _, refused := r.lines(); len(refused) > 0 {
		t.Errorf("rights are missing:\n%s", strings.Join(refused, "\n"))
	}
}
