package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
	rbac "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/controller"
	"github.com/tiphys-dev/tiphys/test/cluster"
)

// perTeam is how many promotions are in one namespace.
const perTeam = 50

// A stage is an API server with promotions in it.
type stage struct {
	*testing.B
	client.Client
	config *rest.Config
	asked  *tally
	root   string
	made   int
}

func newStage(b *testing.B) *stage {
	api := cluster.Start(b)
	api.InstallCRDs(b)
	config := api.Config(b)
	config.QPS = -1
	scheme := controller.Scheme()
	if err := rbac.AddToScheme(scheme); err != nil {
		b.Fatal(err)
	}
	c, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		b.Fatal(err)
	}
	s := &stage{B: b, Client: c, config: config, asked: &tally{}, root: b.TempDir()}
	s.repository("shared")
	s.standInEngine()
	return s
}

// chart is a package with a template of workflows, as most have.
var chart = map[string]string{
	"etl/Chart.yaml":        "apiVersion: v2\nname: etl\nversion: 1.0.0\n",
	"etl/values.yaml":       "image: registry.example.com/etl:1.0.0\n",
	"etl/templates/cm.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  image: {{ .Values.image | quote }}\n",
	"etl/templates/template.yaml": `apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata:
  name: {{ .Release.Name }}
spec:
  entrypoint: main
  activeDeadlineSeconds: 3600
  ttlStrategy: {secondsAfterCompletion: 86400}
  templates:
    - name: main
      container:
        image: {{ .Values.image | quote }}
        command: [etl]
        resources: {requests: {cpu: 500m, memory: 1Gi}, limits: {memory: 1Gi}}
`,
	"environments/dev/environment.yaml":  "namespace: dev\n",
	"environments/qa/environment.yaml":   "namespace: qa\npromotedFrom: dev\n",
	"environments/prod/environment.yaml": "namespace: prod\npromotedFrom: qa\n",
}

// repository makes one with the chart in it.
func (s *stage) repository(name string) {
	s.Helper()
	s.git(name, "init", "-q", "-b", "main")
	s.push(name, chart)
}

func (s *stage) git(repository string, args ...string) {
	s.Helper()
	c := exec.Command("git", args...)
	c.Dir = filepath.Join(s.root, repository)
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		s.Fatal(err)
	}
	c.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com")
	if out, err := c.CombinedOutput(); err != nil {
		s.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// push commits files.
func (s *stage) push(repository string, files map[string]string) {
	s.Helper()
	for name, text := range files {
		file := filepath.Join(s.root, repository, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
			s.Fatal(err)
		}
	}
	s.git(repository, "add", "-A")
	s.git(repository, "commit", "-q", "-m", "change")
}

// team makes the namespaces of a team, and the account that deploys for it.
func (s *stage) team(name string) {
	s.Helper()
	for _, n := range []string{name, name + "-dev", name + "-qa", name + "-prod"} {
		s.create(&core.Namespace{ObjectMeta: metav1.ObjectMeta{Name: n}})
	}
	s.create(&core.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "deployer", Namespace: name}})
	s.create(&rbac.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: name}, RoleRef: rbac.RoleRef{APIGroup: rbac.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects: []rbac.Subject{{Kind: "ServiceAccount", Name: "deployer", Namespace: name}}})
}

func (s *stage) create(o client.Object) {
	s.Helper()
	if err := s.Create(s.Context(), o); err != nil {
		s.Fatal(err)
	}
}

// waits tells which promotions wait for an approval before prod that nobody
// gives: every tenth. Their releases in qa are looked at as long as they soak.
func waits(i int) bool { return i%10 == 9 }

// environments of a promotion: with a smoke run, a soak, lint, a window that is
// open, and drift that is looked for.
const environments = `
- {name: dev, namespace: TEAM-dev, serviceAccount: deployer, gates: [{smoke: {template: NAME}}]}
- {name: qa, namespace: TEAM-qa, serviceAccount: deployer, gates: [{lint: {}}, {soak: {for: 1s}}]}
- name: prod
  namespace: TEAM-prod
  serviceAccount: deployer
  gates: [{lint: {}}, {window: {allow: [{schedule: "0 0 * * *", duration: 24h}]}}APPROVAL]
  drift: {interval: 30m}
`

// promote makes promotions until there are n.
func (s *stage) promote(n int) {
	s.Helper()
	for ; s.made < n; s.made++ {
		team := fmt.Sprintf("team-%d", s.made/perTeam)
		if s.made%perTeam == 0 {
			s.team(team)
		}
		s.promotion(team, fmt.Sprintf("etl-%d", s.made), "shared", waits(s.made))
	}
}

func (s *stage) promotion(team, name, repository string, approval bool) {
	s.Helper()
	gate := ""
	if approval {
		gate = ", {approval: {count: 1}}"
	}
	p := &v1alpha1.Promotion{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: team}}
	text := strings.NewReplacer("TEAM", team, "NAME", name, "APPROVAL", gate).Replace(environments)
	if err := yaml.UnmarshalStrict([]byte(text), &p.Spec.Environments); err != nil {
		s.Fatal(err)
	}
	p.Spec.Release = name
	p.Spec.Source.Git = &v1alpha1.GitSource{URL: filepath.Join(s.root, repository), Path: "etl"}
	s.create(p)
}

// start runs a controller that is asked to keep a tally.
func (s *stage) start() (stop func()) {
	s.Helper()
	config := rest.CopyConfig(s.config)
	config.Wrap(s.asked.wrap)
	controller.LogLibraries(slog.New(slog.DiscardHandler))
	c, err := controller.New(controller.Options{Config: config, Namespace: "default", Alone: true, Local: true, PlainHTTP: true})
	if err != nil {
		s.Fatal(err)
	}
	ctx, cancel := context.WithCancel(s.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			s.Errorf("the controller ended: %v", err)
		}
	}
}

// settled waits until each promotion is where it gets by itself.
func (s *stage) settled() {
	s.Helper()
	for {
		var all v1alpha1.PromotionList
		if err := s.List(s.Context(), &all); err != nil {
			s.Fatal(err)
		}
		left, why := 0, ""
		for i := range all.Items {
			if !isSettled(&all.Items[i]) {
				left++
				why = all.Items[i].Name + ": " + all.Items[i].Status.Summary + " blocked by " + all.Items[i].Status.BlockedBy
			}
		}
		if left == 0 {
			return
		}
		select {
		case <-s.Context().Done():
			s.Fatalf("%d of %d promotions are not settled: %s", left, len(all.Items), why)
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func isSettled(p *v1alpha1.Promotion) bool {
	all := p.Status.Environments
	if len(all) != 3 {
		return false
	}
	for _, e := range all[:2] {
		if e.State != v1alpha1.Verified {
			return false
		}
	}
	return all[2].State == v1alpha1.Verified || all[2].BlockedBy == "approval"
}

// standInEngine ends Workflows as a workflow engine would, each well and at
// once: no pods run here.
func (s *stage) standInEngine() {
	all := dynamic.NewForConfigOrDie(s.config).Resource(schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: "workflows"})
	ctx := s.Context()
	events, err := all.Watch(ctx, metav1.ListOptions{})
	if err != nil {
		s.Fatal(err)
	}
	go func() {
		for e := range events.ResultChan() {
			o, ok := e.Object.(*unstructured.Unstructured)
			if !ok {
				continue
			}
			if phase, _, _ := unstructured.NestedString(o.Object, "status", "phase"); phase != "" {
				continue
			}
			o.Object["status"] = map[string]any{"phase": "Succeeded", "finishedAt": time.Now().UTC().Format(time.RFC3339)}
			if _, err := all.Namespace(o.GetNamespace()).Update(ctx, o, metav1.UpdateOptions{}); err != nil && ctx.Err() == nil {
				s.Errorf("the stand-in engine: %v", err)
			}
		}
	}()
}

// A tally counts requests, by verb and by what they are about.
type tally struct {
	mu  sync.Mutex
	all map[string]int

	seen int // by who waits for calm
}

func (t *tally) wrap(next http.RoundTripper) http.RoundTripper { return &counting{next, t} }

type counting struct {
	next http.RoundTripper
	*tally
}

func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	if c.all == nil {
		c.all = map[string]int{}
	}
	c.all[nameOf(r)]++
	c.mu.Unlock()
	return c.next.RoundTrip(r)
}

// WrappedRoundTripper lets client-go find the transport below.
func (c *counting) WrappedRoundTripper() http.RoundTripper { return c.next }

// nameOf is a verb and a resource, as "get secrets".
func nameOf(r *http.Request) string {
	verb := strings.ToLower(r.Method)
	if r.URL.Query().Get("watch") != "" {
		verb = "watch"
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case parts[0] == "api" && len(parts) > 2:
		parts = parts[2:]
	case parts[0] == "apis" && len(parts) > 3:
		parts = parts[3:]
	default:
		return verb + " discovery" // also of versions and OpenAPI
	}
	if parts[0] == "namespaces" && len(parts) > 2 {
		parts = parts[2:]
	}
	if verb == "get" && len(parts) == 1 {
		verb = "list"
	}
	if len(parts) == 3 {
		parts[0] += "/" + parts[2]
	}
	return verb + " " + parts[0]
}

// take returns what was counted, and begins anew.
func (t *tally) take() map[string]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := t.all
	t.all = nil
	return all
}

// sum is how many there are but for watches.
func sum(all map[string]int) (n, watches int) {
	for name, count := range all {
		if strings.HasPrefix(name, "watch ") {
			watches += count
		} else {
			n += count
		}
	}
	return n, watches
}

// most tells the most frequent ones.
func most(all map[string]int, per, n int) string {
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	sort.Slice(names, func(i, j int) bool {
		return all[names[i]] > all[names[j]] || all[names[i]] == all[names[j]] && names[i] < names[j]
	})
	var text []string
	for _, name := range names[:min(n, len(names))] {
		text = append(text, fmt.Sprintf("%s %.2f", name, float64(all[name])/float64(per)))
	}
	return strings.Join(text, ", ")
}
