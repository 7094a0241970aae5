package promotion

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/tiphys-dev/tiphys/test/cluster"
)

// A controller that is told to end while a deployment waits ends it tidily: no
// revision is left pending.
func TestEndedWhileDeploying(t *testing.T) {
	s := newStage(t)
	p := s.start(s.kubeconfig, "--leader-elect=true")
	team := s.team("    - {name: dev, ACCOUNT}\n")
	team.reaches("dev 1 Verified")
	// Nobody runs pods here: it never gets ready.
	team.push("wait", map[string]string{
		"etl/values.yaml": "a: 2\n",
		"etl/templates/wait.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: wait\nspec:\n  selector:\n    matchLabels: {app: wait}\n" +
			"  template:\n    metadata:\n      labels: {app: wait}\n    spec:\n      containers:\n        - {name: main, image: \"example.com/wait:1.0.0\"}\n",
	})
	cluster.Until(t, func() error {
		if got := team.live("dev"); got != "2" {
			return fmt.Errorf("dev runs %s", got)
		}
		return nil
	})
	began := time.Now()
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-p.ended
	if took := time.Since(began); took > 25*time.Second || p.ProcessState.ExitCode() != 0 {
		t.Errorf("it ended after %s with code %d", took, p.ProcessState.ExitCode())
	}
	if got := team.revisions("dev"); got["deployed"] != 1 || got["pending-upgrade"] != 0 {
		t.Errorf("there are the revisions %v", got)
	}
}
