package controller_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	authentication "k8s.io/api/authentication/v1"
	core "k8s.io/api/core/v1"
	rbac "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/controller"
	"github.com/tiphys-dev/tiphys/test/cluster"
)

// Pins are committed in the order of environments; what runs is for others to
// bring about.
func pins(b *bench) {
	repository := filepath.Join(b.TempDir(), "pins.git")
	if out, err := exec.Command("git", "clone", "-q", "--bare", b.tree, repository).CombinedOutput(); err != nil {
		b.Fatalf("git clone: %v\n%s", err, out)
	}
	b.promotion("  - {name: dev}\n  - {name: qa, gates: [{approval: {count: 1}}]}\n  pins: {url: \"" + repository + "\", branch: main}\n")
	b.run(controller.Options{})
	b.waits("qa/approval")
	pinned := func(env string) string {
		c := exec.Command("git", "show", "main:environments/"+env+"/etl/pin.yaml")
		c.Dir = repository
		out, _ := c.Output() // there may be none yet
		return string(out)
	}
	one := b.candidate("1")
	if text := pinned("dev"); !strings.Contains(text, one.Spec.Digest) || !strings.Contains(text, one.Spec.Revision) {
		b.Errorf("dev is pinned to\n%s", text)
	}
	if text := pinned("qa"); text != "" {
		b.Errorf("qa is pinned, and nobody has approved:\n%s", text)
	}
	b.decides("qa", v1alpha1.ToApprove)
	cluster.Until(b, func() error {
		if s := b.candidate("1").Status; s.State != v1alpha1.Verified || s.Reached != "qa" {
			return fmt.Errorf("it is %s in %s: %s", s.State, s.Reached, conditions(s.Conditions))
		}
		return nil
	})
	head := exec.Command("git", "rev-parse", "main")
	head.Dir = repository
	commit, err := head.Output()
	if err != nil {
		b.Fatal(err)
	}
	d := b.candidate("1").Status.Environments[1].Deployment
	if text := pinned("qa"); !strings.Contains(text, one.Spec.Digest) || d.Commit != strings.TrimSpace(string(commit)) {
		b.Errorf("qa is pinned by commit %s, and main is at %s:\n%s", d.Commit, commit, text)
	}
	if b.live("dev") != "-" || b.live("qa") != "-" {
		b.Error("it is deployed, though pins are for others to apply")
	}
}

// A metric lets through when it is within its bounds, and is asked for in its
// interval until then. The answers are those of a stand-in for Prometheus.
func metrics(b *bench) {
	var errors, asked atomic.Int64
	var query atomic.Value
	errors.Store(7)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		query.Store(r.FormValue("query"))
		_ = json.NewEncoder(w).Encode(map[string]any{"status": "success", "data": map[string]any{
			"resultType": "scalar", "result": []any{1, fmt.Sprint(errors.Load())}}})
	}))
	b.Cleanup(s.Close)
	b.promotion("  - {name: dev, gates: [{metric: {query: 'sum(errors{namespace=\"{{namespace}}\", release=\"{{release}}\"})', max: 5}}]}\n  - {name: qa}\n")
	b.run(controller.Options{Prometheus: s.URL})
	b.waits("dev/metric")
	want := fmt.Sprintf(`sum(errors{namespace="%s", release="etl"})`, b.in("dev"))
	cluster.Until(b, func() error {
		c := meta.FindStatusCondition(b.get().Status.Conditions, "dev/metric")
		if c == nil || c.Reason != "MetricOutside" || !strings.Contains(c.Message, "the metric is 7; it opens up to 5") || query.Load() != want {
			return fmt.Errorf("asked %q, the condition is %+v", query.Load(), c)
		}
		return nil
	})
	n := asked.Load()
	errors.Store(2)
	b.step(61 * time.Second)
	b.summary("dev 1 Verified, qa 1 Verified")
	if asked.Load() == n {
		b.Error("it was not asked for again")
	}
}

// TestElsewhere is about an environment in another cluster: a second API server.
func TestElsewhere(t *testing.T) {
	if testing.Short() {
		t.Skip("starts two API servers")
	}
	here, there := cluster.Start(t), cluster.Start(t)
	here.InstallCRDs(t)
	b := newBench(t, here)
	far := kubernetes.NewForConfigOrDie(there.Config(t))
	for _, n := range []string{"agent", b.in("qa")} {
		if _, err := far.CoreV1().Namespaces().Create(t.Context(), &core.Namespace{ObjectMeta: metav1.ObjectMeta{Name: n}}, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	secret := &core.Secret{ObjectMeta: metav1.ObjectMeta{Name: "far", Namespace: b.namespace}, Data: map[string][]byte{"kubeconfig": b.kubeconfig(there, far, "one")}}
	b.create(secret)
	b.promotion("  - {name: dev}\n  - {name: qa, kubeconfig: {name: far}, gates: [{smoke: {template: smoke}}]}\n")
	b.edit(func(p *v1alpha1.Promotion) { p.Spec.Environments[1].ServiceAccount = "" })
	b.run(controller.Options{})
	b.waits("qa/smoke")
	if b.live("qa") != "-" {
		t.Error("qa is deployed here")
	}
	farBench := *b
	farBench.config, farBench.set = there.Config(t), far
	if got := farBench.live("qa"); got != "1" {
		t.Errorf("there qa runs %s", got)
	}
	farBench.engine("qa").end("etl-", "Succeeded")
	verified := func(value string) {
		t.Helper()
		cluster.Until(t, func() error {
			p := b.get()
			if e := p.Status.Environments[1]; e.State != v1alpha1.Verified || farBench.live("qa") != value {
				return fmt.Errorf("qa is %s with %s: %s", e.State, farBench.live("qa"), conditions(p.Status.Conditions))
			}
			return nil
		})
	}
	verified("1")

	// The token is another one, as after a rotation: it goes on with that.
	secret.Data["kubeconfig"] = b.kubeconfig(there, far, "two")
	if err := b.Update(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	if err := far.CoreV1().ServiceAccounts("agent").Delete(t.Context(), "one", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	b.value("2")
	b.ask()
	b.waits("qa/smoke")
	farBench.engine("qa").end("etl-", "Succeeded")
	verified("2")
}

// kubeconfig is one of an account of another cluster that may do all.
func (b *bench) kubeconfig(there *cluster.Cluster, far kubernetes.Interface, account string) []byte {
	b.Helper()
	ctx := b.Context()
	if _, err := far.CoreV1().ServiceAccounts("agent").Create(ctx, &core.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: account}}, metav1.CreateOptions{}); err != nil {
		b.Fatal(err)
	}
	if _, err := far.RbacV1().ClusterRoleBindings().Create(ctx, &rbac.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: account},
		RoleRef:  rbac.RoleRef{APIGroup: rbac.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects: []rbac.Subject{{Kind: "ServiceAccount", Name: account, Namespace: "agent"}}}, metav1.CreateOptions{}); err != nil {
		b.Fatal(err)
	}
	token, err := far.CoreV1().ServiceAccounts("agent").CreateToken(ctx, account, &authentication.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		b.Fatal(err)
	}
	k, err := clientcmd.LoadFromFile(there.Kubeconfig)
	if err != nil {
		b.Fatal(err)
	}
	if err := clientcmdapi.FlattenConfig(k); err != nil { // no files
		b.Fatal(err)
	}
	for name := range k.AuthInfos {
		k.AuthInfos[name] = &clientcmdapi.AuthInfo{Token: token.Status.Token}
	}
	text, err := clientcmd.Write(*k)
	if err != nil {
		b.Fatal(err)
	}
	return text
}

// Who takes a freeze or a pin off without a word is told of, as kubectl apply does
// of a file that has none.
func loosened(b *bench) {
	b.promotion("  - {name: dev}\n  - {name: qa, freeze: {reason: audit}, pin: {candidate: etl-0123, at: \"2026-01-01T00:00:00Z\"}}\n")
	b.run(controller.Options{})
	b.waits("qa/freeze")
	b.edit(func(p *v1alpha1.Promotion) { p.Spec.Environments[1].Freeze, p.Spec.Environments[1].Pin = nil, nil })
	cluster.Until(b, func() error {
		all, err := b.set.EventsV1().Events(b.namespace).List(b.Context(), metav1.ListOptions{})
		if err != nil {
			return err
		}
		notes := map[string]string{}
		for _, e := range all.Items {
			notes[e.Reason] = e.Note
		}
		if notes["Unfrozen"] != "qa is not frozen any more; it was: audit" || notes["Unpinned"] != "qa is not pinned any more; it was pinned to etl-0123" {
			return fmt.Errorf("the events are %q", notes)
		}
		return nil
	})
}
