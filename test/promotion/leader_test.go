package promotion

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/tiphys-dev/tiphys/test/chart"
	"github.com/tiphys-dev/tiphys/test/cluster"
)

// lease is how long a leader that is not heard of is waited for, and retry how
// often the others look.
const (
	lease = 15 * time.Second
	retry = 2 * time.Second
)

// Of two replicas one leads. One that is told to end hands over at once; one that
// is killed is waited out.
func TestLeaderHandsOver(t *testing.T) {
	s := newStage(t)
	one := s.start(s.kubeconfig, "--leader-elect=true")
	first := s.leader("")
	two := s.start(s.kubeconfig, "--leader-elect=true")
	team := s.team("    - {name: dev, ACCOUNT}\n")
	team.reaches("dev 1 Verified")
	if now := s.leader(""); now != first {
		t.Errorf("%s leads, and %s does not any more, which runs", now, first)
	}

	began := time.Now()
	if err := one.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	second := s.leader(first)
	took := time.Since(began)
	t.Logf("told to end, it had handed over after %s", took.Round(10*time.Millisecond))
	if took >= lease {
		t.Error("it was waited out, as if it had been killed")
	}
	if <-one.ended; one.ProcessState.ExitCode() != 0 {
		t.Errorf("it ended with code %d", one.ProcessState.ExitCode())
	}
	team.value("2")
	team.reaches("dev 2 Verified")

	s.start(s.kubeconfig, "--leader-elect=true")
	began = time.Now()
	two.kill()
	s.leader(second)
	took = time.Since(began)
	t.Logf("killed, it was replaced after %s", took.Round(10*time.Millisecond))
	if took < lease/2 || took > 2*lease+retry {
		t.Errorf("it was replaced after %s, and its Lease lasts for %s", took, lease)
	}
	team.value("3")
	team.reaches("dev 3 Verified")
	if got := team.revisions("dev"); got["deployed"] != 1 || got["superseded"] != 2 || len(got) != 2 {
		t.Errorf("of 3 packages there are the revisions %v", got)
	}
}

// leader waits until somebody else leads than before.
func (s *stage) leader(before string) (who string) {
	s.Helper()
	cluster.Until(s, func() error {
		l, err := s.set.CoordinationV1().Leases(chart.Namespace).Get(s.Context(), chart.Controller, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if who = ptr.Deref(l.Spec.HolderIdentity, ""); who == "" || who == before {
			return fmt.Errorf("%q leads", who)
		}
		return nil
	})
	return who
}
