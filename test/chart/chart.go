// Package chart gives tests what the chart of the product holds, as Helm renders
// it, and its rights in a real API server.
package chart

import (
	"bytes"
	"context"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	authentication "k8s.io/api/authentication/v1"
	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"

	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

// Namespace and Controller are those of the release that Render renders: where
// it is, and what the Deployment and the service account of its controller are
// called.
const (
	Namespace  = "tiphys"
	Controller = "tiphys-controller"
)

// Objects are what the chart renders, by KIND/NAME.
type Objects map[string]*unstructured.Unstructured

// Rights are the kinds that give somebody rights, in the order to apply them.
var Rights = []string{"ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"}

// Policies are the kinds that the API server holds by itself.
var Policies = []string{"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"}

// Text is what helm template prints with these arguments of --set.
func Text(t testing.TB, values ...string) string {
	t.Helper()
	args := []string{"template", "tiphys", filepath.Join(testbin.Root(), "charts", "tiphys"), "--namespace", Namespace}
	for _, v := range values {
		args = append(args, "--set", v)
	}
	var stderr bytes.Buffer
	c := exec.Command(testbin.Helm4(t), args...)
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &stderr)
	}
	return string(out)
}

// Render returns what helm template makes of these arguments of --set.
func Render(t testing.TB, values ...string) Objects {
	t.Helper()
	all := Objects{}
	for d := range strings.SplitSeq(Text(t, values...), "\n---") {
		if u := Object(t, d); len(u.Object) > 0 {
			key := u.GetKind() + "/" + u.GetName()
			if all[key] != nil {
				t.Fatalf("the chart has %s twice", key)
			}
			all[key] = u
		}
	}
	return all
}

// Object reads a manifest.
func Object(t testing.TB, text string) *unstructured.Unstructured {
	t.Helper()
	u := &unstructured.Unstructured{}
	asJSON, err := yaml.YAMLToJSON([]byte(text))
	if err == nil {
		err = json.Unmarshal(asJSON, &u.Object)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return u
}

// Manifest writes the object KIND/NAME.
func (o Objects) Manifest(t testing.TB, key string) string {
	t.Helper()
	u := o[key]
	if u == nil {
		t.Fatalf("the chart lacks %s", key)
	}
	text, err := yaml.Marshal(u.Object)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Of returns those of some kinds, kind by kind.
func (o Objects) Of(kinds ...string) (all []*unstructured.Unstructured) {
	for _, kind := range kinds {
		for _, u := range o {
			if u.GetKind() == kind {
				all = append(all, u)
			}
		}
	}
	return all
}

// Arguments are those of the only container of a Deployment.
func (o Objects) Arguments(t testing.TB, name string) []string {
	t.Helper()
	u := o["Deployment/"+name]
	if u == nil {
		t.Fatalf("the chart lacks Deployment %s", name)
	}
	containers, _, err := unstructured.NestedSlice(u.Object, "spec", "template", "spec", "containers")
	if err != nil || len(containers) != 1 {
		t.Fatalf("the Deployment has %d containers: %v", len(containers), err)
	}
	list, _, err := unstructured.NestedStringSlice(containers[0].(map[string]any), "args")
	if err != nil {
		t.Fatal(err)
	}
	for i := range list {
		list[i] = strings.ReplaceAll(list[i], "$(POD_NAMESPACE)", Namespace)
	}
	return list
}

// Apply has the API server hold objects of these kinds.
func (o Objects) Apply(t testing.TB, api *cluster.Cluster, kinds ...string) {
	t.Helper()
	space(t, api)
	for _, u := range o.Of(kinds...) {
		text, err := yaml.Marshal(u.Object)
		if err != nil {
			t.Fatal(err)
		}
		c := exec.Command(testbin.Kubectl(t), "--kubeconfig", api.Kubeconfig, "apply", "--server-side", "--force-conflicts", "-f", "-")
		c.Stdin = bytes.NewReader(text)
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s\n%s", err, out, text)
		}
	}
}

func space(t testing.TB, api *cluster.Cluster) {
	t.Helper()
	o := &core.Namespace{ObjectMeta: metav1.ObjectMeta{Name: Namespace}}
	spaces := kubernetes.NewForConfigOrDie(api.Config(t)).CoreV1().Namespaces()
	if _, err := spaces.Create(context.WithoutCancel(t.Context()), o, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
}

// Token is one of a service account of the release.
func Token(t testing.TB, api *cluster.Cluster, account string) string {
	t.Helper()
	accounts := kubernetes.NewForConfigOrDie(api.Config(t)).CoreV1().ServiceAccounts(Namespace)
	r, err := accounts.CreateToken(t.Context(), account, &authentication.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return r.Status.Token
}

// InstallController gives a controller the rights that the chart has with these
// values, and the API server what the chart has it hold. It returns a kubeconfig
// of the service account of the controller, and the arguments of its container:
// those that name addresses are for a pod, and a later one overrules them.
func InstallController(t testing.TB, api *cluster.Cluster, values ...string) (kubeconfig string, arguments []string) {
	t.Helper()
	all := Render(t, append([]string{"controller.enabled=true"}, values...)...)
	api.InstallCRDs(t)
	all.Apply(t, api, append(append([]string(nil), Rights...), Policies...)...)
	return Kubeconfig(t, api, Token(t, api, Controller)), all.Arguments(t, Controller)
}

// Kubeconfig writes one that reaches the API server with a token alone.
func Kubeconfig(t testing.TB, api *cluster.Cluster, token string) string {
	t.Helper()
	k, err := clientcmd.LoadFromFile(api.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range k.AuthInfos {
		a.Token, a.TokenFile, a.Username, a.Password = token, "", "", ""
		a.ClientCertificate, a.ClientCertificateData, a.ClientKey, a.ClientKeyData = "", nil, "", nil
	}
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*k, path); err != nil {
		t.Fatal(err)
	}
	return path
}
