package chart

import (
	"context"
	"os/exec"
	"strings"
	"testing"

	core "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/tiphys-dev/tiphys/test/chart/pods"
	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

// helm test is content with a release that works, and with no other; nothing of
// it is left when it is.
func TestHelmTest(t *testing.T) {
	api := cluster.Start(t)
	r := Install(t, api, "controller.enabled=true", "drainSeconds=0", "validating.failurePolicy=Ignore")
	r.RunWebhook(t, pods.Options{})
	controller := r.RunController(t, pods.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- r.RunTests(ctx, map[string]string{"tiphys-controller.tiphys:8080": controller.Ports["metrics"]})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	test := func(helm string) (string, error) {
		out, err := exec.Command(helm, "--kubeconfig", api.Kubeconfig, "test", "tiphys", "--namespace", Namespace, "--timeout", "1m").CombinedOutput()
		return string(out), err
	}
	set := kubernetes.NewForConfigOrDie(api.Config(t))
	for _, helm := range []string{testbin.Helm3(t), testbin.Helm4(t)} {
		if out, err := test(helm); err != nil {
			t.Errorf("%v: %s", err, out)
		}
		left, err := set.CoreV1().ServiceAccounts(Namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "app.kubernetes.io/component=test"})
		if err != nil || len(left.Items) > 0 {
			t.Errorf("%d service accounts of the test are left, %v", len(left.Items), err)
		}
	}
	// Nobody is asked any more, and with failurePolicy Ignore nothing else would say so.
	r.Upgrade(t, "controller.enabled=true", "drainSeconds=0", "validating.failurePolicy=Ignore", "namespaces.exclude={tiphys}")
	if out, err := test(testbin.Helm4(t)); err == nil {
		t.Errorf("a webhook that is not asked passes: %s", out)
	}
	p, err := set.CoreV1().Pods(Namespace).Get(t.Context(), "tiphys-webhook-test", metav1.GetOptions{})
	if err != nil || p.Status.Phase != core.PodFailed || !strings.Contains(p.Status.Message, "is let in in namespace tiphys") {
		t.Errorf("the pod says %q, %v", p.Status.Message, err)
	}
}
