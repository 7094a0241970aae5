// Package admission shows the webhook at work: the real program, with the rights
// that its chart gives it, behind a real API server.
package admission

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/tiphys-dev/tiphys/test/chart"
	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

const (
	home = chart.Namespace
	name = "tiphys-webhook"
	argo = "system:serviceaccount:argo:argo"
)

// An installation is the chart, installed in an API server, and replicas of the
// webhook behind a balancer.
type installation struct {
	api      *cluster.Cluster
	config   *rest.Config
	core     *kubernetes.Clientset
	objects  dynamic.Interface
	chart    chart.Objects
	balancer *balancer
	proxy    *cluster.Proxy // between the replicas and the API server
}

// install renders the chart and has the API server hold what it renders. The
// Deployment is run here instead: nothing runs pods. The Service has no cluster
// IP that anybody could reach, so it is a name for this machine.
func install(t *testing.T, replicas int, values ...string) *installation {
	t.Helper()
	n := &installation{api: cluster.Start(t)}
	n.config = n.api.Config(t)
	n.config.QPS = -1
	n.core, n.objects = kubernetes.NewForConfigOrDie(n.config), dynamic.NewForConfigOrDie(n.config)
	n.balancer = newBalancer(t)
	n.proxy = n.api.Proxy(t)
	n.space(t, home)
	n.chart = chart.Render(t, append([]string{"drainSeconds=2"}, values...)...)
	n.api.InstallCRDs(t)
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: home}, Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "localhost"}}
	if _, err := n.core.CoreV1().Services(home).Create(t.Context(), service, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	n.chart.Apply(t, n.api, append(append([]string(nil), chart.Rights...), chart.Policies...)...)
	for range replicas {
		n.balancer.add(n.start(t))
	}
	n.balancer.wait(t, replicas)
	for _, kind := range []string{"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"} {
		text := regexp.MustCompile(`port: 443\b`).ReplaceAllString(n.chart.Manifest(t, kind+"/"+name), fmt.Sprint("port: ", n.balancer.port))
		n.kubectl(t, text, "apply", "-f", "-")
	}
	n.trusted(t)
	return n
}

func object(t testing.TB, text string) *unstructured.Unstructured {
	t.Helper()
	return chart.Object(t, text)
}

// trusted waits until the API server calls the webhook with success.
func (n *installation) trusted(t *testing.T) {
	t.Helper()
	n.space(t, "trial")
	probe := object(t, "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: probe}\nspec: {entrypoint: a, templates: [{name: a, dag: {tasks: [{name: a, template: a, depends: b}]}}]}")
	cluster.Until(t, func() error {
		_, err := n.argo("workflows", "trial").Create(t.Context(), probe, metav1.CreateOptions{DryRun: []string{"All"}})
		if err == nil || !strings.Contains(err.Error(), "dag-unknown-dependency") {
			return fmt.Errorf("the webhook does not answer yet: %v", err)
		}
		return nil
	})
}

func (n *installation) space(t *testing.T, name string) {
	t.Helper()
	o := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if _, err := n.core.CoreV1().Namespaces().Create(t.Context(), o, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
}

// argo is the client of a kind of Argo.
func (n *installation) argo(plural, namespace string) dynamic.ResourceInterface {
	return n.as("").Resource(schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: plural}).Namespace(namespace)
}

// as is a client of a user; "" is the administrator.
func (n *installation) as(user string) dynamic.Interface {
	if user == "" {
		return n.objects
	}
	config := rest.CopyConfig(n.config)
	config.Impersonate.UserName, config.Impersonate.Groups = user, []string{"system:masters"}
	return dynamic.NewForConfigOrDie(config)
}

// kubectl runs kubectl as its users do and returns what they see.
func (n *installation) kubectl(t testing.TB, stdin string, args ...string) (string, error) {
	t.Helper()
	c := exec.CommandContext(context.WithoutCancel(t.Context()), testbin.Kubectl(t), append([]string{"--kubeconfig", n.api.Kubeconfig}, args...)...)
	c.Stdin = strings.NewReader(stdin)
	out, err := c.CombinedOutput()
	return string(out), err
}

// policy applies a policy and waits until all replicas are ready to go by it.
func (n *installation) policy(t *testing.T, name, spec string) {
	t.Helper()
	out, err := n.kubectl(t, fmt.Sprintf("apiVersion: tiphys.dev/v1alpha1\nkind: WorkflowPolicy\nmetadata: {name: %s}\nspec:\n%s", name, indent(spec)), "apply", "-f", "-")
	if err != nil {
		t.Fatal(out)
	}
	t.Cleanup(func() { n.kubectl(t, "", "delete", "workflowpolicy", name, "--ignore-not-found") })
	n.enforced(t, name)
}

// enforced waits until status and all replicas tell of the newest generation.
func (n *installation) enforced(t *testing.T, name string) {
	t.Helper()
	cluster.Until(t, func() error {
		out, err := n.kubectl(t, "", "get", "workflowpolicy", name, "-o", "jsonpath={.metadata.generation} {.status.observedGeneration} {.status.activeGeneration}")
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		if f := strings.Fields(out); len(f) != 3 || f[0] != f[1] || f[0] != f[2] {
			return fmt.Errorf("policy %s has generations %q", name, out)
		}
		for _, r := range n.balancer.replicas() {
			if err := r.knows(name, strings.Fields(out)[0]); err != nil {
				return err
			}
		}
		return nil
	})
}

func indent(s string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n  ") + "\n"
}
