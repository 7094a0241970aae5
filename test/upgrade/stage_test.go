package upgrade

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/tiphys-dev/tiphys/test/chart/pods"
	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

// spaces are the namespaces of the team: data has its promotions and runs, hand is
// deployed to by hand.
var spaces = []string{"data", "data-dev", "data-qa", "data-prod", "data-hand"}

// A stage is an API server in which the product is installed by a helm.
type stage struct {
	testing.TB
	api      *cluster.Cluster
	helm     string
	tree     string // the repository of the team
	config   *rest.Config
	objects  dynamic.Interface
	balancer *pods.Balancer
	running  []*pods.Pod
}

func newStage(t testing.TB, helm string) *stage {
	t.Helper()
	s := &stage{TB: t, api: cluster.Start(t), helm: helm, tree: filepath.Join(t.TempDir(), "repository")}
	s.config = s.api.Config(t)
	s.config.QPS, s.config.WarningHandler = -1, rest.NoWarnings{}
	s.objects = dynamic.NewForConfigOrDie(s.config)
	return s
}

// run runs a program, and fails where that does.
func run(t testing.TB, dir string, env []string, stdin io.Reader, program string, args ...string) string {
	t.Helper()
	out, err := try(t, dir, env, stdin, program, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(program), strings.Join(args, " "), err, out)
	}
	return out
}

func try(t testing.TB, dir string, env []string, stdin io.Reader, program string, args ...string) (string, error) {
	t.Helper()
	c := exec.CommandContext(context.WithoutCancel(t.Context()), program, args...)
	c.Dir, c.Env, c.Stdin = dir, append(os.Environ(), env...), stdin
	out, err := c.CombinedOutput()
	return string(out), err
}

func (s *stage) kubectl(stdin string, args ...string) string {
	s.Helper()
	out, err := s.tryKubectl(stdin, args...)
	if err != nil {
		s.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func (s *stage) tryKubectl(stdin string, args ...string) (string, error) {
	return try(s, "", nil, strings.NewReader(stdin), testbin.Kubectl(s), append([]string{"--kubeconfig", s.api.Kubeconfig}, args...)...)
}

// values are those that the product is installed with.
func (v version) values() []string {
	values := []string{"--set", "drainSeconds=0"}
	if v.promotes() {
		values = append(values, "--set", "controller.enabled=true")
	}
	return values
}

func (s *stage) helmInstall(v version) {
	s.Helper()
	args := append([]string{"--kubeconfig", s.api.Kubeconfig, "install", "tiphys", v.chart(), "--namespace", "tiphys", "--create-namespace"}, v.values()...)
	run(s, "", nil, nil, s.helm, args...)
}

// run runs both programs as the chart that is installed says, and has the API
// server call the webhook.
func (s *stage) run(v version, webhook, controller string) {
	s.Helper()
	var err error
	if s.balancer, err = pods.NewBalancer("webhook"); err != nil {
		s.Fatal(err)
	}
	balancer := s.balancer
	s.Cleanup(func() { balancer.Close() })
	r := pods.Release{Kubeconfig: s.api.Kubeconfig, Dir: s.TempDir(), Webhook: webhook, Controller: controller}
	p, err := r.StartWebhook(s.Context(), pods.Options{})
	s.started(p, err)
	s.balancer.Add(p)
	cluster.Until(s, p.Ready)
	if err := r.Route(s.Context(), s.balancer.Port()); err != nil {
		s.Fatal(err)
	}
	if !v.promotes() {
		return
	}
	p, err = r.StartController(s.Context(), pods.Options{Args: []string{"--allow-local-sources"}})
	s.started(p, err)
	cluster.Until(s, p.Ready)
}

func (s *stage) started(p *pods.Pod, err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() {
		p.Kill()
		if s.Failed() {
			log := p.Log()
			s.Logf("%s said:\n%s", p.Name, strings.Join(log[max(0, len(log)-30):], "\n"))
		}
	})
	s.running = append(s.running, p)
}

// repository makes that of the team, of testdata/work or of a bundle of commits.
func (s *stage) repository(bundle string, fresh bool) {
	s.Helper()
	if !fresh {
		run(s, "", git, nil, "git", "clone", "-q", "-b", "main", bundle, s.tree)
		return
	}
	run(s, "", nil, nil, "cp", "-r", "testdata/work", s.tree)
	run(s, s.tree, git, nil, "git", "init", "-q", "-b", "main")
	run(s, s.tree, git, nil, "git", "add", "-A")
	run(s, s.tree, git, nil, "git", "commit", "-q", "-m", "first")
}

var git = []string{"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com"}

// push commits another package.
func (s *stage) push(note string) {
	s.Helper()
	write(s, filepath.Join(s.tree, "charts/etl/values.yaml"), "note: "+note+"\npassword: \"\"\n")
	run(s, s.tree, git, nil, "git", "commit", "-q", "-a", "-m", note)
}

// environ is that of somebody who deploys by hand.
func (s *stage) environ() []string {
	s.Helper()
	key, err := filepath.Abs("testdata/key.txt")
	if err != nil {
		s.Fatal(err)
	}
	return []string{"KUBECONFIG=" + s.api.Kubeconfig, "SOPS_AGE_KEY_FILE=" + key, "NO_COLOR=1"}
}

var (
	promotions = schema.GroupVersionResource{Group: "tiphys.dev", Version: "v1alpha1", Resource: "promotions"}
	workflows  = schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: "workflows"}
)

// at returns nil once a promotion is where it is wanted, and held by a gate.
func (s *stage) at(name, want, blocked string) error {
	o, err := s.objects.Resource(promotions).Namespace("data").Get(s.Context(), name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	all, _, _ := unstructured.NestedSlice(o.Object, "status", "environments")
	var got []string
	for _, e := range all {
		state, _ := e.(map[string]any)["state"].(string)
		got = append(got, fmt.Sprintf("%s %s", e.(map[string]any)["name"], state))
	}
	by, _, _ := unstructured.NestedString(o.Object, "status", "blockedBy")
	if text := strings.Join(got, ", "); text != want || by != blocked {
		return fmt.Errorf("%s is at %q, held by %q, and not at %q by %q: %v", name, text, by, want, blocked, o.Object["status"])
	}
	return nil
}

// engine stands in for a workflow engine: runs of a promotion succeed.
func (s *stage) engine(promotion string) {
	ctx, cancel := context.WithCancel(s.Context())
	done := make(chan struct{})
	s.Cleanup(func() { cancel(); <-done })
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			s.succeed(ctx, promotion)
			select {
			case <-ctx.Done():
			case <-time.After(100 * time.Millisecond):
			}
		}
	}()
}

func (s *stage) succeed(ctx context.Context, promotion string) {
	all, err := s.objects.Resource(workflows).List(ctx, metav1.ListOptions{LabelSelector: "tiphys.dev/promotion=" + promotion})
	if err != nil {
		return // it comes again
	}
	for i := range all.Items {
		o := &all.Items[i]
		if phase, _, _ := unstructured.NestedString(o.Object, "status", "phase"); phase == "" {
			o.Object["status"] = map[string]any{"phase": "Succeeded", "finishedAt": time.Now().UTC().Format(time.RFC3339)}
			s.objects.Resource(workflows).Namespace(o.GetNamespace()).Update(ctx, o, metav1.UpdateOptions{}) // a conflict comes again
		}
	}
}

// approve has ann let what is in qa into prod.
func (s *stage) approve(promotion string) {
	s.Helper()
	o, err := s.objects.Resource(promotions).Namespace("data").Get(s.Context(), promotion, metav1.GetOptions{})
	if err != nil {
		s.Fatal(err)
	}
	all, _, _ := unstructured.NestedSlice(o.Object, "status", "environments")
	candidate := all[1].(map[string]any)["candidate"].(string)
	s.kubectl(fmt.Sprintf("apiVersion: tiphys.dev/v1alpha1\nkind: Approval\nmetadata: {name: %s, namespace: data}\nspec: {promotion: %s, candidate: %[1]s, environment: prod, decision: approve, by: {user: ann}}", candidate, promotion),
		"create", "-f", "-", "--as", "ann", "--as-group", "system:masters")
}

// denied returns nil once the policy that came with the fixture denies.
func (s *stage) denied(space string) error {
	out, err := s.tryKubectl("apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: endless, namespace: "+space+"}\nspec: {entrypoint: main, templates: [{name: main, container: {image: \"busybox:1.37.0\", command: [sh]}}]}",
		"create", "--dry-run=server", "-f", "-")
	if err == nil || !strings.Contains(out, "deadline-missing") {
		return fmt.Errorf("the policy does not deny: %s", out)
	}
	return nil
}
