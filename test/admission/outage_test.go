package admission

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tiphys-dev/tiphys/test/cluster"
)

// gone cuts the replicas off from the API server, which still asks them: they
// answer from memory, and what they do not know is unknown.
func gone(t *testing.T, n *installation, space string) {
	n.policy(t, space, applies(space, "rules: {deadline-missing: deny, secret-ref-unknown: deny}"))
	missing := flow("missing", space, ", env: [{name: P, valueFrom: {secretKeyRef: {name: missing, key: p}}}]")
	if out, err := n.kubectl(t, missing, "apply", "--dry-run=server", "-f", "-"); err == nil {
		t.Fatalf("a missing Secret is let in: %s", out)
	}
	n.proxy.Cut()
	defer n.proxy.Pass()
	cluster.Until(t, func() error {
		for _, r := range n.balancer.replicas() {
			if r.metric(t, "tiphys_webhook_cache_age_seconds", `"Secret"`) == 0 {
				return errors.New("the cache of Secrets has no age")
			}
		}
		return nil
	})
	bad := strings.Replace(flow("w", space, ""), ", activeDeadlineSeconds: 60", "", 1)
	if out, err := n.kubectl(t, bad, "apply", "--dry-run=server", "-f", "-"); err == nil || !strings.Contains(out, "deadline-missing") {
		t.Errorf("the policy is not enforced: %s", out)
	}
	for _, text := range []string{missing, flow("w", space, "")} {
		if out, err := n.kubectl(t, text, "apply", "--dry-run=server", "-f", "-"); err != nil {
			t.Errorf("what cannot be known is denied: %s", out)
		}
	}
	for _, r := range n.balancer.replicas() {
		if status, text, err := r.get("/readyz"); status != http.StatusOK {
			t.Errorf("a replica is not ready: %s, %v", text, err)
		}
	}
	n.proxy.Pass()
	cluster.Until(t, func() error {
		if out, err := n.kubectl(t, missing, "apply", "--dry-run=server", "-f", "-"); err == nil {
			return fmt.Errorf("the API server is back, but a missing Secret is let in: %s", out)
		}
		return nil
	})
}

// replace puts a new replica in the place of each, as a rollout does, while
// objects come in.
func replace(t *testing.T, n *installation, space string) {
	ctx, cancel := context.WithCancel(t.Context())
	var done, failed atomic.Int64
	var load sync.WaitGroup
	for i := range 4 {
		load.Go(func() {
			o := object(t, flow(fmt.Sprint("load-", i), space, ""))
			for ctx.Err() == nil {
				_, err := n.argo("workflows", space).Create(context.WithoutCancel(ctx), o, metav1.CreateOptions{DryRun: []string{"All"}})
				if done.Add(1); err != nil {
					failed.Add(1)
					t.Error(err)
				}
			}
		})
	}
	for _, old := range n.balancer.replicas() {
		n.balancer.add(n.start(t))
		n.balancer.wait(t, 3)
		old.terminate(t)
		n.balancer.remove(old)
	}
	cancel()
	load.Wait()
	if done.Load() < 100 {
		t.Errorf("there were %d requests only", done.Load())
	}
	t.Logf("%d requests while both replicas were replaced, %d failed", done.Load(), failed.Load())
}
