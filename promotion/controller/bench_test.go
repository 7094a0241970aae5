package controller_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
	rbac "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	testclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/controller"
	"github.com/tiphys-dev/tiphys/test/cluster"
)

// A bench is a namespace with promotions, namespaces for its environments, and
// a git repository.
type bench struct {
	*testing.T
	client.Client
	config    *rest.Config
	set       *kubernetes.Clientset
	namespace string
	tree      string
	clock     *testclock.FakeClock
}

func newBench(t *testing.T, api *cluster.Cluster) *bench {
	t.Helper()
	config := api.Config(t)
	config.QPS = -1
	c, err := client.New(config, client.Options{Scheme: scheme(t)})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{T: t, Client: c, config: config, set: kubernetes.NewForConfigOrDie(config), namespace: cluster.NamespaceName(), tree: t.TempDir(),
		clock: testclock.NewFakeClock(time.Now().Add(time.Minute))} // later than what Helm will stamp
	for _, n := range []string{b.namespace, b.in("dev"), b.in("qa"), b.in("prod")} {
		b.create(&core.Namespace{ObjectMeta: metav1.ObjectMeta{Name: n}})
	}
	b.create(&core.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "deployer", Namespace: b.namespace}})
	b.create(&rbac.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: b.namespace}, RoleRef: rbac.RoleRef{APIGroup: rbac.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects: []rbac.Subject{{Kind: "ServiceAccount", Name: "deployer", Namespace: b.namespace}}})
	b.git("init", "-q", "-b", "main")
	b.push("first", map[string]string{
		"etl/Chart.yaml":                    "apiVersion: v2\nname: etl\nversion: 1.0.0\n",
		"etl/values.yaml":                   "a: 1\n",
		"etl/templates/cm.yaml":             "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: etl\ndata:\n  a: {{ .Values.a | quote }}\n",
		"environments/dev/environment.yaml": "namespace: " + b.in("dev") + "\n",
		"environments/qa/environment.yaml":  "namespace: " + b.in("qa") + "\npromotedFrom: dev\n",
		"environments/prod/environment.yaml": "namespace: " + b.in("prod") +
			"\npromotedFrom: qa\n",
	})
	return b
}

// in is the namespace of an environment.
func (b *bench) in(env string) string { return b.namespace + "-" + env }

func (b *bench) create(o client.Object) {
	b.Helper()
	if err := b.Create(b.Context(), o); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) git(args ...string) string {
	b.Helper()
	c := exec.Command("git", args...)
	c.Dir = b.tree
	c.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com")
	out, err := c.CombinedOutput()
	if err != nil {
		b.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// push commits files.
func (b *bench) push(message string, files map[string]string) {
	b.Helper()
	for name, text := range files {
		file := filepath.Join(b.tree, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
			b.Fatal(err)
		}
	}
	b.git("add", "-A")
	b.git("commit", "-q", "-m", message)
}

// value pushes another value of the chart.
func (b *bench) value(v string) {
	b.Helper()
	b.push("a is "+v, map[string]string{"etl/values.yaml": "a: " + v + "\n"})
}

// ask has the source looked at, as a push hook does.
func (b *bench) ask() {
	b.Helper()
	patch := fmt.Sprintf(`{"metadata":{"annotations":{%q:%q}}}`, v1alpha1.RequestedAnnotation, time.Now().Format(time.RFC3339Nano))
	p := &v1alpha1.Promotion{ObjectMeta: metav1.ObjectMeta{Name: "etl", Namespace: b.namespace}}
	if err := b.Patch(b.Context(), p, client.RawPatch(types.MergePatchType, []byte(patch))); err != nil {
		b.Fatal(err)
	}
}

// promotion makes the promotion with these environments, in YAML.
func (b *bench) promotion(environments string) {
	b.Helper()
	p := &v1alpha1.Promotion{}
	text := fmt.Sprintf("metadata: {name: etl, namespace: %s}\nspec:\n  source: {git: {url: %q, path: etl}}\n  environments:\n%s", b.namespace, b.tree, environments)
	if err := yaml.UnmarshalStrict([]byte(text), p); err != nil {
		b.Fatal(err)
	}
	for i := range p.Spec.Environments {
		p.Spec.Environments[i].ServiceAccount = "deployer"
	}
	b.create(p)
}

// run runs a controller until the test is over, or stop is called.
func (b *bench) run(o controller.Options) (stop func()) {
	b.Helper()
	_, stop = b.start(o)
	return stop
}

func (b *bench) runAs(o controller.Options) *controller.Controller {
	b.Helper()
	c, _ := b.start(o)
	return c
}

func (b *bench) start(o controller.Options) (c *controller.Controller, stop func()) {
	b.Helper()
	if o.Config == nil {
		o.Config = b.config
	}
	o.Namespace, o.Alone, o.Local, o.PlainHTTP = b.namespace, true, true, true
	o.Namespaces = []string{b.namespace}
	if o.Clock == nil {
		o.Clock = b.clock
	}
	if os.Getenv("TIPHYS_TEST_LOG") != "" {
		o.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	c, err := controller.New(o)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	done := false
	stop = func() {
		if done {
			return
		}
		done = true
		cancel()
		if err := <-ended; err != nil {
			b.Errorf("the controller ended: %v", err)
		}
	}
	b.Cleanup(stop)
	cluster.Until(b, c.Ready)
	return c, stop
}

func (b *bench) get() *v1alpha1.Promotion {
	b.Helper()
	p := &v1alpha1.Promotion{}
	if err := b.Get(b.Context(), types.NamespacedName{Namespace: b.namespace, Name: "etl"}, p); err != nil {
		b.Fatal(err)
	}
	return p
}

// summary waits until the environments are as wanted: "dev 1 Verified, qa 1
// Verifying", with the value of the chart in place of the digest.
func (b *bench) summary(want string) *v1alpha1.Promotion {
	b.Helper()
	var p *v1alpha1.Promotion
	cluster.Until(b, func() error {
		p = b.get()
		var all []string
		for _, e := range p.Status.Environments {
			all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s %s", e.Name, b.live(e.Name), e.State)))
		}
		if got := strings.Join(all, ", "); got != want {
			return fmt.Errorf("it is at %q and not at %q: %s, blocked by %q, next %q", got, want, conditions(p.Status.Conditions), p.Status.BlockedBy, p.Status.Next)
		}
		return nil
	})
	return p
}

func conditions(all []metav1.Condition) (text string) {
	for _, c := range all {
		text += fmt.Sprintf("\n  %s %s %s: %s", c.Type, c.Status, c.Reason, c.Message)
	}
	return text
}

// live is the value that runs in an environment, "-" without one.
func (b *bench) live(env string) string {
	m, err := b.set.CoreV1().ConfigMaps(b.in(env)).Get(b.Context(), "etl", metav1.GetOptions{})
	if err != nil {
		return "-"
	}
	return m.Data["a"]
}

// revisions is how many revisions Helm has in an environment.
func (b *bench) revisions(env string) int {
	b.Helper()
	all, err := b.set.CoreV1().Secrets(b.in(env)).List(b.Context(), metav1.ListOptions{LabelSelector: "owner=helm"})
	if err != nil {
		b.Fatal(err)
	}
	return len(all.Items)
}

// step turns the clock on.
func (b *bench) step(d time.Duration) { b.clock.Step(d) }

var workflows = schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: "workflows"}

// A standInEngine ends Workflows as a workflow engine would: there is none in
// tests.
type standInEngine struct {
	*bench
	runs dynamic.ResourceInterface
}

func (b *bench) engine(env string) *standInEngine {
	return &standInEngine{b, dynamic.NewForConfigOrDie(b.config).Resource(workflows).Namespace(b.in(env))}
}

// end waits for a Workflow whose name has a prefix and is not over, and ends it.
func (e *standInEngine) end(prefix, phase string) string {
	e.Helper()
	name := ""
	cluster.Until(e, func() error {
		all, err := e.runs.List(e.Context(), metav1.ListOptions{})
		if err != nil {
			return err
		}
		for _, w := range all.Items {
			if p, _, _ := unstructured.NestedString(w.Object, "status", "phase"); p != "" || !strings.HasPrefix(w.GetName(), prefix) {
				continue
			}
			w.Object["status"] = map[string]any{"phase": phase, "finishedAt": time.Now().UTC().Format(time.RFC3339)}
			w.SetLabels(with(w.GetLabels(), "workflows.argoproj.io/completed", "true", "workflows.argoproj.io/phase", phase))
			name = w.GetName()
			_, err := e.runs.Update(e.Context(), &w, metav1.UpdateOptions{})
			return err
		}
		return fmt.Errorf("there is no Workflow %s* to end in %s", prefix, e.namespace)
	})
	return name
}

func with(m map[string]string, pairs ...string) map[string]string {
	if m == nil {
		m = map[string]string{}
	}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m
}
