package runs_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	core "k8s.io/api/core/v1"
	rbac "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/runs"
	"github.com/tiphys-dev/tiphys/test/cluster"
)

var resource = schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: "workflows"}

// A room is a namespace of a test.
type room struct {
	t         *testing.T
	config    *rest.Config
	namespace string
}

func newRoom(t *testing.T, config *rest.Config) room {
	t.Helper()
	r := room{t, config, cluster.NamespaceName()}
	_, err := kubernetes.NewForConfigOrDie(config).CoreV1().Namespaces().Create(t.Context(), &core.Namespace{ObjectMeta: metav1.ObjectMeta{Name: r.namespace}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r room) workflows() dynamic.ResourceInterface {
	return dynamic.NewForConfigOrDie(r.config).Resource(resource).Namespace(r.namespace)
}

// create makes a Workflow with labels, and anything else.
func (r room) create(name string, labels map[string]string, more ...func(*unstructured.Unstructured)) {
	r.t.Helper()
	u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "spec": map[string]any{}}}
	u.SetName(name)
	u.SetLabels(labels)
	u.SetAnnotations(map[string]string{"much": strings.Repeat("x", 1000)})
	for _, f := range more {
		f(u)
	}
	if _, err := r.workflows().Create(r.t.Context(), u, metav1.CreateOptions{}); err != nil {
		r.t.Fatal(err)
	}
}

// set changes a Workflow at a path.
func (r room) set(name string, value any, path ...string) {
	r.t.Helper()
	u, err := r.workflows().Get(r.t.Context(), name, metav1.GetOptions{})
	if err == nil {
		err = unstructured.SetNestedField(u.Object, value, path...)
	}
	if err == nil {
		_, err = r.workflows().Update(r.t.Context(), u, metav1.UpdateOptions{})
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// news are the namespaces that were told to have changed.
type news struct {
	mu  sync.Mutex
	all map[string]int
}

func (n *news) changed(cluster runs.Key, namespace, _ string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all[string(cluster)+"|"+namespace]++
}

func (n *news) count(cluster runs.Key, namespace string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.all[string(cluster)+"|"+namespace]
}

func start(t *testing.T, config *rest.Config) (*runs.Watcher, *news) {
	n := &news{all: map[string]int{}}
	w := runs.New(runs.Options{Config: config, Changed: n.changed})
	t.Cleanup(w.Close)
	return w, n
}

// names waits until the runs of a namespace are these and all of them.
func names(t *testing.T, w *runs.Watcher, key runs.Key, namespace string, want ...string) {
	t.Helper()
	cluster.Until(t, func() error {
		all, synced := w.Runs(key, namespace, time.Time{})
		var got []string
		for _, r := range all {
			got = append(got, r.Name+" "+r.Phase)
		}
		if d := cmp.Diff(want, got); d != "" || !synced {
			return fmt.Errorf("synced %v, problem %q, %s", synced, w.Problem(key, namespace), d)
		}
		return nil
	})
}

func Test(t *testing.T) {
	c := cluster.Start(t)
	config := c.Config(t)
	t.Run("what is told of a run", func(t *testing.T) { testRecord(t, config) })
	t.Run("other clusters, by namespace", func(t *testing.T) { testOther(t, config) })
	t.Run("a watch that is cut", func(t *testing.T) { testCut(t, c.Proxy(t), config) })
	t.Run("many, in pages", func(t *testing.T) { testMany(t, config) })
	t.Run("who may see runs", func(t *testing.T) { testMaySee(t, config) })
	t.Run("no permission, and no Argo", func(t *testing.T) { testProblem(t, config) })
}

func testRecord(t *testing.T, config *rest.Config) {
	r, elsewhere := newRoom(t, config), newRoom(t, config)
	r.create("nightly-1", map[string]string{"workflows.argoproj.io/cron-workflow": "nightly", "workflows.argoproj.io/phase": "Running"}, func(u *unstructured.Unstructured) {
		u.Object["spec"] = map[string]any{"workflowTemplateRef": map[string]any{"name": "etl"}}
	})
	r.create("smoke-1", map[string]string{
		v1alpha1.GateLabel: "smoke", v1alpha1.AttemptLabel: "2", v1alpha1.RevisionLabel: "7", v1alpha1.CandidateLabel: "etl-0123456789ab",
		v1alpha1.PromotionLabel: "etl", v1alpha1.NamespaceLabel: "team",
	}, func(u *unstructured.Unstructured) {
		u.Object["spec"] = map[string]any{"shutdown": "Stop"}
		u.Object["status"] = map[string]any{"phase": "Failed", "message": "stopped", "finishedAt": "2026-03-02T12:00:00Z", "startedAt": nil, "nodes": map[string]any{"a": map[string]any{"phase": "Failed"}}}
	})
	w, n := start(t, config)
	if all, synced := w.Runs(runs.Local, r.namespace, time.Time{}); all != nil || synced {
		t.Errorf("%v, %v before anybody looked", all, synced)
	}
	names(t, w, runs.Local, r.namespace, "nightly-1 Running", "smoke-1 Failed")
	cluster.Until(t, func() error {
		if n.count(runs.Local, r.namespace) == 0 {
			return errors.New("nobody told that the first look is over")
		}
		return nil
	})
	got, _ := w.Runs(runs.Local, r.namespace, time.Time{})
	finished := metav1.NewTime(time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC).Local())
	want := []v1alpha1.RunRecord{
		{Name: "nightly-1", UID: got[0].UID, CronWorkflow: "nightly", Template: "etl", Phase: "Running", Created: got[0].Created},
		{Name: "smoke-1", UID: got[1].UID, Gate: "smoke", Attempt: 2, Revision: 7, Candidate: "etl-0123456789ab", Promotion: "team/etl", Stopping: true,
			Phase: "Failed", Message: "stopped", Created: got[1].Created, Finished: &finished},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if all, _ := w.Runs(runs.Local, r.namespace, got[1].Created.Add(time.Second)); len(all) != 1 || all[0].Name != "smoke-1" {
		t.Errorf("of runs that are older than that there are %v, and not the smoke run alone", all)
	}

	before := n.count(runs.Local, r.namespace)
	elsewhere.create("other", nil)
	r.set("nightly-1", "no news", "metadata", "annotations", "note")
	r.set("nightly-1", "Succeeded", "status", "phase")
	names(t, w, runs.Local, r.namespace, "nightly-1 Succeeded", "smoke-1 Failed")
	if err := r.workflows().Delete(t.Context(), "smoke-1", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	names(t, w, runs.Local, r.namespace, "nightly-1 Succeeded")
	cluster.Until(t, func() error {
		if got := n.count(runs.Local, r.namespace) - before; got != 2 {
			return fmt.Errorf("%d changes are told, want 2: the run ended, and the other one went", got)
		}
		return nil
	})
	if got := n.count(runs.Local, elsewhere.namespace); got != 0 {
		t.Errorf("%d changes of a namespace that nobody asked for", got)
	}
	names(t, w, runs.Local, elsewhere.namespace, "other ")
}

func testOther(t *testing.T, config *rest.Config) {
	a, b := newRoom(t, config), newRoom(t, config)
	a.create("a1", nil)
	b.create("b1", nil)
	w, n := start(t, config)
	key := runs.KeyOf("team", "prod", []byte("kubeconfig"))
	if key == runs.KeyOf("team", "prod", []byte("another")) || key == runs.KeyOf("others", "prod", []byte("kubeconfig")) || strings.Contains(string(key), "kubeconfig") {
		t.Errorf("the key is %s", key)
	}
	if _, synced := w.Runs(key, a.namespace, time.Time{}); synced || w.Problem(key, a.namespace) == "" {
		t.Error("a cluster that nobody told of is seen")
	}
	w.Connect(key, config)
	names(t, w, key, a.namespace, "a1 ")
	names(t, w, key, b.namespace, "b1 ")
	w.Forget(key, a.namespace)
	told := n.count(key, a.namespace)
	a.create("a2", nil)
	b.create("b2", nil)
	names(t, w, key, b.namespace, "b1 ", "b2 ")
	if n.count(key, a.namespace) != told {
		t.Error("what was forgotten is told of")
	}
	names(t, w, key, a.namespace, "a1 ", "a2 ")
	w.Forget(key)
	if _, synced := w.Runs(key, b.namespace, time.Time{}); synced {
		t.Error("a cluster that was forgotten is seen")
	}
}

func testCut(t *testing.T, p *cluster.Proxy, config *rest.Config) {
	r := newRoom(t, config)
	r.create("one", nil)
	w, n := start(t, p.Through(config))
	names(t, w, runs.Local, r.namespace, "one ")
	p.Cut()
	cluster.Until(t, func() error {
		if all, synced := w.Runs(runs.Local, r.namespace, time.Time{}); synced || len(all) != 1 {
			return fmt.Errorf("%v, %v while nothing can be seen", all, synced)
		}
		return nil
	})
	if got := w.Problem(runs.Local, r.namespace); !strings.Contains(got, "cannot be seen") {
		t.Errorf("problem %q", got)
	}
	r.create("two", nil)
	r.set("one", "Failed", "status", "phase")
	before := n.count(runs.Local, r.namespace)
	p.Pass()
	names(t, w, runs.Local, r.namespace, "one Failed", "two ")
	if n.count(runs.Local, r.namespace) == before {
		t.Error("nobody told what happened meanwhile")
	}
}

func testMany(t *testing.T, config *rest.Config) {
	config = rest.CopyConfig(config)
	config.QPS, config.Burst = 1000, 1000
	r := newRoom(t, config)
	var want []string
	for i := range 250 {
		r.create(fmt.Sprintf("run-%03d", i), map[string]string{"workflows.argoproj.io/phase": "Succeeded"})
		want = append(want, fmt.Sprintf("run-%03d Succeeded", i))
	}
	t.Setenv("KUBE_FEATURE_WatchListClient", "false")
	w, _ := start(t, config)
	names(t, w, runs.Local, r.namespace, want...)
}

func testMaySee(t *testing.T, config *rest.Config) {
	r := newRoom(t, config)
	as := rest.CopyConfig(config)
	as.Impersonate = rest.ImpersonationConfig{UserName: "system:serviceaccount:" + r.namespace + ":deployer"}
	var denied *runs.Denied
	if err := runs.MaySee(t.Context(), as, r.namespace); !errors.As(err, &denied) || !strings.Contains(err.Error(), "deployer may not list workflows.argoproj.io in namespace "+r.namespace) {
		t.Errorf("%v", err)
	}
	roles := kubernetes.NewForConfigOrDie(config).RbacV1()
	if _, err := roles.Roles(r.namespace).Create(t.Context(), &rbac.Role{ObjectMeta: metav1.ObjectMeta{Name: "see"},
		Rules: []rbac.PolicyRule{{APIGroups: []string{"argoproj.io"}, Resources: []string{"workflows"}, Verbs: []string{"list"}}}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := roles.RoleBindings(r.namespace).Create(t.Context(), &rbac.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "see"}, RoleRef: rbac.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "Role", Name: "see"},
		Subjects: []rbac.Subject{{Kind: "ServiceAccount", Name: "deployer", Namespace: r.namespace}}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	cluster.Until(t, func() error { return runs.MaySee(t.Context(), as, r.namespace) })
	if err := runs.MaySee(t.Context(), as, "default"); !errors.As(err, &denied) {
		t.Errorf("in another namespace: %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := runs.MaySee(gone, as, r.namespace); err == nil || errors.As(err, &denied) {
		t.Errorf("nobody answered, and %v", err)
	}
}

func testProblem(t *testing.T, config *rest.Config) {
	r := newRoom(t, config)
	as := rest.CopyConfig(config)
	as.Impersonate = rest.ImpersonationConfig{UserName: "nobody"}
	none := rest.CopyConfig(config)
	none.Host += "/api/v1/namespaces/default/none" // a server that does not know the path, as one without Argo
	for want, config := range map[string]*rest.Config{"may not be listed": as, "is Argo Workflows installed?": none} {
		w, n := start(t, config)
		cluster.Until(t, func() error {
			if _, synced := w.Runs(runs.Local, r.namespace, time.Time{}); synced {
				t.Fatal("what may not be seen is seen")
			}
			if got := w.Problem(runs.Local, r.namespace); !strings.Contains(got, want) {
				return fmt.Errorf("problem %q, want %q", got, want)
			}
			if n.count(runs.Local, r.namespace) == 0 {
				return errors.New("nobody told of the problem")
			}
			return nil
		})
	}
}
