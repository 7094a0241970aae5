package rollout

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	core "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/rules"
	"github.com/tiphys-dev/tiphys/packaging/bundle"
	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/packaging/release"
	"github.com/tiphys-dev/tiphys/packaging/render"
	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

// canary must be in the one Secret, and nowhere else.
const canary = "correct-horse-battery-staple"

// All tests here share one API server.
func TestOnCluster(t *testing.T) {
	if testing.Short() {
		t.Skip("starts an API server")
	}
	c := cluster.Start(t)
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("HELM_DRIVER", "memory") // it is the affair of people at a command line
	for sentence, test := range map[string]func(*testing.T, *env){
		"deploys once, and tells that it is there":              testDeploy,
		"of sixteen at once one makes a revision":               testAtOnce,
		"goes on to another package, environment and back":      testOn,
		"killed at any write, the next run finishes":            testKill,
		"cut off at any write, the next run finishes":           testCut,
		"findings stop it":                                      testHeld,
		"what is wrong with a package is final":                 testBroken,
		"a key that is missing is not":                          testKeys,
		"a lock and a cluster that is away are not final":       testPassing,
		"what is not ready in time is final":                    testReady,
		"a webhook that is down is not, however often tried":    testWebhookDown,
		"what a policy denies is final until it does not":       testDenied,
		"a quota that is used up is not final":                  testQuota,
		"health names what is missing":                          testHealth,
		"the rights that are asked for are enough":              testRights,
		"drift is what others changed of ours":                  testDrift,
		"drift is not what is ignored, filled in or added":      testNoDrift,
		"drift of secrets is told without values":               testSecretDrift,
		"what the cluster will not take back is told":           testStubborn,
		"no value is anywhere but in its secret":                testCanary,
		"a template that never ends is given up":                testEndless,
		"findings go by placeholders when there is no key":      testFindings,
		"a cluster and a namespace that are not there are told": testNowhere,
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			test(t, newEnv(t, c, key))
		})
	}
}

// An env is a fresh namespace.
type env struct {
	*cluster.Cluster
	config    *rest.Config
	namespace string
	key       *age.X25519Identity
	set       *kubernetes.Clientset
}

func newEnv(t *testing.T, c *cluster.Cluster, key *age.X25519Identity) *env {
	t.Helper()
	e := &env{Cluster: c, config: c.Config(t), namespace: cluster.NamespaceName(), key: key}
	e.set = kubernetes.NewForConfigOrDie(e.config)
	_, err := e.set.CoreV1().Namespaces().Create(t.Context(), &core.Namespace{ObjectMeta: metav1.ObjectMeta{Name: e.namespace}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// files are those of a chart that has what a team's has.
func (e *env) files(t testing.TB, image string) map[string]string {
	t.Helper()
	files := map[string]string{
		"charts/etl/Chart.yaml":  "apiVersion: v2\nname: etl\nversion: 1.0.0\n",
		"charts/etl/values.yaml": "image: " + image + "\nwarehouse: {password: \"\"}\n",
		"charts/etl/templates/secret.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: warehouse}\n" +
			"stringData:\n  password: {{ .Values.warehouse.password | quote }}\n  session: {{ randAlphaNum 12 | quote }}\n",
		"charts/etl/templates/config.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {host: warehouse, environment: {{ .Release.Namespace }}}\n",
		"charts/etl/templates/wf.yaml": "apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata: {name: load}\nspec:\n  entrypoint: main\n  templates:\n" +
			"    - name: main\n      container: {image: {{ .Values.image }}, command: [etl], args: [load]}\n",
		"environments/dev/environment.yaml":  "namespace: " + e.namespace + "\n",
		"environments/prod/environment.yaml": "namespace: " + e.namespace + "\npromotedFrom: dev\n",
	}
	for _, name := range []string{"dev", "prod"} {
		files["environments/"+name+"/etl/secrets.yaml"] = e.seal(t, "environments/"+name+"/etl/secrets.yaml", "warehouse: {password: "+canary+"}\n")
	}
	return files
}

// seal encrypts with the real sops; the plaintext goes through a pipe.
func (e *env) seal(t testing.TB, name, text string) string {
	t.Helper()
	c := exec.Command(testbin.Sops(t), "encrypt", "--age", e.key.Recipient().String(), "--filename-override", name, "--input-type", "yaml", "--output-type", "yaml", "/dev/stdin")
	c.Dir = t.TempDir() // where no .sops.yaml is above
	c.Stdin = strings.NewReader(text)
	out, err := c.Output()
	if err != nil {
		t.Fatalf("sops: %v", err)
	}
	return string(out)
}

// pack makes a package of files.
func pack(t testing.TB, files map[string]string) *bundle.Package {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	chart, err := render.Load(filepath.Join(dir, "charts/etl"))
	if err != nil {
		t.Fatal(err)
	}
	set, err := environment.Open(filepath.Join(dir, "charts/etl"))
	if err != nil {
		t.Fatal(err)
	}
	p, findings, err := bundle.New(set, chart)
	if err != nil || len(findings) > 0 {
		t.Fatal(err, findings)
	}
	return p
}

func (e *env) job(t testing.TB, p *bundle.Package) *Job {
	t.Helper()
	return &Job{Package: p, Environment: "prod", Config: e.config, Keys: [][]byte{[]byte("# of prod\n" + e.key.String() + "\n")}, Timeout: time.Minute, Lint: lint.Options{Rules: rules.All()}}
}

// roll deploys and must succeed.
func roll(t testing.TB, j *Job) *Done {
	t.Helper()
	done, err := j.Deploy(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// history is the status of all revisions, oldest first.
func (e *env) history(t testing.TB) []string {
	t.Helper()
	all, err := release.OpenConfig(e.config, e.namespace).History(t.Context(), "etl")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range all {
		out = append(out, fmt.Sprintf("%d %s %s", r.Number, r.Status, r.Environment))
	}
	return out
}

func (e *env) secret(t testing.TB, name, key string) string {
	t.Helper()
	s, err := e.set.CoreV1().Secrets(e.namespace).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		return ""
	}
	return string(s.Data[key])
}

// everything returns the text of all objects of the namespace, records decoded,
// by kind/name.
func (e *env) everything(t testing.TB) map[string]string {
	t.Helper()
	all := map[string]string{}
	add := func(name string, v any) {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		all[name] += string(text)
	}
	list, err := e.set.CoreV1().Secrets(e.namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list.Items {
		add("Secret/"+s.Name, s)
		for _, v := range s.Data {
			all["Secret/"+s.Name] += "\n" + string(v) + "\n" + unzipped(t, v)
		}
	}
	events, err := e.set.CoreV1().Events(e.namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range events.Items {
		add("Event/"+v.Name, v)
	}
	for _, path := range []string{"/apis/argoproj.io/v1alpha1/namespaces/%s/workflowtemplates", "/api/v1/namespaces/%s/configmaps", "/apis/coordination.k8s.io/v1/namespaces/%s/leases"} {
		text, err := e.set.RESTClient().Get().AbsPath(fmt.Sprintf(path, e.namespace)).DoRaw(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		all[path] = string(text)
	}
	return all
}
