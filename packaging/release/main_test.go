package release

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	core "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

// All tests here share one API server.
func TestOnCluster(t *testing.T) {
	if testing.Short() {
		t.Skip("starts an API server")
	}
	c := cluster.Start(t)
	t.Setenv("HOME", t.TempDir())
	for sentence, test := range map[string]func(*testing.T, *env){
		"install, upgrade, look, roll back, uninstall":                 testLife,
		"ten upgrades and a rotation leave no value in any record":     testNoValueAnywhere,
		"stock helm goes on from a release of ours":                    testStockHelm,
		"stock helm uninstalls, and we clean up":                       testStockUninstall,
		"a release of stock helm is adopted":                           testAdopt,
		"of two at once one wins":                                      testTwoAtOnce,
		"what another helm has pending is not touched":                 testForeignPending,
		"a lock nobody renews is taken over":                           testStaleLock,
		"a lock that is lost ends the work":                            testLostLock,
		"killed at any write, the next run recovers":                   testKill,
		"interrupted at any write, nothing is pending":                 testInterrupt,
		"an uninstall killed at any write can be finished":             testKillUninstall,
		"diff shows what changes and masks secrets":                    testDiff,
		"a dry run changes nothing and tells what would be refused":    testDryRun,
		"a record with a decrypted value is refused":                   testGuard,
		"a failed upgrade goes back":                                   testGoBack,
		"a failed install goes back to nothing":                        testGoBackToNothing,
		"what is not ready in time is named":                           testWait,
		"somebody else's secret is not touched":                        testForeignSecret,
		"an immutable secret that changes is refused":                  testImmutable,
		"a secret moves between manifest and inventory":                testSecretMoves,
		"a rollback does not bring old credentials back":               testRollbackSecrets,
		"what the cluster refuses is said with what to do":             testMessages,
		"a junk inventory is an error that names it":                   testJunkInventory,
		"a chart that does not fit into a record is refused":           testTooLarge,
		"the rights that are asked for are enough":                     testRights,
		"definitions of kinds come with the chart":                     testCRDs,
		"what a cluster serves is asked for once, and when it is new":  testKinds,
		"secrets whose data is wrong are refused without their values": testBadSecrets,
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			test(t, newEnv(t, c.Kubeconfig))
		})
	}
}

// An env is a fresh namespace.
type env struct {
	kubeconfig, namespace string
	set                   *kubernetes.Clientset
}

func newEnv(t *testing.T, kubeconfig string) *env {
	t.Helper()
	e := &env{kubeconfig: kubeconfig, namespace: cluster.NamespaceName()}
	c := e.client(t)
	n, err := c.connect(t.Context(), nil, false)
	if err != nil {
		t.Fatal(err)
	}
	if e.set, err = n.clientset(); err != nil {
		t.Fatal(err)
	}
	_, err = e.set.CoreV1().Namespaces().Create(t.Context(), &core.Namespace{ObjectMeta: metav1.ObjectMeta{Name: e.namespace}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (e *env) client(t testing.TB) *Client {
	t.Helper()
	c, err := Open(Target{Kubeconfig: e.kubeconfig, Namespace: e.namespace})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// helm runs a stock helm in the namespace and returns what it prints.
func (e *env) helm(t *testing.T, path string, args ...string) string {
	t.Helper()
	out, err := e.tryHelm(path, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(path), strings.Join(args, " "), err, out)
	}
	return out
}

func (e *env) tryHelm(path string, args ...string) (string, error) {
	c := exec.Command(path, append(args, "--namespace", e.namespace, "--kubeconfig", e.kubeconfig)...)
	out, err := c.CombinedOutput()
	return string(out), err
}

// helms are the stock ones.
func helms(t *testing.T) map[string]string {
	return map[string]string{"helm3": testbin.Helm3(t), "helm4": testbin.Helm4(t)}
}

// upgrade deploys and must succeed.
func (e *env) upgrade(t *testing.T, s Spec, o Options) *Result {
	t.Helper()
	r, err := e.client(t).Upgrade(t.Context(), s, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// secret returns the data of a Secret, or nil.
func (e *env) secret(t *testing.T, name string) map[string]string {
	t.Helper()
	s, err := e.set.CoreV1().Secrets(e.namespace).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		return nil
	}
	m := map[string]string{}
	for k, v := range s.Data {
		m[k] = string(v)
	}
	return m
}

// everything returns all objects of the namespace as text, records decoded, by
// kind/name.
func (e *env) everything(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	add := func(kind, name string, v any) {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		all[kind+"/"+name] = string(text)
	}
	secrets, err := e.set.CoreV1().Secrets(e.namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range secrets.Items {
		add("Secret", s.Name, s)
		if s.Type == "helm.sh/release.v1" {
			all["Secret/"+s.Name] += decoded(t, s.Data["release"])
		}
		for k, v := range s.Data {
			all["Secret/"+s.Name] += "\n" + k + "=" + string(v)
		}
	}
	maps, err := e.set.CoreV1().ConfigMaps(e.namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range maps.Items {
		add("ConfigMap", m.Name, m)
	}
	leases, err := e.set.CoordinationV1().Leases(e.namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range leases.Items {
		add("Lease", l.Name, l)
	}
	events, err := e.set.CoreV1().Events(e.namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range events.Items {
		add("Event", v.Name, v)
	}
	for _, list := range []string{"/apis/argoproj.io/v1alpha1/namespaces/" + e.namespace + "/workflowtemplates", "/apis/apps/v1/namespaces/" + e.namespace + "/deployments"} {
		text, err := e.set.RESTClient().Get().AbsPath(list).DoRaw(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		all[list] = string(text)
	}
	return all
}

// leaks returns where values are found that should be in the Secrets only.
func leaks(all map[string]string, values []string, but ...string) []string {
	var found []string
	var never []Never
	for _, v := range values {
		never = append(never, Never{Key: v, Value: []byte(v)})
	}
	n := newNever(never)
	for where, text := range all {
		if key, ok := n.in([]byte(text)); ok && !contains(but, where) {
			found = append(found, fmt.Sprintf("%s in %s", key, where))
		}
	}
	return found
}

func contains(all []string, s string) bool {
	for _, one := range all {
		if one == s {
			return true
		}
	}
	return false
}

// deployed checks that a release is deployed, with nothing pending and nobody
// at work.
func (e *env) deployed(t *testing.T, name string, revision int) {
	t.Helper()
	st, err := e.client(t).Status(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if st.Status != "deployed" || st.Number != revision || st.Lock != "" {
		t.Errorf("revision %d is %s and locked by %q, want revision %d deployed and unlocked", st.Number, st.Status, st.Lock, revision)
	}
	for _, o := range append(st.Objects, st.Secrets...) {
		if o.Missing {
			t.Errorf("%s %s is missing", o.Kind, o.Name)
		}
	}
	all, err := e.client(t).History(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, r := range all {
		if strings.HasPrefix(r.Status, "pending") {
			t.Errorf("revision %d is %s", r.Number, r.Status)
		}
		if r.Status == "deployed" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d revisions are deployed: %v", n, all)
	}
}
