package messages

import (
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	authentication "k8s.io/api/authentication/v1"
	core "k8s.io/api/core/v1"
	rbac "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/tiphys-dev/tiphys/test/chart"
	"github.com/tiphys-dev/tiphys/test/cluster"
)

// TestMessages has all three programs do what they can, and looks for secrets.
func TestMessages(t *testing.T) {
	if testing.Short() {
		t.Skip("starts an API server")
	}
	api := cluster.Start(t)
	api.InstallCRDs(t)
	c := &cage{t: t}
	w := newWorkplace(t, c)
	w.users(api)
	w.do()
	s := w.servers(api)
	s.promote()
	s.admit()
	s.read()
	s.dump()
}

// users has the workplace act with a token that is a canary, and has it a
// kubeconfig whose token nobody knows.
func (w *workplace) users(api *cluster.Cluster) {
	w.Helper()
	set := kubernetes.NewForConfigOrDie(api.Config(w))
	ctx := w.Context()
	w.values["TEAM"] = cluster.NamespaceName()
	must := func(_ any, err error) {
		w.Helper()
		if err != nil {
			w.Fatal(err)
		}
	}
	for _, space := range []string{w.values["TEAM"], w.values["NS"]} {
		must(set.CoreV1().Namespaces().Create(ctx, &core.Namespace{ObjectMeta: metav1.ObjectMeta{Name: space}}, metav1.CreateOptions{}))
	}
	must(set.CoreV1().ServiceAccounts(w.values["TEAM"]).Create(ctx, &core.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "deployer"}}, metav1.CreateOptions{}))
	must(set.RbacV1().ClusterRoleBindings().Create(ctx, &rbac.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: w.values["TEAM"]}, RoleRef: rbac.RoleRef{APIGroup: rbac.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects: []rbac.Subject{{Kind: "ServiceAccount", Name: "deployer", Namespace: w.values["TEAM"]}},
	}, metav1.CreateOptions{}))
	token, err := set.CoreV1().ServiceAccounts(w.values["TEAM"]).CreateToken(ctx, "deployer", &authentication.TokenRequest{}, metav1.CreateOptions{})
	must(nil, err)
	w.values["KUBE"] = chart.Kubeconfig(w, api, token.Status.Token)
	w.cage.add("a token of a kubeconfig", signature(token.Status.Token))
	w.values["BADKUBE"] = chart.Kubeconfig(w, api, w.cage.plant("a token that is not valid"))
	w.env = append(w.env, "KUBECONFIG="+w.values["KUBE"])
	wrong, err := age.GenerateX25519Identity()
	must(nil, err)
	w.values["WRONGKEY"] = w.cage.add("an age key of somebody else", wrong.String())
	w.values["HALFKEY"] = w.cage.add("half an age key", wrong.String()[:40])
	leaky, err := filepath.Abs(filepath.Join(w.dir, "workflows", "leaky.yaml"))
	must(nil, err)
	text := read(w, leaky)
	w.values["LEAKY"], w.values["LSP"] = text, lsp(text)
	promotion := "apiVersion: tiphys.dev/v1alpha1\nkind: Promotion\nmetadata: {name: etl, namespace: " + w.values["TEAM"] + "}\nspec:\n  suspend: true\n  source: {git: {url: \"https://git.example.com/etl.git\"}}\n  environments: [{name: dev}, {name: prod, gates: [{approval: {}}]}]\n"
	w.kubectl(api, promotion, "apply", "-f", "-")
}

// signature is the part of a token that is secret: the rest says whose it is.
func signature(token string) string { return token[strings.LastIndex(token, ".")+1:] }
