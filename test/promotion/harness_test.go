// Package promotion shows the controller at work under faults: the real program,
// with the rights that its chart gives it, against a real API server, git
// repository and Helm. What stands in is a workflow engine, as no pods run here.
package promotion

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
	rbac "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/tiphys-dev/tiphys/packaging/release"
	"github.com/tiphys-dev/tiphys/test/chart"
	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

var (
	promotions = schema.GroupVersionResource{Group: "tiphys.dev", Version: "v1alpha1", Resource: "promotions"}
	candidates = schema.GroupVersionResource{Group: "tiphys.dev", Version: "v1alpha1", Resource: "candidates"}
	workflows  = schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: "workflows"}
)

// A stage is an API server with the chart in it and a way to run its controller.
type stage struct {
	*testing.T
	api        *cluster.Cluster
	set        *kubernetes.Clientset
	objects    dynamic.Interface
	kubeconfig string // of the controller
	args       []string
}

func newStage(t *testing.T) *stage {
	t.Helper()
	if testing.Short() {
		t.Skip("starts an API server")
	}
	s := &stage{T: t, api: cluster.Start(t)}
	config := s.api.Config(t)
	config.QPS = -1
	s.set, s.objects = kubernetes.NewForConfigOrDie(config), dynamic.NewForConfigOrDie(config)
	s.kubeconfig, s.args = chart.InstallController(t, s.api)
	s.engine()
	return s
}

// A process is a controller that runs.
type process struct {
	*exec.Cmd
	ended chan struct{}
}

// start runs the controller as the chart does, but for what this machine is.
func (s *stage) start(kubeconfig string, more ...string) *process {
	s.Helper()
	args := append(append([]string(nil), s.args...), "--kubeconfig="+kubeconfig, "--metrics-address=", "--hook-address=", "--page-address=",
		"--allow-local-sources", "--leader-elect=false")
	p := &process{Cmd: exec.Command(testbin.Controller(s), append(args, more...)...), ended: make(chan struct{})}
	log, err := os.OpenFile(filepath.Join(s.TempDir(), "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.Fatal(err)
	}
	p.Stdout, p.Stderr = log, log
	if err := p.Start(); err != nil {
		s.Fatal(err)
	}
	go func() { p.Wait(); log.Close(); close(p.ended) }()
	s.Cleanup(func() {
		p.kill()
		if s.Failed() {
			text, _ := os.ReadFile(log.Name())
			s.Logf("the controller said:\n%s", text[max(0, len(text)-6000):])
		}
	})
	return p
}

// kill ends the process at once, as a machine does that goes down.
func (p *process) kill() {
	p.Process.Kill()
	<-p.ended
}

// bad is the value of a chart whose Workflows fail.
const bad = "bad"

// engine stands in for a workflow engine: each Workflow succeeds at once, but
// those whose argument outcome says otherwise, and those where the value of the
// chart is bad.
func (s *stage) engine() {
	ctx := s.Context()
	go func() {
		for ctx.Err() == nil {
			w, err := s.objects.Resource(workflows).Watch(ctx, metav1.ListOptions{})
			if err != nil {
				select { // the API server is away
				case <-ctx.Done():
				case <-time.After(100 * time.Millisecond):
				}
				continue
			}
			for e := range w.ResultChan() {
				if o, ok := e.Object.(*unstructured.Unstructured); ok {
					s.finish(ctx, o)
				}
			}
		}
	}()
}

func (s *stage) finish(ctx context.Context, o *unstructured.Unstructured) {
	if phase, _, _ := unstructured.NestedString(o.Object, "status", "phase"); phase != "" {
		return
	}
	phase := "Succeeded"
	if m, err := s.set.CoreV1().ConfigMaps(o.GetNamespace()).Get(ctx, "etl", metav1.GetOptions{}); err == nil && m.Data["a"] == bad {
		phase = "Failed"
	}
	all, _, _ := unstructured.NestedSlice(o.Object, "spec", "arguments", "parameters")
	for _, p := range all {
		if p, ok := p.(map[string]any); ok && p["name"] == "outcome" {
			phase = fmt.Sprint(p["value"])
		}
	}
	o = o.DeepCopy()
	o.Object["status"] = map[string]any{"phase": phase, "finishedAt": time.Now().UTC().Format(time.RFC3339)}
	s.objects.Resource(workflows).Namespace(o.GetNamespace()).Update(ctx, o, metav1.UpdateOptions{}) // a conflict comes again
}

// A team is a namespace with a promotion of a chart in a git repository.
type team struct {
	*stage
	space, tree string
}

// team makes one with these environments, in YAML; ENV-namespaces are made for
// dev, qa and prod.
func (s *stage) team(environments string) *team {
	s.Helper()
	t := &team{s, cluster.NamespaceName(), s.TempDir()}
	for _, n := range []string{t.space, t.in("dev"), t.in("qa"), t.in("prod")} {
		s.must(s.set.CoreV1().Namespaces().Create(s.Context(), &core.Namespace{ObjectMeta: metav1.ObjectMeta{Name: n}}, metav1.CreateOptions{}))
	}
	s.must(s.set.CoreV1().ServiceAccounts(t.space).Create(s.Context(), &core.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "deployer"}}, metav1.CreateOptions{}))
	s.must(s.set.RbacV1().ClusterRoleBindings().Create(s.Context(), &rbac.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: t.space}, RoleRef: rbac.RoleRef{APIGroup: rbac.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects: []rbac.Subject{{Kind: "ServiceAccount", Name: "deployer", Namespace: t.space}},
	}, metav1.CreateOptions{}))
	t.git("init", "-q", "-b", "main")
	t.push("first", map[string]string{
		"etl/Chart.yaml":                     "apiVersion: v2\nname: etl\nversion: 1.0.0\n",
		"etl/values.yaml":                    "a: 1\n",
		"etl/templates/cm.yaml":              "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: etl\ndata:\n  a: {{ .Values.a | quote }}\n",
		"environments/dev/environment.yaml":  "namespace: " + t.in("dev") + "\n",
		"environments/qa/environment.yaml":   "namespace: " + t.in("qa") + "\npromotedFrom: dev\n",
		"environments/prod/environment.yaml": "namespace: " + t.in("prod") + "\npromotedFrom: qa\n",
	})
	o := chart.Object(s, fmt.Sprintf("apiVersion: tiphys.dev/v1alpha1\nkind: Promotion\nmetadata: {name: etl, namespace: %s}\nspec:\n  source: {git: {url: %s, path: etl}, interval: 5s}\n  environments:\n%s",
		t.space, t.tree, strings.ReplaceAll(environments, "ACCOUNT", "serviceAccount: deployer")))
	if _, err := s.objects.Resource(promotions).Namespace(t.space).Create(s.Context(), o, metav1.CreateOptions{}); err != nil {
		s.Fatal(err)
	}
	return t
}

func (s *stage) must(_ any, err error) {
	s.Helper()
	if err != nil && !apierrors.IsAlreadyExists(err) {
		s.Fatal(err)
	}
}

func (t *team) in(env string) string { return t.space + "-" + env }

func (t *team) git(args ...string) {
	t.Helper()
	c := exec.Command("git", args...)
	c.Dir = t.tree
	c.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// push commits files.
func (t *team) push(message string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		file := filepath.Join(t.tree, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	t.git("add", "-A")
	t.git("commit", "-q", "-m", message)
}

// value pushes another value of the chart.
func (t *team) value(v string) {
	t.push("a is "+v, map[string]string{"etl/values.yaml": "a: " + v + "\n"})
}

// reaches waits until each environment runs a value of the chart, in a state:
// "dev 1 Verified, qa 1 Verifying".
func (t *team) reaches(want string) {
	t.Helper()
	cluster.Until(t, func() error {
		o, err := t.objects.Resource(promotions).Namespace(t.space).Get(t.Context(), "etl", metav1.GetOptions{})
		if err != nil {
			return err
		}
		all, _, _ := unstructured.NestedSlice(o.Object, "status", "environments")
		var got []string
		for _, e := range all {
			e := e.(map[string]any)
			state, _ := e["state"].(string)
			got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %s", e["name"], t.live(fmt.Sprint(e["name"])), state)))
		}
		if text := strings.Join(got, ", "); text != want {
			return fmt.Errorf("it is at %q and not at %q: %v", text, want, o.Object["status"])
		}
		return nil
	})
}

// live is the value that runs in an environment, "-" without one.
func (t *team) live(env string) string {
	m, err := t.set.CoreV1().ConfigMaps(t.in(env)).Get(t.Context(), "etl", metav1.GetOptions{})
	if err != nil {
		return "-"
	}
	return m.Data["a"]
}

// revisions counts those of Helm in an environment by their status. One that a
// killed controller had left pending, which nobody has removed, is "interrupted",
// whatever Helm makes of it later.
func (t *team) revisions(env string) map[string]int {
	t.Helper()
	all, err := release.OpenConfig(t.api.Config(t), t.in(env)).History(t.Context(), "etl")
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, r := range all {
		if strings.HasPrefix(r.Description, "interrupted") {
			r.Status = "interrupted"
		}
		count[r.Status]++
	}
	return count
}

// condition tells whether the promotion has a condition with a status and a
// reason.
func (t *team) condition(kind, status, reason string) error {
	o, err := t.objects.Resource(promotions).Namespace(t.space).Get(t.Context(), "etl", metav1.GetOptions{})
	if err != nil {
		return err
	}
	all, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, c := range all {
		if c := c.(map[string]any); c["type"] == kind && c["status"] == status && c["reason"] == reason {
			return nil
		}
	}
	return fmt.Errorf("there is no condition %s %s %s: %v", kind, status, reason, all)
}

func countVerified(status string) int { return strings.Count(status, "state:Verified") }

// pause is between two looks at what nobody tells of.
func pause() { time.Sleep(50 * time.Millisecond) }
