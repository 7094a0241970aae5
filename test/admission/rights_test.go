package admission

import (
	"fmt"
	"strings"
	"testing"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/tiphys-dev/tiphys/test/chart"
	"github.com/tiphys-dev/tiphys/test/cluster"
)

// A client of a service account of the release.
type account struct {
	config  *rest.Config
	core    *kubernetes.Clientset
	objects dynamic.Interface
}

func newAccount(t *testing.T, kubeconfig string) *account {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	config.QPS = -1
	return &account{config, kubernetes.NewForConfigOrDie(config), dynamic.NewForConfigOrDie(config)}
}

// controls: what the controller may not do. What it may, and needs to, is in
// test/rights.
func controls(t *testing.T, g *guard) {
	g.must(t, "", "create", "secret", "generic", "keys", "--from-literal=key=x")
	g.must(t, "", "create", "serviceaccount", "deployer")
	g.must(t, deployer, "apply", "-f", "-")
	its := newAccount(t, chart.Kubeconfig(t, g.api, chart.Token(t, g.api, chart.Controller)))
	for name, try := range map[string]func() error{
		"list Secrets": func() error {
			_, err := its.core.CoreV1().Secrets(g.space).List(t.Context(), metav1.ListOptions{})
			return err
		},
		"list ConfigMaps": func() error {
			_, err := its.core.CoreV1().ConfigMaps(g.space).List(t.Context(), metav1.ListOptions{})
			return err
		},
		"act as a user": func() error { return its.acts(t, g.space, rest.ImpersonationConfig{UserName: "alice"}) },
		"act as a group": func() error {
			return its.acts(t, g.space, rest.ImpersonationConfig{UserName: "system:serviceaccount:" + g.space + ":deployer", Groups: []string{"system:masters"}})
		},
		"act as named groups": func() error {
			return its.acts(t, g.space, rest.ImpersonationConfig{UserName: "system:serviceaccount:" + g.space + ":deployer", Groups: []string{"system:serviceaccounts:" + g.space}})
		},
		"act as who may not": func() error {
			return its.acts(t, g.space, rest.ImpersonationConfig{UserName: "system:serviceaccount:tiphys:tiphys-controller"})
		},
		"deploy as itself": func() error { return its.acts(t, g.space, rest.ImpersonationConfig{}) },
	} {
		if err := try(); !apierrors.IsForbidden(err) {
			t.Errorf("the controller may %s: %v", name, err)
		}
	}
	for verb, what := range map[string]string{"approve": "promotions.tiphys.dev/etl", "promote": "promotions.tiphys.dev/etl"} {
		out, _ := g.as(t, "system:serviceaccount:tiphys:tiphys-controller", "", "auth", "can-i", verb, what, "--subresource=prod")
		if !strings.HasSuffix(out, "no") {
			t.Errorf("may it %s %s? %s", verb, what, out)
		}
	}
}

// deployer lets whoever is in the group of service accounts of the namespace
// make Services: the API server puts those in it that others act as.
const deployer = `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: deployer, namespace: SPACE}
rules: [{apiGroups: [""], resources: [services], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: deployer, namespace: SPACE}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: deployer}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:serviceaccounts:SPACE"}]
`

// acts makes a Service as somebody else, or as itself.
func (a *account) acts(t *testing.T, space string, as rest.ImpersonationConfig) error {
	config := rest.CopyConfig(a.config)
	config.Impersonate = as
	s := &core.Service{ObjectMeta: metav1.ObjectMeta{Name: "s"}, Spec: core.ServiceSpec{Ports: []core.ServicePort{{Port: 80}}}}
	_, err := kubernetes.NewForConfigOrDie(config).CoreV1().Services(space).Create(t.Context(), s, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	return err
}

// Namespaces and names bound what the controller may get and whom it may act as.
func TestControllerOfSomeNamespaces(t *testing.T) {
	api := cluster.Start(t)
	spaces := []string{cluster.NamespaceName(), cluster.NamespaceName()}
	admin := kubernetes.NewForConfigOrDie(api.Config(t))
	for _, space := range spaces {
		g := &guard{api: api, space: space}
		g.must(t, "", "create", "namespace", space)
		g.must(t, deployer, "apply", "-f", "-")
		if _, err := admin.CoreV1().Secrets(space).Create(t.Context(), &core.Secret{ObjectMeta: metav1.ObjectMeta{Name: "keys"}}, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	kubeconfig, _ := chart.InstallController(t, api, "webhook.enabled=false", fmt.Sprintf("controller.namespaces={%s}", spaces[0]), "controller.serviceAccounts={deployer}")
	its := newAccount(t, kubeconfig)
	for name, test := range map[string]struct {
		space, account string
		secret, act    bool
	}{
		"its namespace and account": {spaces[0], "deployer", true, true},
		"another account":           {spaces[0], "default", true, false},
		"another namespace":         {spaces[1], "deployer", false, false},
	} {
		_, err := its.core.CoreV1().Secrets(test.space).Get(t.Context(), "keys", metav1.GetOptions{})
		if (err == nil) != test.secret || err != nil && !apierrors.IsForbidden(err) {
			t.Errorf("%s: get a Secret: %v", name, err)
		}
		err = its.acts(t, test.space, rest.ImpersonationConfig{UserName: "system:serviceaccount:" + test.space + ":" + test.account})
		if (err == nil) != test.act || err != nil && !apierrors.IsForbidden(err) {
			t.Errorf("%s: act as it: %v", name, err)
		}
	}
}
