package world_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/webhook/world"
)

// begin runs a world until the test is over, and waits until it is ready.
func begin(t *testing.T, config *rest.Config, o world.Options) *world.World {
	if o.Confirm == 0 {
		o.Confirm = 20 * time.Second // a busy machine is no reason to know nothing
	}
	t.Helper()
	w, err := world.New(config, o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); w.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	cluster.Until(t, func() error { return w.Ready() })
	return w
}

func health(t *testing.T, w *world.World, kind string) world.Health {
	t.Helper()
	all := w.Health()
	i := slices.IndexFunc(all, func(h world.Health) bool { return h.Kind == kind })
	if i < 0 {
		t.Fatalf("no health of %s", kind)
	}
	return all[i]
}

type client struct {
	*kubernetes.Clientset
	objects   dynamic.Interface
	namespace string
}

func newClient(t *testing.T, config *rest.Config) client {
	t.Helper()
	config = rest.CopyConfig(config)
	config.QPS = -1
	c := client{kubernetes.NewForConfigOrDie(config), dynamic.NewForConfigOrDie(config), cluster.NamespaceName()}
	c.space(t, c.namespace, map[string]string{"team": "a"})
	return c
}

func (c client) space(t *testing.T, name string, labels map[string]string) {
	t.Helper()
	n := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
	if _, err := c.CoreV1().Namespaces().Create(t.Context(), n, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func (c client) secret(t *testing.T, name string) {
	t.Helper()
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name}, StringData: map[string]string{"password": "hunter2"}}
	if _, err := c.CoreV1().Secrets(c.namespace).Create(t.Context(), s, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// argo creates an object of one of Argo's kinds.
func (c client) argo(t *testing.T, plural, text string) {
	t.Helper()
	u := &unstructured.Unstructured{}
	asJSON, err := yaml.YAMLToJSON([]byte(text))
	if err == nil {
		err = json.Unmarshal(asJSON, &u.Object)
	}
	if err != nil {
		t.Fatal(err)
	}
	u.SetAPIVersion("argoproj.io/v1alpha1")
	r := dynamic.ResourceInterface(c.objects.Resource(schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: plural}))
	if plural != "clusterworkflowtemplates" {
		r = r.(dynamic.NamespaceableResourceInterface).Namespace(c.namespace)
	}
	if _, err := r.Create(t.Context(), u, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// sees waits until the world has heard of a secret.
func (c client) sees(t *testing.T, w *world.World, secret string) {
	t.Helper()
	cluster.Until(t, func() error {
		if names := w.Names("Secret", c.namespace); !slices.Contains(names, secret) {
			return fmt.Errorf("the world knows of %q only", names)
		}
		return nil
	})
}

func TestWorld(t *testing.T) {
	api := cluster.Start(t)
	t.Run("answers", func(t *testing.T) { answers(t, api) })
	t.Run("what was just created is never absent", func(t *testing.T) { fresh(t, api) })
	t.Run("forbidden and switched off", func(t *testing.T) { forbidden(t, api) })
	t.Run("the API server gone", func(t *testing.T) { gone(t, api) })
	t.Run("the API server hanging", func(t *testing.T) { hanging(t, api) })
}

func answers(t *testing.T, api *cluster.Cluster) {
	c := newClient(t, api.Config(t))
	c.secret(t, "first")
	w := begin(t, api.Config(t), world.Options{})
	if got := w.Object("Secret", c.namespace, "first"); got != resolve.Known {
		t.Errorf("a secret that was there before is %v", got)
	}
	if got := w.Object("Secret", c.namespace, "other"); got != resolve.Absent {
		t.Errorf("a secret that is not there is %v", got)
	}
	for _, kind := range []string{"Secret", "ConfigMap", "ServiceAccount", "PersistentVolumeClaim"} {
		if got := w.Object(kind, c.namespace, "other"); got != resolve.Absent {
			t.Errorf("a %s that is not there is %v", kind, got)
		}
		if got := w.Object(kind, "", "other"); got != resolve.Unknown {
			t.Errorf("a %s in no namespace is %v", kind, got)
		}
	}
	if got := w.Object("Pod", c.namespace, "other"); got != resolve.Unknown {
		t.Errorf("a kind that nobody watches is %v", got)
	}
	if got := w.Object("ConfigMap", c.namespace, "tiphys-concurrency"); got != resolve.Unknown {
		t.Errorf("the ConfigMap that is made for the first run is %v", got)
	}
	for name, want := range map[string]resolve.State{"first": resolve.Known, "other": resolve.Absent} {
		if got := w.Memory().Object("Secret", c.namespace, name); got != want {
			t.Errorf("from memory, secret %s is %v", name, got)
		}
	}
	c.secret(t, "later")
	c.sees(t, w, "later")
	if err := c.CoreV1().Secrets(c.namespace).Delete(t.Context(), "later", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	cluster.Until(t, func() error {
		if got := w.Object("Secret", c.namespace, "later"); got != resolve.Absent {
			return fmt.Errorf("a secret that was deleted is %v", got)
		}
		return nil
	})
	if diff := cmp.Diff([]string{"first"}, w.Names("Secret", c.namespace)); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if labels, known := w.Namespace(c.namespace); !known || labels["team"] != "a" {
		t.Errorf("labels of the namespace are %v, %v", labels, known)
	}
	if _, known := w.Namespace("nowhere"); known {
		t.Error("a namespace is known that is not there")
	}

	c.argo(t, "workflowtemplates", "kind: WorkflowTemplate\nmetadata: {name: lib}\nspec: {templates: [{name: echo, inputs: {parameters: [{name: text}]}, container: {image: a}}]}")
	c.argo(t, "clusterworkflowtemplates", "kind: ClusterWorkflowTemplate\nmetadata: {name: "+c.namespace+"}\nspec: {templates: [{name: all, container: {image: a}}]}")
	cluster.Until(t, func() error {
		lib, s := w.Library(c.namespace, "lib", false)
		if s == resolve.Absent {
			t.Error("a template that was just created is absent")
		}
		if s != resolve.Known || lib.Template("echo") == nil || lib.Template("echo").Inputs[0].Name != "text" {
			return fmt.Errorf("the library is %v, %v", lib, s)
		}
		if lib, s := w.Library("elsewhere", c.namespace, true); s != resolve.Known || lib.Template("all") == nil {
			return fmt.Errorf("the library of the cluster is %v, %v", lib, s)
		}
		return nil
	})
	if _, s := w.Library(c.namespace, "lob", false); s != resolve.Absent {
		t.Errorf("a template that is not there is %v", s)
	}

	c.argo(t, "workflows", "kind: Workflow\nmetadata: {name: one, labels: {a: b}}\nspec: {}")
	c.argo(t, "workflows", "kind: Workflow\nmetadata: {name: over, labels: {workflows.argoproj.io/completed: 'true'}}\nspec: {}")
	c.argo(t, "workflows", "kind: Workflow\nmetadata: {name: two}\nspec: {}")
	cluster.Until(t, func() error {
		got := map[string]map[string]string{}
		w.Runs(c.namespace, func(name string, labels map[string]string) bool { got[name] = labels; return true })
		if diff := cmp.Diff(map[string]map[string]string{"one": {"a": "b"}, "two": nil}, got); diff != "" {
			return fmt.Errorf("runs (-want +got):\n%s", diff)
		}
		return nil
	})
}

// fresh creates and asks in one breath, many times over.
func fresh(t *testing.T, api *cluster.Cluster) {
	c := newClient(t, api.Config(t))
	w := begin(t, api.Config(t), world.Options{})
	for i := range 100 {
		name := fmt.Sprintf("s%d", i)
		c.secret(t, name)
		if got := w.Object("Secret", c.namespace, name); got != resolve.Known {
			t.Fatalf("secret %d that was just created is %v", i, got)
		}
		space := cluster.NamespaceName()
		c.space(t, space, map[string]string{"n": name})
		if labels, known := w.Namespace(space); !known || labels["n"] != name {
			t.Fatalf("the labels of namespace %d that was just created are %v, %v", i, labels, known)
		}
	}
	q := w.Within(t.Context())
	absent := 0
	for i := range 1000 {
		if q.Object("Secret", c.namespace, fmt.Sprintf("missing%d", i)) == resolve.Absent {
			absent++
		}
	}
	if absent == 0 || absent > 32 {
		t.Errorf("one request got %d answers from the API server", absent)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if got := w.Within(over).Object("Secret", c.namespace, "missing-too"); got != resolve.Unknown {
		t.Errorf("for a request whose time is over, a secret is %v", got)
	}
}

func forbidden(t *testing.T, api *cluster.Cluster) {
	c := newClient(t, api.Config(t))
	c.secret(t, "first")
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: c.namespace}, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"namespaces", "configmaps"}, Verbs: []string{"list", "watch"}},
	}}
	if _, err := c.RbacV1().ClusterRoles().Create(t.Context(), role, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	bind := &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: c.namespace},
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: c.namespace},
		Subjects: []rbacv1.Subject{{Kind: "User", APIGroup: rbacv1.GroupName, Name: "narrow"}}}
	if _, err := c.RbacV1().ClusterRoleBindings().Create(t.Context(), bind, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	narrow := api.Config(t)
	narrow.Impersonate.UserName = "narrow"
	w := begin(t, narrow, world.Options{Off: []string{"ServiceAccount"}})
	for kind, want := range map[string]resolve.State{"Secret": resolve.Unknown, "ServiceAccount": resolve.Unknown, "ConfigMap": resolve.Absent} {
		if got := w.Object(kind, c.namespace, "first"); got != want {
			t.Errorf("a %s is %v, want %v", kind, got, want)
		}
	}
	if h := health(t, w, "Secret"); !h.Forbidden || h.Synced || h.Err == nil {
		t.Errorf("the cache of Secrets is %+v", h)
	}
	if h := health(t, w, "ServiceAccount"); !h.Off || h.Forbidden {
		t.Errorf("the cache of ServiceAccounts is %+v", h)
	}
	if known := w.Runs(c.namespace, func(string, map[string]string) bool { return true }); known {
		t.Error("runs are known that must not be listed")
	}
	if _, err := world.New(narrow, world.Options{Off: []string{"Secrets"}}); err == nil {
		t.Error("a kind that is not one can be switched off")
	}
}

// gone cuts the API server off: what is known stays known, and what is not
// stays unknown. The clock is moved by hand.
func gone(t *testing.T, api *cluster.Cluster) {
	c := newClient(t, api.Config(t))
	c.secret(t, "first")
	proxy := api.Proxy(t)
	var ahead atomic.Int64
	w := begin(t, proxy.Through(api.Config(t)), world.Options{Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }})
	cluster.Until(t, func() error {
		if age := health(t, w, "Secret").Age; age != 0 {
			return fmt.Errorf("the cache is cut off for %s", age)
		}
		return nil
	})
	proxy.Cut()
	cluster.Until(t, func() error {
		if health(t, w, "Secret").Age == 0 {
			return fmt.Errorf("the cache does not know that it is cut off")
		}
		return nil
	})
	for name, minute := range map[string]time.Duration{"at once": 0, "after a minute": time.Minute} {
		ahead.Store(int64(minute))
		if got := w.Object("Secret", c.namespace, "first"); got != resolve.Known {
			t.Errorf("%s: a secret that was known is %v", name, got)
		}
		if got := w.Object("Secret", c.namespace, "other"); got != resolve.Unknown {
			t.Errorf("%s: a secret that was not known is %v", name, got)
		}
		if age := health(t, w, "Secret").Age; age < minute {
			t.Errorf("%s: the age is %s", name, age)
		}
	}
	if err := w.Ready(); err != nil {
		t.Errorf("the world is not ready any more: %v", err)
	}
	c.secret(t, "meanwhile")
	proxy.Pass()
	c.sees(t, w, "meanwhile")
	cluster.Until(t, func() error { // the watch may come back after the first answer
		if got := w.Object("Secret", c.namespace, "other"); got != resolve.Absent {
			return fmt.Errorf("when the API server is back, a secret that is not there is %v", got)
		}
		return nil
	})
}

// hanging lets nothing through: a question is given up in time, and the next
// ones are not asked at all.
func hanging(t *testing.T, api *cluster.Cluster) {
	c := newClient(t, api.Config(t))
	proxy := api.Proxy(t)
	w := begin(t, proxy.Through(api.Config(t)), world.Options{Confirm: 200 * time.Millisecond})
	proxy.Stall()
	began := time.Now()
	for i := range 100 {
		if got := w.Object("Secret", c.namespace, fmt.Sprint("missing", i)); got != resolve.Unknown {
			t.Errorf("a secret is %v", got)
		}
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("100 questions took %s", took)
	}
}
