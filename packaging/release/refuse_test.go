package release

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
	rbac "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// nothing checks that a refused run has left nothing, but for the lock.
func (e *env) nothing(t *testing.T) {
	t.Helper()
	for where := range e.everything(t) {
		if !strings.HasPrefix(where, "/apis") && where != "Lease/tiphys.v1.etl" {
			t.Errorf("%s is there", where)
		}
	}
}

func testGuard(t *testing.T, e *env) {
	for sentence, c := range map[string]struct {
		change func(*Spec)
		want   string
	}{
		"in a config map": {func(s *Spec) {
			s.Files["etl/templates/x.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: " + password + "}\n"
		}, "in the manifest of ConfigMap x"},
		"in base64, within more": {func(s *Spec) {
			s.Files["etl/templates/x.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: " + b64("jdbc://u:"+password+"@host") + "}\n"
		}, "in the manifest of ConfigMap x"},
		"with escapes": {func(s *Spec) {
			s.Files["etl/templates/x.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: \"s3cr3t\\ttoken\\nwith \\\"two\\\" lines\"}\n"
		}, "in the manifest of ConfigMap x"},
		"in a hook": {func(s *Spec) {
			s.Files["etl/templates/x.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, annotations: {helm.sh/hook: post-delete}}\ndata: {a: " + password + "}\n"
		}, "in the hook ConfigMap x"},
		"in the notes":  {func(s *Spec) { s.Notes = "log in with " + password }, "in the notes"},
		"in the values": {func(s *Spec) { s.Values = map[string]any{"a": []any{map[string]any{"b": password}}} }, "in the values"},
	} {
		s := e.spec(t, 1, password, "")
		c.change(&s)
		_, err := e.client(t).Upgrade(t.Context(), s, Options{})
		var refused *Refused
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), `the decrypted value of "key`) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", sentence, err)
		} else if strings.Contains(err.Error(), password) {
			t.Errorf("%s: the message shows the value", sentence)
		}
	}
	files := chartFiles()
	files["secrets.yaml.dec"] = "warehouse: {password: " + password + "}\n"
	s := newSpec(t, e.namespace, 1, files, testValues(password, token, ""), testValues(cipher, cipher, ""), password, token)
	if _, err := e.client(t).Upgrade(t.Context(), s, Options{}); err == nil || !strings.Contains(err.Error(), "in the file secrets.yaml.dec of the chart") {
		t.Errorf("a decrypted file in the chart: %v", err)
	}
	e.nothing(t)
}

func testForeignSecret(t *testing.T, e *env) {
	for sentence, c := range map[string]struct {
		labels, annotations map[string]string
		want                string
	}{
		"of nobody":          {nil, nil, "it was not made by a release"},
		"of another release": {map[string]string{managedBy: "Helm"}, map[string]string{helmName: "other", helmNamespace: e.namespace}, `it belongs to release "other"`},
		"of another space":   {map[string]string{releaseLabel: "etl"}, map[string]string{helmName: "etl", helmNamespace: "elsewhere"}, `it belongs to release "etl" in namespace "elsewhere"`},
	} {
		made, err := e.set.CoreV1().Secrets(e.namespace).Create(t.Context(), &core.Secret{ObjectMeta: metav1.ObjectMeta{Name: "warehouse", Labels: c.labels, Annotations: c.annotations}}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = e.client(t).Upgrade(t.Context(), e.spec(t, 1, password, ""), Options{})
		if err == nil || !strings.Contains(err.Error(), "is there, and not ours to change: "+c.want) {
			t.Errorf("%s: %v", sentence, err)
		}
		if now, err := e.set.CoreV1().Secrets(e.namespace).Get(t.Context(), "warehouse", metav1.GetOptions{}); err != nil || now.ResourceVersion != made.ResourceVersion {
			t.Errorf("%s: it was touched: %v", sentence, err)
		}
		if err := e.set.CoreV1().Secrets(e.namespace).Delete(t.Context(), "warehouse", metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	e.nothing(t)
}

func testImmutable(t *testing.T, e *env) {
	files := chartFiles()
	files["templates/secret.yaml"] += "immutable: true\n"
	spec := func(revision int, pass string) Spec {
		return newSpec(t, e.namespace, revision, files, testValues(pass, token, ""), testValues(cipher, cipher, ""), pass, token)
	}
	e.upgrade(t, spec(1, password), Options{})
	e.upgrade(t, spec(2, password), Options{})
	_, err := e.client(t).Upgrade(t.Context(), spec(3, rotated), Options{})
	if err == nil || !strings.Contains(err.Error(), "is immutable, and its data changed: give it a name that changes with it") {
		t.Errorf("an immutable secret with other data: %v", err)
	}
	e.deployed(t, "etl", 2)
	if e.secret(t, "warehouse")["password"] != password {
		t.Error("the secret was changed")
	}
}

func testBadSecrets(t *testing.T, e *env) {
	const head = "apiVersion: v1\nkind: Secret\nmetadata: {name: bad}\n"
	for text, want := range map[string]string{
		head + "data: {a: correct-horse-battery!}":     `the value of data.a is not base64: put it into stringData`,
		head + "stringData: {port: 54320000}":          `the value of stringData.port is no text: quote it`,
		head + "stringData: [correct-horse-battery]":   `stringData is no map`,
		head + "stringData: {a: b":                     `a Secret is no YAML`,
		head + "---\n" + head:                          `has 2 documents`,
		"":                                             `has 0 documents`,
		"apiVersion: v1\nkind: Secret\nmetadata: {}\n": `a Secret has no metadata.name`,
		"apiVersion: v1\nkind: ConfigMap\n":            `ConfigMap of v1 is no Secret of v1`,
		"apiVersion: v1\nkind: Secret\nmetadata: {name: warehouse}\n": `is there twice in the chart`,
	} {
		s := e.spec(t, 1, password, "")
		s.Secrets = append(s.Secrets, text)
		_, err := e.client(t).Upgrade(t.Context(), s, Options{})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "horse") || strings.Contains(err.Error(), "5432") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	// What only the API server knows.
	s := e.spec(t, 1, password, "")
	s.Secrets = append(s.Secrets, head+"type: kubernetes.io/tls\nstringData: {tls.crt: "+password+"}\n")
	if _, err := e.client(t).Upgrade(t.Context(), s, Options{}); err == nil || !strings.Contains(err.Error(), "data[tls.key]: Required value") || strings.Contains(err.Error(), password) {
		t.Errorf("a TLS secret without a key: %v", err)
	}
	r := e.upgrade(t, e.spec(t, e.revision(t)+1, password, ""), Options{})
	e.deployed(t, "etl", r.Revision)
}

func testJunkInventory(t *testing.T, e *env) {
	for sentence, s := range map[string]core.Secret{
		"is something else":                {},
		"was changed and cannot be read":   {Type: inventoryType, Data: map[string][]byte{inventoryKey: []byte("[[[")}},
		"was changed and cannot be read: ": {Type: inventoryType},
	} {
		s.Name = prefix + "etl"
		if _, err := e.set.CoreV1().Secrets(e.namespace).Create(t.Context(), &s, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		if _, err := e.client(t).Upgrade(t.Context(), e.spec(t, 1, password, ""), Options{}); err == nil || !strings.Contains(err.Error(), sentence) {
			t.Errorf("an inventory that %s: %v", sentence, err)
		}
		if err := e.set.CoreV1().Secrets(e.namespace).Delete(t.Context(), s.Name, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	e.nothing(t)
}

func testMessages(t *testing.T, e *env) {
	say := func(s Spec, o Options, target Target) string {
		t.Helper()
		if target.Kubeconfig == "" {
			target.Kubeconfig = e.kubeconfig
		}
		c, err := Open(target)
		if err != nil {
			return err.Error()
		}
		if _, err = c.Upgrade(t.Context(), s, o); err == nil {
			t.Fatal("it was done")
		}
		return err.Error()
	}
	files := chartFiles()
	files["templates/wf.yaml"] = "apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTaskResult\nmetadata: {name: x}\n"
	argo := newSpec(t, e.namespace, 1, files, testValues(password, token, ""), testValues(cipher, cipher, ""), password, token)
	files["templates/wf.yaml"] = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: x}\n"
	widget := newSpec(t, e.namespace, 1, files, testValues(password, token, ""), testValues(cipher, cipher, ""), password, token)
	fine := e.spec(t, 1, password, "")

	_, err := e.set.RbacV1().Roles(e.namespace).Create(t.Context(), &rbac.Role{ObjectMeta: metav1.ObjectMeta{Name: "bob"},
		Rules: []rbac.PolicyRule{{APIGroups: []string{"", "coordination.k8s.io"}, Resources: []string{"secrets", "leases"}, Verbs: []string{"get", "list", "update", "create"}}}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = e.set.RbacV1().RoleBindings(e.namespace).Create(t.Context(), &rbac.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "bob"},
		RoleRef: rbac.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "Role", Name: "bob"}, Subjects: []rbac.Subject{{Kind: "User", Name: "bob"}}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") // a port where nobody answers
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	text, err := os.ReadFile(e.kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(text, []byte("server: https://")) + len("server: https://")
	end := at + bytes.IndexByte(text[at:], '\n')
	dead := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(dead, bytes.Replace(text, text[at:end], []byte(l.Addr().String()), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	wrong := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(wrong, bytes.Replace(text, []byte("token: "), []byte("token: no"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	in := Target{Namespace: e.namespace}
	for sentence, c := range map[string]struct {
		got, want string
	}{
		"no Argo":          {say(argo, Options{}, in), "Argo Workflows is not installed in that cluster"},
		"no such kind":     {say(widget, Options{}, in), "the cluster does not know Widget of example.com/v1"},
		"no namespace":     {say(fine, Options{}, Target{Namespace: e.namespace + "-none"}), `-none": make it with --create-namespace`},
		"no rights at all": {say(fine, Options{}, Target{Namespace: e.namespace, As: "eve"}), `User "eve" cannot get resource "leases" in API group "coordination.k8s.io" in the namespace "` + e.namespace + `"; deploying needs get, list, create, update, patch and delete`},
		"some rights":      {say(fine, Options{}, Target{Namespace: e.namespace, As: "bob"}), `User "bob" cannot get resource "configmaps"`},
		"no cluster":       {say(fine, Options{}, Target{Kubeconfig: dead, Namespace: e.namespace}), `: is the cluster up, and is it the right one?`},
		"bad credentials":  {say(fine, Options{}, Target{Kubeconfig: wrong, Namespace: e.namespace}), `does not accept these credentials: log in again`},
		"no context":       {say(fine, Options{}, Target{Context: "controlplan"}), `the kubeconfig has no context "controlplan"; did you mean "controlplane"?`},
		"no kubeconfig":    {say(fine, Options{}, Target{Kubeconfig: "none"}), `read kubeconfig: `},
		"a bad name":       {say(Spec{Name: "A_b"}, Options{}, in), `"A_b" is no name for a release`},
	} {
		if !strings.Contains(c.got, c.want) {
			t.Errorf("%s: %s", sentence, c.got)
		}
	}
	e.nothing(t)

	// A cluster that takes a connection and says nothing.
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	if err := os.WriteFile(dead, bytes.Replace(text, text[at:end], []byte(silent.Addr().String()), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Open(Target{Kubeconfig: dead, Namespace: e.namespace})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	context.AfterFunc(ctx, func() {})
	time.AfterFunc(300*time.Millisecond, cancel)
	start := time.Now()
	if _, err := c.Upgrade(ctx, fine, Options{}); !errors.Is(err, context.Canceled) || time.Since(start) > 5*time.Second {
		t.Errorf("an interrupt of a run that waits for a silent cluster: after %s, %v", time.Since(start), err)
	}
	c.config.Timeout = 500 * time.Millisecond
	if _, err := c.Prepare(t.Context(), "etl"); err == nil || !strings.Contains(err.Error(), "did not answer in time") {
		t.Errorf("a silent cluster: %v", err)
	}
}

// testRights deploys with just the rights that the documentation asks for.
func testRights(t *testing.T, e *env) {
	all := []string{"get", "list", "create", "update", "patch", "delete"}
	_, err := e.set.RbacV1().Roles(e.namespace).Create(t.Context(), &rbac.Role{ObjectMeta: metav1.ObjectMeta{Name: "carol"}, Rules: []rbac.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"secrets", "configmaps"}, Verbs: all},
		{APIGroups: []string{"argoproj.io"}, Resources: []string{"workflowtemplates"}, Verbs: all},
		{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: []string{"get", "create", "update", "delete"}},
	}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = e.set.RbacV1().RoleBindings(e.namespace).Create(t.Context(), &rbac.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "carol"},
		RoleRef: rbac.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "Role", Name: "carol"}, Subjects: []rbac.Subject{{Kind: "User", Name: "carol"}}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := Open(Target{Kubeconfig: e.kubeconfig, Namespace: e.namespace, As: "carol"})
	if err != nil {
		t.Fatal(err)
	}
	for i, pass := range []string{password, rotated} {
		s := e.spec(t, i+1, pass, "")
		if s.State, err = c.Prepare(t.Context(), "etl"); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Diff(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Upgrade(t.Context(), s, Options{Wait: true}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Rollback(t.Context(), "etl", 0, Options{}); err != nil {
		t.Error(err)
	}
	e.deployed(t, "etl", 3)
	if _, err := c.Status(t.Context(), "etl"); err != nil {
		t.Error(err)
	}
	if _, err := c.Uninstall(t.Context(), "etl", Options{}); err != nil {
		t.Error(err)
	}
	if e.secret(t, "warehouse") != nil {
		t.Error("the secret is left")
	}
}

func testTooLarge(t *testing.T, e *env) {
	files := chartFiles()
	noise := make([]byte, 2<<20)
	if _, err := rand.Read(noise); err != nil {
		t.Fatal(err)
	}
	files["data.bin"] = string(noise)
	s := newSpec(t, e.namespace, 1, files, testValues(password, token, ""), testValues(cipher, cipher, ""), password, token)
	_, err := e.client(t).Upgrade(t.Context(), s, Options{})
	var refused *Refused
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "KiB, and Helm keeps it in a Secret, which holds 1024: the chart has 2048 KiB of files") {
		t.Errorf("a chart that is too large: %v", err)
	}
	e.nothing(t)
	e.upgrade(t, e.spec(t, 1, password, ""), Options{})
	e.deployed(t, "etl", 1)
}

func testCRDs(t *testing.T, e *env) {
	s := newKind(t, e)
	if _, err := e.client(t).Upgrade(t.Context(), s, Options{DryRun: true}); err != nil {
		t.Error(err)
	}
	e.upgrade(t, s, Options{})
	e.deployed(t, "etl", 1)
}

// newKind has a chart with the definition of a kind, and an object of it.
func newKind(t *testing.T, e *env) Spec {
	kind := strings.ReplaceAll(e.namespace, "-", "")
	files := chartFiles()
	files["crds/widget.yaml"] = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: " + kind + "s.example.com}\nspec:\n  group: example.com\n" +
		"  scope: Namespaced\n  names: {kind: " + kind + ", plural: " + kind + "s, singular: " + kind + "}\n" +
		"  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]\n"
	files["templates/widget.yaml"] = "apiVersion: example.com/v1\nkind: " + kind + "\nmetadata: {name: x}\n"
	return newSpec(t, e.namespace, 1, files, testValues(password, token, ""), testValues(cipher, cipher, ""), password, token)
}
