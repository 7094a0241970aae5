package bench

import (
	"context"
	"encoding/json"
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
	section
	unit       float64 // seconds of processor time that the others are told in
	kubeconfig string
	config     *rest.Config
	asked      *tally
	root       string
	made       int
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
	s := &stage{B: b, Client: c, config: config, asked: &tally{}, root: b.TempDir(), kubeconfig: api.Kubeconfig}
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

// copies makes promotions until there are n, settled as the first one is. What is
// in their statuses was never deployed: nobody looks, as their last environment is
// verified and its drift was just looked at.
func (s *stage) copies(n int) {
	s.Helper()
	first := &v1alpha1.Promotion{}
	if err := s.Get(s.Context(), client.ObjectKey{Namespace: "team-0", Name: "etl-0"}, first); err != nil {
		s.Fatal(err)
	}
	var candidates v1alpha1.CandidateList
	if err := s.List(s.Context(), &candidates, client.InNamespace("team-0"), client.MatchingLabels{v1alpha1.PromotionLabel: "etl-0"}); err != nil || len(candidates.Items) != 1 {
		s.Fatalf("%d candidates of one promotion: %v", len(candidates.Items), err)
	}
	for ; s.made < n; s.made++ {
		team := fmt.Sprintf("team-%d", s.made/perTeam)
		if s.made%perTeam == 0 {
			s.team(team)
		}
		s.copy(first, &candidates.Items[0], team, fmt.Sprintf("etl-%d", s.made))
	}
}

func (s *stage) copy(first *v1alpha1.Promotion, candidate *v1alpha1.Candidate, team, name string) {
	s.Helper()
	as := func(from, to client.Object) {
		text, err := json.Marshal(from)
		if err != nil {
			s.Fatal(err)
		}
		text = []byte(strings.NewReplacer("team-0", team, "etl-0", name).Replace(string(text)))
		if err := json.Unmarshal(text, to); err != nil {
			s.Fatal(err)
		}
		to.SetUID("")
		to.SetResourceVersion("")
		to.SetManagedFields(nil)
	}
	p, c := &v1alpha1.Promotion{}, &v1alpha1.Candidate{}
	as(first, p)
	as(candidate, c)
	status, of := p.Status, c.Status
	s.create(p)
	c.OwnerReferences[0].UID = p.UID
	s.create(c)
	p.Status, c.Status = status, of
	if err := errors.Join(s.Status().Update(s.Context(), c), s.Status().Update(s.Context(), p)); err != nil {
		s.Fatal(err)
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
	cluster.Until(s, c.Ready)
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
