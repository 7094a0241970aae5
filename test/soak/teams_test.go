package soak

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/tiphys-dev/tiphys/packaging/release"
	"github.com/tiphys-dev/tiphys/test/chart"
)

// rights are those of a team: what deploys, and who approves.
const rights = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: soak-deployer}
rules:
  - {apiGroups: [""], resources: [secrets], verbs: ["*"]}
  - {apiGroups: [coordination.k8s.io], resources: [leases], verbs: ["*"]}
  - {apiGroups: [argoproj.io], resources: ["*"], verbs: ["*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: soak-approver}
rules:
  - {apiGroups: [tiphys.dev], resources: [promotions, candidates, approvals], verbs: [get, list, watch, create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: soak-decider}
rules:
  - {apiGroups: [tiphys.dev], resources: [promotions/prod], resourceNames: [etl], verbs: [approve]}
`

// A team has a chart in a git repository and a Promotion of it.
type team struct {
	*soak
	name, tree   string
	environments []string

	mu       sync.Mutex
	pushed   int           // packages, whose versions are 1.0.1 and so on
	due      []int         // those that must come to every environment
	arrived  int           // of them
	lost     int           //
	slowest  time.Duration // from push to the last environment, while no fault was on
	history  map[string]map[int]release.Revision
	problems map[string]bool // that are told already
}

func (t *team) in(env string) string { return t.name + "-" + env }

// team makes one; the last of three environments waits for an approval.
func (s *soak) team(name string, environments ...string) *team {
	s.Helper()
	t := &team{soak: s, name: name, tree: s.path(name), environments: environments, history: map[string]map[int]release.Revision{}, problems: map[string]bool{}}
	s.space(name)
	bind := func(space, role, kind, who string) {
		subject := fmt.Sprintf("{kind: %s, name: %s, namespace: %s}", kind, who, name)
		if kind == "User" {
			subject = fmt.Sprintf("{kind: User, name: %s, apiGroup: rbac.authorization.k8s.io}", who)
		}
		s.apply(fmt.Sprintf("apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: %s-%s, namespace: %s}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: %[1]s}\nsubjects: [%[4]s]", role, who, space, subject))
	}
	s.apply(fmt.Sprintf("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: deployer, namespace: %s}", name))
	for _, who := range []string{"ada", "bob"} {
		bind(name, "soak-approver", "User", who)
	}
	bind(name, "soak-decider", "User", "ada")
	files, text := map[string]string{}, ""
	for i, env := range environments {
		s.space(t.in(env))
		bind(t.in(env), "soak-deployer", "ServiceAccount", "deployer")
		from := ""
		if i > 0 {
			from = "promotedFrom: " + environments[i-1] + "\n"
		}
		files["environments/"+env+"/environment.yaml"] = "namespace: " + t.in(env) + "\n" + from
		gate := "smoke: {template: smoke}"
		if env == "prod" {
			gate = "approval: {count: 1}"
		}
		text += fmt.Sprintf("    - {name: %s, serviceAccount: deployer, gates: [{%s}]}\n", env, gate)
	}
	t.git("init", "-q", "-b", "main")
	files["etl/templates/smoke.yaml"] = "apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata:\n  name: smoke\n  labels:\n    package: {{ .Values.package | quote }}\nspec: {" + good + "}\n"
	t.commit(files)
	t.push()
	s.apply(fmt.Sprintf("apiVersion: tiphys.dev/v1alpha1\nkind: Promotion\nmetadata: {name: etl, namespace: %s}\nspec:\n  historyLimit: 3\n  source: {git: {url: %s, path: etl}, interval: 5s}\n  environments:\n%s", name, t.tree, text))
	return t
}

// apply makes or changes an object.
func (s *soak) apply(texts string) {
	s.Helper()
	for text := range strings.SplitSeq(texts, "\n---\n") {
		o := chart.Object(s, text)
		asYAML, err := yaml.Marshal(o.Object)
		s.must(nil, err)
		c := exec.Command(s.kubectl, "--kubeconfig", s.api.Kubeconfig, "apply", "-f", "-")
		c.Stdin = strings.NewReader(string(asYAML))
		if out, err := c.CombinedOutput(); err != nil {
			s.Fatalf("%s\n%s", out, text)
		}
	}
}

func (t *team) git(args ...string) {
	c := exec.Command("git", args...)
	t.must(nil, os.MkdirAll(t.tree, 0o755))
	c.Dir = t.tree
	c.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com")
	if out, err := c.CombinedOutput(); err != nil {
		t.book.problem("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func (t *team) commit(files map[string]string) {
	for name, text := range files {
		file := filepath.Join(t.tree, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
			t.book.problem("write %s: %v", name, err)
		}
	}
	t.git("add", "-A")
	t.git("commit", "-q", "-m", "more")
}

// push commits the next package and returns its number.
func (t *team) push() int {
	t.mu.Lock()
	t.pushed++
	n := t.pushed
	t.mu.Unlock()
	t.commit(map[string]string{
		"etl/Chart.yaml":  fmt.Sprintf("apiVersion: v2\nname: etl\nversion: 1.0.%d\n", n),
		"etl/values.yaml": fmt.Sprintf("package: \"%d\"\n", n),
	})
	return n
}

// work pushes packages, one when the other has arrived, until nothing more is to
// be promoted. Each fifth time there are three at once, of which the last must
// arrive: those before may be passed over.
func (t *team) work() {
	n := 1
	for {
		t.mu.Lock()
		t.due = append(t.due, n)
		t.mu.Unlock()
		t.follow(n)
		t.look()
		select {
		case <-t.pushing:
			return
		case <-t.load.Done():
			return
		default:
		}
		n = t.push()
		if n%5 == 0 {
			t.push()
			n = t.push()
		}
	}
}

// arrival is how long a package may take while no fault is on, and patience how
// long in all.
const (
	arrival  = 90 * time.Second
	patience = 6 * time.Minute
)

// follow waits until a package is in every environment, and approves it where
// that is needed.
func (t *team) follow(n int) {
	began, faulty, approved := time.Now(), t.road.faulty(), false
	for t.load.Err() == nil {
		states, err := t.states()
		switch {
		case err != nil:
		case t.all(states, n):
			t.mu.Lock()
			t.arrived++
			if !t.road.overlaps(began) {
				t.slowest = max(t.slowest, time.Since(began))
			}
			t.mu.Unlock()
			return
		case !approved && states["prod"].held && states["qa"].is(n):
			approved = t.approve(states["qa"].candidate)
		}
		calm := time.Since(began) - (t.road.faulty() - faulty)
		if calm > arrival || time.Since(began) > patience {
			t.mu.Lock()
			t.lost++
			t.mu.Unlock()
			t.book.problem("package %d of %s has not arrived after %s, %s of it without faults: %+v, %v", n, t.name, time.Since(began).Round(time.Second), calm.Round(time.Second), states, err)
			return
		}
		t.wait(250 * time.Millisecond)
	}
}

// A stand is what an environment is at.
type stand struct {
	candidate, state string
	live             int // the package that is deployed
	held             bool
	why              string
}

func (s stand) is(n int) bool { return s.live == n && s.state == "Verified" }

func (t *team) all(states map[string]stand, n int) bool {
	for _, env := range t.environments {
		if !states[env].is(n) {
			return false
		}
	}
	return true
}

func (t *team) states() (map[string]stand, error) {
	ctx, cancel := context.WithTimeout(t.load, 20*time.Second)
	defer cancel()
	o, err := t.admin.Resource(own("promotions")).Namespace(t.name).Get(ctx, "etl", metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	all, _, _ := unstructured.NestedSlice(o.Object, "status", "environments")
	blocked, _, _ := unstructured.NestedString(o.Object, "status", "blockedBy")
	out := map[string]stand{}
	for _, e := range all {
		e := e.(map[string]any)
		s := stand{held: strings.Contains(blocked, "prod/approval")}
		name, _ := e["name"].(string)
		s.candidate, _ = e["candidate"].(string)
		s.state, _ = e["state"].(string)
		s.why, _ = e["summary"].(string)
		if u, err := t.admin.Resource(argo("workflowtemplates")).Namespace(t.in(name)).Get(ctx, "smoke", metav1.GetOptions{}); err == nil {
			s.live, _ = strconv.Atoi(u.GetLabels()["package"])
		}
		out[name] = s
	}
	return out, nil
}

func approval(t testing.TB, space, candidate, more string) *unstructured.Unstructured {
	return chart.Object(t, fmt.Sprintf("apiVersion: tiphys.dev/v1alpha1\nkind: Approval\nmetadata: {name: a-%d, namespace: %s}\nspec: {promotion: etl, candidate: %s, environment: prod, decision: approve, %s}", serial.Add(1), space, candidate, more))
}

// approve has somebody try who may not, and then somebody who may.
func (t *team) approve(candidate string) bool {
	try := func(user, denied string) answer {
		o := approval(t, t.name, candidate, "by: {user: "+user+"}")
		_, a := t.ask(question{what: user + " approves " + candidate, denied: denied, do: func(ctx context.Context) (*unstructured.Unstructured, error) {
			return t.as(user).Resource(own("approvals")).Namespace(t.name).Create(ctx, o, metav1.CreateOptions{})
		}})
		return a
	}
	try("bob", `"bob" may not decide for environment "prod"`)
	return try("ada", "") == right
}

// look reads what Helm has recorded; it keeps ten revisions only.
func (t *team) look() {
	for _, env := range t.environments {
		all, err := release.OpenConfig(t.config, t.in(env)).History(t.load, "etl")
		if err != nil {
			continue // next time
		}
		t.mu.Lock()
		if t.history[env] == nil {
			t.history[env] = map[int]release.Revision{}
		}
		for _, r := range all {
			t.history[env][r.Number] = r
		}
		t.mu.Unlock()
	}
}
