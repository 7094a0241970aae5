package chart

import (
	"context"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/tiphys-dev/tiphys/test/chart/pods"
	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

// A Release is one that Helm has installed, and runs its pods here.
type Release struct {
	pods.Release
	*pods.Balancer // the Service of the webhook
	helm           string
}

// Install has Helm install the chart with these arguments of --set, and the API
// server call the webhook at a balancer, which has no pods yet.
func Install(t testing.TB, api *cluster.Cluster, values ...string) *Release {
	t.Helper()
	balancer, err := pods.NewBalancer("webhook")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { balancer.Close() })
	r := &Release{pods.Release{
		Kubeconfig: api.Kubeconfig, Namespace: Namespace, Dir: t.TempDir(), Webhook: testbin.Webhook(t), Controller: testbin.Controller(t),
	}, balancer, testbin.Helm4(t)}
	r.Upgrade(t, values...)
	return r
}

// Upgrade has Helm upgrade it, with these arguments of --set and no others. Pods
// that run go on as they are.
func (r *Release) Upgrade(t testing.TB, values ...string) {
	t.Helper()
	args := []string{"--kubeconfig", r.Kubeconfig, "upgrade", "--install", "tiphys", filepath.Join(testbin.Root(), "charts", "tiphys"),
		"--namespace", Namespace, "--create-namespace", "--reset-values", "--server-side=true", "--force-conflicts"}
	routed := true
	for _, v := range values {
		args = append(args, "--set", v)
		routed = routed && v != "webhook.enabled=false"
	}
	if out, err := exec.Command(r.helm, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if routed {
		if err := r.Route(t.Context(), r.Port()); err != nil {
			t.Fatal(err)
		}
	}
}

// RunWebhook runs a replica of the webhook behind the Service until the test is
// over, and waits until it is ready.
func (r *Release) RunWebhook(t testing.TB, o pods.Options) *pods.Pod {
	t.Helper()
	p, err := r.StartWebhook(t.Context(), o)
	running(t, p, err)
	r.Add(p)
	cluster.Until(t, p.Ready)
	return p
}

// RunController runs a replica of the controller until the test is over, and
// waits until it is ready. Sources may be folders of this machine.
func (r *Release) RunController(t testing.TB, o pods.Options) *pods.Pod {
	t.Helper()
	o.Args = append([]string{"--allow-local-sources"}, o.Args...)
	p, err := r.StartController(t.Context(), o)
	running(t, p, err)
	cluster.Until(t, p.Ready)
	return p
}

// running ends a pod with the test, and shows what it said if the test failed.
func running(t testing.TB, p *pods.Pod, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Kill()
		if log := p.Log(); t.Failed() {
			t.Logf("the end of the log of %s:", p.Name)
			for _, line := range log[max(0, len(log)-60):] {
				t.Log(line)
			}
		}
	})
}

// Stop tells a pod to end and waits until it has.
func (r *Release) Stop(t testing.TB, p *pods.Pod) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 40*time.Second)
	defer cancel()
	if err := p.Stop(ctx); err != nil {
		t.Error(err)
	}
	r.Remove(p)
}
