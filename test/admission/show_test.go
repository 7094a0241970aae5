package admission

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/tiphys-dev/tiphys/test/cluster"
)

func TestAdmission(t *testing.T) {
	n := install(t, 2, "watch.secrets=true", "audit.interval=2s")
	for _, one := range []struct {
		name string
		run  func(*testing.T, *installation, string)
	}{
		{"what kubectl shows", texts},
		{"defaults", defaults},
		{"updates that leave spec alone", updates},
		{"a huge workflow", huge},
		{"one run too many is rejected", reject},
		{"one run too many is queued", queue},
		{"runs at once", race},
		{"waivers", waivers},
		{"a policy comes, breaks and goes", lifecycle},
		{"what the guide says", tried},
		{"who approves is stamped", stamped},
		{"no rights to spare", rights},
		{"certificates roll under load", rotation},
		{"the API server is gone", gone},
		{"replicas are replaced under load", replace},
	} {
		t.Run(one.name, func(t *testing.T) {
			space := cluster.NamespaceName()
			n.space(t, space)
			one.run(t, n, space)
		})
	}
}

const quiet = "entrypoint: main, activeDeadlineSeconds: 60, ttlStrategy: {secondsAfterCompletion: 60}, podGC: {strategy: OnPodCompletion}"

// flow is a workflow that no rule says anything about, with more in its
// container.
func flow(name, space, more string) string {
	return fmt.Sprintf(`apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: %s, namespace: %s}
spec: {%s, templates: [{name: main, container: {image: "busybox:1.36", command: [sh], resources: {requests: {cpu: 1, memory: 1Gi}, limits: {memory: 1Gi}}%s}}]}
`, name, space, quiet, more)
}

// denial cuts what kubectl says before the text of the webhook, and warnings.
func denial(out string) string {
	_, text, _ := strings.Cut(out, `error when creating "STDIN": `)
	return strings.TrimSpace(text)
}

// texts are what users see, to the letter.
func texts(t *testing.T, n *installation, space string) {
	n.policy(t, space, "match: {namespaces: ["+space+"]}\nrules: {resources-missing: deny, secret-ref-unknown: deny}")
	for name, test := range map[string]struct{ object, want string }{
		"a cycle": {
			`apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: cycle, namespace: SPACE}
spec: {` + quiet + `, templates: [
  {name: main, dag: {tasks: [{name: build, template: run, depends: test}, {name: test, template: run, depends: build}]}},
  {name: run, container: {image: "busybox:1.36", command: [sh], resources: {requests: {cpu: 1, memory: 1Gi}, limits: {memory: 1Gi}}}}]}`,
			`admission webhook "validate.tiphys.dev" denied the request: spec.templates[0].dag.tasks[0].name: task "build" waits for itself: build -> test -> build; such a DAG can never start [dag-cycle]`,
		},
		"a missing Secret": {
			flow("secret", space, ", env: [{name: PASSWORD, valueFrom: {secretKeyRef: {name: db-credentials, key: password}}}]"),
			`admission webhook "validate.tiphys.dev" denied the request: spec.templates[0].container.env[0].valueFrom.secretKeyRef.name: Secret "db-credentials" does not exist, so what needs it can never start; create it, or mark the reference optional [secret-ref-unknown, policy SPACE]`,
		},
		"a missing limit": {
			strings.Replace(flow("limit", space, ""), ", limits: {memory: 1Gi}", "", 1),
			`admission webhook "validate.tiphys.dev" denied the request: spec.templates[0].container: the container of template "main" has no limit of memory: one large input, and it takes the memory of all others on its node; write resources, here or for all in templateDefaults [resources-missing, policy SPACE]`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			// Nothing is denied for what an API server that is busy does not
			// confirm in half a second, so a slow machine asks again.
			cluster.Until(t, func() error {
				out, _ := n.kubectl(t, strings.ReplaceAll(test.object, "SPACE", space), "create", "--dry-run=server", "-f", "-")
				if diff := cmp.Diff(strings.ReplaceAll(test.want, "SPACE", space), denial(out)); diff != "" {
					return fmt.Errorf("what kubectl shows (-want +got):\n%s\nall of it:\n%s", diff, out)
				}
				return nil
			})
		})
	}
	t.Run("a Secret in the same breath", func(t *testing.T) {
		for i := range 10 {
			both := fmt.Sprintf("apiVersion: v1\nkind: Secret\nmetadata: {name: breath-%d, namespace: %s}\n---\n", i, space) +
				flow(fmt.Sprint("breath-", i), space, fmt.Sprintf(", env: [{name: P, valueFrom: {secretKeyRef: {name: breath-%d, key: p}}}]", i))
			if out, err := n.kubectl(t, both, "apply", "-f", "-"); err != nil {
				t.Errorf("a Secret that was just created is said to be missing: %s", out)
			}
		}
	})
}

// calls is how many requests all replicas have had.
func (n *installation) calls(t *testing.T) (sum float64) {
	t.Helper()
	for _, r := range n.balancer.replicas() {
		sum += r.metric(t, "tiphys_webhook_requests_total", "")
	}
	return sum
}

// updates writes the status of a thousand workflows, as Argo's controller does
// and as somebody else does, and labels and annotations besides. None of it is a
// call.
func updates(t *testing.T, n *installation, space string) {
	const count = 1000
	all := make([]*unstructured.Unstructured, count)
	each(t, count, func(i int) error {
		var err error
		all[i], err = n.argo("workflows", space).Create(t.Context(), object(t, flow(fmt.Sprint("w", i), space, "")), metav1.CreateOptions{})
		return err
	})
	before := n.calls(t)
	for _, user := range []string{argo, "somebody"} {
		runs := n.as(user).Resource(workflows).Namespace(space)
		each(t, count, func(i int) error {
			u := all[i].DeepCopy()
			u.Object["status"] = map[string]any{"phase": "Running", "by": user, "nodes": map[string]any{"a": map[string]any{"phase": "Succeeded"}}}
			u.SetLabels(map[string]string{"workflows.argoproj.io/phase": "Running"})
			u.SetAnnotations(map[string]string{"a": user})
			u, err := runs.Update(t.Context(), u, metav1.UpdateOptions{})
			if err == nil {
				all[i] = u
			}
			return err
		})
	}
	each(t, count, func(i int) error {
		return n.argo("workflows", space).Delete(t.Context(), all[i].GetName(), metav1.DeleteOptions{})
	})
	if calls := n.calls(t) - before; calls != 0 {
		t.Errorf("%d updates of status and %d deletions were %v calls", 2*count, count, calls)
	}
}

var workflows = schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: "workflows"}

// each calls f for so many numbers, a few at once.
func each(t *testing.T, count int, f func(int) error) {
	t.Helper()
	var next atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < count; i = int(next.Add(1)) - 1 {
				if err := f(i); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

// huge updates a workflow of 5,000 tasks: the conditions of the webhook must not
// cost the API server more than it grants them.
func huge(t *testing.T, n *installation, space string) {
	var b strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&b, "{name: task-%d, template: run, arguments: {parameters: [{name: text, value: %q}]}},\n", i, strings.Repeat("x", 80))
	}
	text := fmt.Sprintf(`apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: huge, namespace: %s}
spec: {%s, parallelism: 10, templates: [{name: main, dag: {tasks: [%s]}}, {name: run, inputs: {parameters: [{name: text}]}, container: {image: "busybox:1.36", command: [sh], resources: {requests: {cpu: 1, memory: 1Gi}, limits: {memory: 1Gi}}}}]}`, space, quiet, b.String())
	u, err := n.argo("workflows", space).Create(t.Context(), object(t, text), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	before := n.calls(t)
	for _, user := range []string{argo, "somebody"} {
		u.Object["status"] = map[string]any{"phase": "Running", "by": user}
		began := time.Now()
		if u, err = n.as(user).Resource(workflows).Namespace(space).Update(t.Context(), u, metav1.UpdateOptions{}); err != nil {
			t.Fatalf("%s: %v", user, err)
		}
		t.Logf("an update by %s of %d bytes took %s", user, len(text), time.Since(began))
	}
	if calls := n.calls(t) - before; calls != 0 {
		t.Errorf("updates of status were %v calls", calls)
	}
}

// rights looks for what the API server has refused to the webhook.
func rights(t *testing.T, n *installation, _ string) {
	for _, r := range n.balancer.replicas() {
		if _, refused := r.lines(); len(refused) > 0 {
			t.Errorf("rights are missing:\n%s", strings.Join(refused, "\n"))
		}
	}
	for verb, resource := range map[string]string{"create": "workflows.argoproj.io", "delete": "workflowpolicies.tiphys.dev", "update": "secrets", "get": "secrets"} {
		out, _ := n.kubectl(t, "", "auth", "can-i", verb, resource, "-n", "default", "--as", "system:serviceaccount:"+home+":"+name)
		if !strings.HasSuffix(strings.TrimSpace(out), "no") {
			t.Errorf("may it %s %s? %s", verb, resource, out)
		}
	}
}
