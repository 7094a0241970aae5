package promotion

import (
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/tiphys-dev/tiphys/test/cluster"
)

// A controller that is killed at some write while an environment goes back from a
// candidate whose smoke test failed comes to the same end: what was there before
// runs, and there is one revision for each deployment.
func TestKilledGoingBack(t *testing.T) {
	s := newStage(t)
	c := s.counter()
	p := s.start(c.kubeconfig)
	for n := 1; ; n += 4 { // of some thirty; to try them all takes minutes
		team := s.team("    - {name: dev, ACCOUNT, onFailure: rollback, gates: [{smoke: {template: smoke}}]}\n")
		team.reaches("dev 1 Verified")
		running, killed := p, make(chan struct{})
		c.arm(n, func() { running.kill(); close(killed) })
		team.value(bad)
		back := make(chan struct{})
		go func() {
			defer close(back)
			for t.Context().Err() == nil && team.rolledBack() != nil {
				pause()
			}
		}()
		done := false
		select {
		case <-killed:
			p = s.start(c.kubeconfig)
		case <-back:
			done = true
			t.Logf("killed at each of %d writes", c.writes())
		}
		cluster.Until(t, team.rolledBack)
		c.arm(0, nil)
		<-back
		if got := team.revisions("dev"); got["deployed"] != 1 || got["superseded"] != 2 || len(got) != 2 {
			t.Errorf("killed at write %d there are the revisions %v", n, got)
		}
		runs, err := s.objects.Resource(workflows).Namespace(team.in("dev")).List(t.Context(), metav1.ListOptions{})
		if err != nil || len(runs.Items) != 3 {
			t.Errorf("killed at write %d there are %d smoke runs of 3 deployments: %v", n, len(runs.Items), err)
		}
		s.must(nil, s.objects.Resource(promotions).Namespace(team.space).Delete(t.Context(), "etl", metav1.DeleteOptions{}))
		if done {
			break
		}
	}
}

// rolledBack tells what is missing until the first candidate runs again, verified,
// and the second one is RolledBack.
func (t *team) rolledBack() error {
	o, err := t.objects.Resource(promotions).Namespace(t.space).Get(t.Context(), "etl", metav1.GetOptions{})
	if err != nil {
		return err
	}
	all, err := t.objects.Resource(candidates).Namespace(t.space).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		return err
	}
	n := 0
	for i := range all.Items {
		if state, _, _ := unstructured.NestedString(all.Items[i].Object, "status", "state"); state == "RolledBack" {
			n++
		}
	}
	if text := fmt.Sprint(o.Object["status"]); n != 1 || countVerified(text) != 1 || t.live("dev") != "1" {
		return fmt.Errorf("%d are rolled back, and dev runs %s: %s", n, t.live("dev"), text)
	}
	return nil
}
