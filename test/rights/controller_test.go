package rights

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/tiphys-dev/tiphys/test/chart"
	"github.com/tiphys-dev/tiphys/test/chart/pods"
	"github.com/tiphys-dev/tiphys/test/cluster"
)

var candidates = schema.GroupVersionResource{Group: "tiphys.dev", Version: "v1alpha1", Resource: "candidates"}

// A repository is one of git, with a chart and two environments.
type repository struct {
	*scene
	dir, space string
}

func (s *scene) repository(space string) *repository {
	s.Helper()
	r := &repository{s, s.TempDir(), space}
	r.git("init", "-q", "-b", "main")
	for name, text := range map[string]string{
		"etl/Chart.yaml":                    "apiVersion: v2\nname: etl\nversion: 1.0.0\n",
		"etl/values.yaml":                   "a: 0\n",
		"etl/templates/cm.yaml":             "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: etl\ndata:\n  a: {{ .Values.a | quote }}\n",
		"etl/templates/smoke.yaml":          strings.ReplaceAll(workflow("WorkflowTemplate", "smoke", "SPACE", ""), ", namespace: SPACE", ""),
		"environments/dev/environment.yaml": "namespace: " + space + "-dev\n",
		"environments/qa/environment.yaml":  "namespace: " + space + "-qa\npromotedFrom: dev\n",
	} {
		file := filepath.Join(r.dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			s.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			s.Fatal(err)
		}
	}
	r.push("1")
	return r
}

func (r *repository) git(args ...string) {
	r.Helper()
	c := exec.Command("git", args...)
	c.Dir = r.dir
	c.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com")
	if out, err := c.CombinedOutput(); err != nil {
		r.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// push commits another value of the chart.
func (r *repository) push(value string) {
	r.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, "etl/values.yaml"), []byte("a: "+value+"\n"), 0o644); err != nil {
		r.Fatal(err)
	}
	r.git("add", "-A")
	r.git("commit", "-q", "-m", "a is "+value)
}

// runs waits until an environment runs a value.
func (r *repository) runs(env, value string) {
	r.Helper()
	cluster.Until(r, func() error {
		m, err := r.set.CoreV1().ConfigMaps(r.space+"-"+env).Get(r.Context(), "etl", metav1.GetOptions{})
		if err != nil {
			return err
		}
		if m.Data["a"] != value {
			return fmt.Errorf("%s runs %s and not %s", env, m.Data["a"], value)
		}
		return nil
	})
}

// team are the objects around a promotion.
const team = `
apiVersion: v1
kind: Namespace
metadata: {name: SPACE-dev}
---
apiVersion: v1
kind: Namespace
metadata: {name: SPACE-qa}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: deployer, namespace: SPACE}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: SPACE}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: deployer, namespace: SPACE}]
---
apiVersion: v1
kind: Secret
metadata: {name: hook, namespace: SPACE}
stringData: {token: correct-horse-battery}
---
apiVersion: v1
kind: Secret
metadata: {name: chat, namespace: SPACE}
stringData: {url: "https://127.0.0.1:1/nobody"}
---
apiVersion: tiphys.dev/v1alpha1
kind: WorkflowPolicy
metadata: {name: SPACE}
spec: {match: {namespaceSelector: {matchLabels: {a: b}}}, rules: {deadline-missing: warn}}
---
apiVersion: tiphys.dev/v1alpha1
kind: Promotion
metadata: {name: etl, namespace: SPACE}
spec:
  source: {git: {url: DIR, path: etl}, interval: 1h, hook: {name: hook}}
  historyLimit: 1
  notify: [{secret: {name: chat}, events: [rollback]}]
  environments:
    - {name: dev, serviceAccount: deployer, gates: [{lint: {}}, {smoke: {template: smoke}}], onFailure: rollback}
    - {name: qa, serviceAccount: deployer}
`

// engine stands in for a workflow engine: each Workflow that was submitted ends
// with a phase.
func (r *repository) engine(phase string) {
	r.Helper()
	all := r.objects.Resource(workflows).Namespace(r.space + "-dev")
	cluster.Until(r, func() error {
		list, err := all.List(r.Context(), metav1.ListOptions{})
		if err != nil {
			return err
		}
		for i := range list.Items {
			o := &list.Items[i]
			if was, _, _ := unstructured.NestedString(o.Object, "status", "phase"); was != "" {
				continue
			}
			o.Object["status"] = map[string]any{"phase": phase, "finishedAt": time.Now().UTC().Format(time.RFC3339)}
			_, err := all.Update(r.Context(), o, metav1.UpdateOptions{})
			return err
		}
		return fmt.Errorf("no Workflow was submitted")
	})
}

// tells is a push of which the forge tells.
func (r *repository) tells(p *pods.Pod, value string) {
	r.Helper()
	r.push(value)
	q, err := http.NewRequestWithContext(r.Context(), http.MethodPost, "http://"+p.Ports["hook"]+"/hook/"+r.space+"/etl", nil)
	if err != nil {
		r.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer correct-horse-battery")
	a, err := http.DefaultClient.Do(q)
	if err != nil || a.StatusCode != http.StatusAccepted {
		r.Fatalf("the hook says %v, %v", a, err)
	}
	a.Body.Close()
}

// controller is what the controller does all day.
func controller(s *scene) {
	space := s.space()
	r := s.repository(space)
	var p *pods.Pod
	s.tell("it starts, and leads", func() {
		p = s.release.RunController(s, pods.Options{Server: s.hears.Server, CA: s.hears.CA})
		s.leads("tiphys-controller")
	})
	s.tell("a package is deployed to all environments", func() {
		s.apply(strings.NewReplacer("SPACE", space, "DIR", r.dir).Replace(team))
		r.runs("dev", "1")
		r.engine("Succeeded")
		r.runs("qa", "1")
	})
	s.tell("a forge tells of a push", func() {
		r.tells(p, "2")
		r.runs("dev", "2")
		r.engine("Succeeded")
		r.runs("qa", "2")
	})
	s.tell("an environment goes back", func() {
		r.tells(p, "3")
		r.runs("dev", "3")
		r.engine("Failed")
		r.runs("dev", "2")
		r.engine("Succeeded")
	})
	s.tell("a chat cannot be reached, and cannot be reached again", func() { s.events(space, "NotTold", 2) })
	s.tell("candidates that nothing needs any more go", func() {
		for _, v := range []string{"4", "5", "6"} {
			r.tells(p, v)
			r.runs("dev", v)
			r.engine("Succeeded")
			r.runs("qa", v)
		}
		cluster.Until(s, func() error {
			all, err := s.objects.Resource(candidates).Namespace(space).List(s.Context(), metav1.ListOptions{})
			if err != nil || len(all.Items) > 4 {
				return fmt.Errorf("there are %d candidates, %v", len(all.Items), err)
			}
			return nil
		})
	})
	s.tell("somebody looks at the page", func() {
		token, err := s.kubectl("", "create", "token", "deployer", "--namespace", space)
		if err != nil {
			s.Fatal(token)
		}
		q, err := http.NewRequestWithContext(s.Context(), http.MethodGet, "http://"+p.Ports["page"]+"/", nil)
		if err != nil {
			s.Fatal(err)
		}
		q.Header.Set("Authorization", "Bearer "+strings.TrimSpace(token))
		a, err := http.DefaultClient.Do(q)
		if err != nil || a.StatusCode != http.StatusOK {
			s.Fatalf("the page says %v, %v", a, err)
		}
		a.Body.Close()
	})
	s.tell("it ends", func() { s.release.Stop(s, p) })
	s.tell("the API server cannot stream lists, as before 1.34", func() {
		p = s.release.RunController(s, pods.Options{Server: s.hears.Server, CA: s.hears.CA, Env: listing})
		r.tells(p, "7")
		r.runs("dev", "7")
		r.engine("Succeeded")
		r.runs("qa", "7")
		s.release.Stop(s, p)
	})
	s.evidence(space)
}

// evidence: only who may manage candidates may write them. No program asks for
// that right; the policies of the API server do.
func (s *scene) evidence(space string) {
	s.Helper()
	manage := right{"ClusterRole/tiphys-controller", "tiphys.dev", "candidates", "manage", ""}
	all := rights(s.T, "webhook.enabled=false", "controller.enabled=true", "controller.page=true")
	write := func() (string, error) {
		return s.kubectl(strings.ReplaceAll(forged, "SPACE", space), "create", "--dry-run=server", "-f", "-", "--as=system:serviceaccount:"+chart.Namespace+":tiphys-controller")
	}
	s.setRules(manage.role, without(all, manage.role, manage))
	cluster.Until(s, func() error {
		if out, err := write(); err == nil || !strings.Contains(out, "only the controller may") {
			return fmt.Errorf("without the right to %s, it is not refused to write a candidate: %s", manage, out)
		}
		return nil
	})
	s.setRules(manage.role, without(all, manage.role, right{}))
	cluster.Until(s, func() error {
		out, err := write()
		if err != nil {
			return fmt.Errorf("with it: %s", out)
		}
		return nil
	})
	s.asked = append(s.asked, ask{cluster.Request{Verb: "manage", Group: "tiphys.dev", Resource: "candidates"}, "the API server is asked to keep evidence"})
}

const forged = `
apiVersion: tiphys.dev/v1alpha1
kind: Candidate
metadata: {name: etl-0123456789ab, namespace: SPACE}
spec: {promotion: etl, digest: "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", chart: etl, version: 1.0.0, source: https://example.com, revision: a, parts: 1}
`
