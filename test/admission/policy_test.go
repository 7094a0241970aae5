package admission

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/tiphys-dev/tiphys/test/cluster"
)

func applies(space, spec string) string { return "match: {namespaces: [" + space + "]}\n" + spec }

// defaults shows an object before and after.
func defaults(t *testing.T, n *installation, space string) {
	n.policy(t, space, applies(space, `
defaults:
  metadata: {labels: {team: etl}}
  spec:
    activeDeadlineSeconds: 3600
    ttlStrategy: {secondsAfterCompletion: 86400}
  containers:
    resources: {requests: {cpu: 100m, memory: 128Mi}, limits: {memory: 128Mi}}`))
	before := fmt.Sprintf(`apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  name: hello
  namespace: %s
spec:
  entrypoint: main
  ttlStrategy:
    secondsAfterCompletion: 60
  templates:
    - name: main
      container:
        image: busybox:1.36
        command: [echo, hello]
`, space)
	if out, err := n.kubectl(t, before, "apply", "--server-side", "--field-manager=me", "-f", "-"); err != nil {
		t.Fatal(out)
	}
	u, err := n.argo("workflows", space).Get(t.Context(), "hello", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	u.SetManagedFields(nil)
	for _, f := range []string{"uid", "resourceVersion", "creationTimestamp", "generation"} {
		unstructured.RemoveNestedField(u.Object, "metadata", f)
	}
	text, err := yaml.Marshal(u.Object)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/defaults.yaml", strings.ReplaceAll(string(text), space, "etl"))
	again(t, n, space, strings.NewReplacer("kind: Workflow", "kind: WorkflowTemplate").Replace(before))
}

// again applies a template twice, as GitOps does without end: nothing flaps.
func again(t *testing.T, n *installation, space, template string) {
	var versions []string
	for range 2 {
		if out, err := n.kubectl(t, template, "apply", "--server-side", "--field-manager=me", "-f", "-"); err != nil {
			t.Fatal(out)
		}
		u, err := n.argo("workflowtemplates", space).Get(t.Context(), "hello", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if _, ok, _ := unstructured.NestedFieldNoCopy(u.Object, "spec", "activeDeadlineSeconds"); !ok {
			t.Errorf("the template has no defaults: %v", u.Object)
		}
		versions = append(versions, u.GetResourceVersion())
	}
	if versions[0] != versions[1] {
		t.Errorf("applied again, version %s of the template has become %s", versions[0], versions[1])
	}
	if out, err := n.kubectl(t, template, "diff", "--server-side", "--field-manager=me", "-f", "-"); err != nil {
		t.Errorf("kubectl diff: %v\n%s", err, out)
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func (n *installation) complete(t *testing.T, space, name string) {
	t.Helper()
	patch := []byte(`{"metadata":{"labels":{"workflows.argoproj.io/completed":"true"}}}`)
	if _, err := n.as(argo).Resource(workflows).Namespace(space).Patch(t.Context(), name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
}

// reject shows who holds the slots, to people and to Argo's own controller.
func reject(t *testing.T, n *installation, space string) {
	n.policy(t, space, applies(space, "concurrency: {max: 2, per: namespace, exceeded: reject}"))
	for _, name := range []string{"first", "second"} {
		if out, err := n.kubectl(t, flow(name, space, ""), "apply", "-f", "-"); err != nil {
			t.Fatal(out)
		}
	}
	out, err := n.kubectl(t, flow("third", space, ""), "apply", "-f", "-")
	want := fmt.Sprintf(`admission webhook "validate.tiphys.dev" denied the request: 2 runs of namespace %q may exist at once, and "first" and "second" are not over: wait, or stop the oldest with argo stop first -n %s [policy %s]`, space, space, space)
	if diff := cmp.Diff(want, denial(out)); err == nil || diff != "" {
		t.Errorf("what kubectl shows (-want +got):\n%s", diff)
	}
	if out, err := n.kubectl(t, flow("third", space, ""), "apply", "--dry-run=server", "-f", "-"); err == nil {
		t.Errorf("a dry run says that it would be let in: %s", out)
	}
	_, err = n.as(argo).Resource(workflows).Namespace(space).Create(t.Context(), object(t, flow("cron", space, "")), metav1.CreateOptions{})
	if err == nil || !strings.Contains(err.Error(), `admission webhook "runs.tiphys.dev" denied the request`) {
		t.Errorf("Argo's controller: %v", err)
	}
	n.complete(t, space, "first")
	for range 3 { // a dry run takes no slot
		if out, err := n.kubectl(t, flow("fourth", space, ""), "apply", "--dry-run=server", "-f", "-"); err != nil {
			t.Fatal(out)
		}
	}
	// Nor does a run that is denied for something else.
	if out, err := n.kubectl(t, strings.Replace(flow("bad", space, ""), "entrypoint: main", "entrypoint: mian", 1), "apply", "-f", "-"); err == nil {
		t.Fatal(out)
	}
	if out, err := n.kubectl(t, flow("fourth", space, ""), "apply", "-f", "-"); err != nil {
		t.Errorf("a slot is free, but: %s", out)
	}
}

// queue shows what is injected, and the number that the semaphore goes by.
func queue(t *testing.T, n *installation, space string) {
	n.policy(t, space, applies(space, "concurrency: {max: 2, per: namespace}"))
	maps := n.core.CoreV1().ConfigMaps(space)
	if out, err := n.kubectl(t, flow("trial", space, ""), "apply", "--dry-run=server", "-f", "-"); err != nil {
		t.Fatal(out)
	}
	if m, err := maps.Get(t.Context(), "tiphys-concurrency", metav1.GetOptions{}); err == nil {
		t.Errorf("a dry run has written %v", m.Data)
	}
	if out, err := n.kubectl(t, flow("first", space, ""), "apply", "-f", "-"); err != nil {
		t.Fatal(out)
	}
	u, err := n.argo("workflows", space).Get(t.Context(), "first", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	list, _, err := unstructured.NestedSlice(u.Object, "spec", "synchronization", "semaphores")
	if err != nil || len(list) != 1 {
		t.Fatalf("the semaphores are %v, %v", list, err)
	}
	ref := list[0].(map[string]any)["configMapKeyRef"].(map[string]any)
	number := func() string {
		m, err := maps.Get(t.Context(), fmt.Sprint(ref["name"]), metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return m.Data[fmt.Sprint(ref["key"])]
	}
	if got := number(); got != "2" {
		t.Errorf("the semaphore lets %q runs run", got)
	}
	n.policy(t, space, applies(space, "concurrency: {max: 5, per: namespace}"))
	cluster.Until(t, func() error { // by the audit that follows a change
		if got := number(); got != "5" {
			return fmt.Errorf("with another policy, the semaphore lets %q runs run", got)
		}
		return nil
	})
}

// race creates runs at once, through both replicas.
func race(t *testing.T, n *installation, space string) {
	n.policy(t, space, applies(space, "concurrency: {max: 3, per: namespace, exceeded: reject}"))
	for round := range 3 {
		var created atomic.Int32
		var all sync.WaitGroup
		for i := range 16 {
			all.Go(func() {
				o := object(t, flow("", space, ""))
				unstructured.RemoveNestedField(o.Object, "metadata", "name")
				o.SetGenerateName(fmt.Sprintf("race-%d-%d-", round, i))
				if _, err := n.argo("workflows", space).Create(t.Context(), o, metav1.CreateOptions{}); err == nil {
					created.Add(1)
				} else if !strings.Contains(err.Error(), "may exist at once") {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if got := created.Load(); got != 3 {
			t.Errorf("round %d: %d runs were created where 3 may exist", round, got)
		}
		list, err := n.argo("workflows", space).List(t.Context(), metav1.ListOptions{LabelSelector: "workflows.argoproj.io/completed!=true"})
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range list.Items {
			n.complete(t, space, u.GetName())
		}
	}
}

// waivers shows one that holds and one that is over.
func waivers(t *testing.T, n *installation, space string) {
	bad := strings.Replace(flow("w", space, ""), ", activeDeadlineSeconds: 60", "", 1)
	for day, allowed := range map[int]bool{-1: false, 0: true, 1: true} {
		until := time.Now().UTC().AddDate(0, 0, day).Format(time.DateOnly)
		n.policy(t, space, applies(space, "rules: {deadline-missing: deny}\nwaivers: [{rule: deadline-missing, reason: until it is mended, until: "+until+"}]"))
		out, err := n.kubectl(t, bad, "apply", "--dry-run=server", "-f", "-")
		if (err == nil) != allowed {
			t.Errorf("with a waiver until day %d: %s", day, out)
		}
	}
	if out, err := n.kubectl(t, strings.Replace(flow("w", space, ""), "quiet", "", 1), "apply", "-f", "-"); err != nil {
		t.Fatal(out)
	}
	n.policy(t, space, applies(space, "rules: {deadline-missing: deny}\nwaivers: [{rule: deadline-missing, reason: r, until: 2026-01-01}, {rule: dag-cycle, reason: r, until: 2099-01-01}]"))
	cluster.Until(t, func() error {
		out, err := n.kubectl(t, "", "get", "workflowpolicy", space, "-o", "jsonpath={.status.waivers[*].state}")
		if err != nil || out != "Expired Unused" {
			return fmt.Errorf("the waivers are %q, %v", out, err)
		}
		return nil
	})
}

// lifecycle changes a policy while objects come in.
func lifecycle(t *testing.T, n *installation, space string) {
	bad := strings.Replace(flow("w", space, ""), ", activeDeadlineSeconds: 60", "", 1)
	denied := func(want bool) {
		t.Helper()
		out, err := n.kubectl(t, bad, "apply", "--dry-run=server", "-f", "-")
		if got := err != nil; got != want {
			t.Errorf("denied is %v: %s", got, out)
		}
	}
	denied(false)
	n.policy(t, space, applies(space, "rules: {deadline-missing: deny}"))
	denied(true)
	broken := fmt.Sprintf("apiVersion: tiphys.dev/v1alpha1\nkind: WorkflowPolicy\nmetadata: {name: %s}\nspec: {match: {namespaces: [%s]}, rules: {deadline-mising: deny}}", space, space)
	out, err := n.kubectl(t, broken, "apply", "-f", "-")
	if err == nil || !strings.Contains(out, `did you mean "deadline-missing"?`) {
		t.Errorf("a broken policy is let in: %s", out)
	}
	denied(true)
	if out, err := n.kubectl(t, "", "delete", "workflowpolicy", space); err != nil {
		t.Fatal(out)
	}
	cluster.Until(t, func() error {
		if out, err := n.kubectl(t, bad, "apply", "--dry-run=server", "-f", "-"); err != nil {
			return fmt.Errorf("the policy is gone: %s", out)
		}
		return nil
	})
}
