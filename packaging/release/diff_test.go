package release

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tiphys-dev/tiphys/test/kill"
)

func testDiff(t *testing.T, e *env) {
	show := func(s Spec) string {
		t.Helper()
		changes, err := e.client(t).Diff(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := WriteDiff(&b, changes, false); err != nil {
			t.Fatal(err)
		}
		out := strings.ReplaceAll(b.String(), e.namespace, "NS")
		for _, v := range []string{password, rotated, token, base64.StdEncoding.EncodeToString([]byte(rotated)), base64.StdEncoding.EncodeToString([]byte("public"))} {
			if strings.Contains(out, v) {
				t.Errorf("the diff shows %q:\n%s", v, out)
			}
		}
		return out
	}
	first := show(e.spec(t, 1, password, ""))
	for _, want := range []string{"create Secret NS/warehouse (v1), beside the record\n", "+  password: '***'\n", "create WorkflowTemplate NS/nightly", "run ConfigMap NS/before (v1): pre-install\n",
		"6 to create, 0 to change, 0 to remove, 0 unchanged, 1 hooks to run\n"} {
		if !strings.Contains(first, want) {
			t.Errorf("the first diff has no %q:\n%s", want, first)
		}
	}
	if all := e.everything(t); len(all) != 2 {
		t.Errorf("a diff wrote something: %v", all)
	}
	e.upgrade(t, e.spec(t, 1, password, ""), Options{})
	if got := show(e.spec(t, 1, password, "")); got != "run ConfigMap NS/before (v1): pre-upgrade\n0 to create, 0 to change, 0 to remove, 6 unchanged, 1 hooks to run\n" {
		t.Errorf("the diff of the same is:\n%s", got)
	}
	// Somebody changes an object by hand; the chart changes, too.
	_, err := e.set.CoreV1().ConfigMaps(e.namespace).Patch(t.Context(), "config", types.MergePatchType, []byte(`{"data":{"greeting":"by hand"}}`), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	files := chartFiles()
	delete(files, "charts/sub/templates/token.yaml")
	delete(files, "templates/plain.yaml")
	s := newSpec(t, e.namespace, 2, files, testValues(rotated, token, "bye"), testValues(cipher, cipher, "bye"), rotated, token)
	want := `change Secret NS/warehouse (v1), beside the record
  @@ -1,6 +1,6 @@
   apiVersion: v1
   data:
  -  password: '***'
  +  password: '*** (changed)'
     user: '***'
   kind: Secret
   metadata:
change ConfigMap NS/config (v1)
  @@ -1,7 +1,7 @@
   apiVersion: v1
   data:
  -  greeting: by hand
  -  revision: "1"
  +  greeting: bye
  +  revision: "2"
   kind: ConfigMap
   metadata:
     annotations:
remove Secret NS/plain (v1)
remove Secret NS/token (v1), beside the record
run ConfigMap NS/before (v1): pre-upgrade
0 to create, 2 to change, 2 to remove, 2 unchanged, 1 hooks to run
`
	if d := cmp.Diff(want, show(s)); d != "" {
		t.Error(d)
	}
	// It says the truth: that is what the upgrade does.
	e.upgrade(t, s, Options{})
	if e.secret(t, "plain") != nil || e.secret(t, "token") != nil {
		t.Error("secrets are left")
	}
	if got := show(s); !strings.Contains(got, "0 to create, 0 to change, 0 to remove") {
		t.Errorf("after the upgrade the diff is:\n%s", got)
	}
}

func testDryRun(t *testing.T, e *env) {
	o := Options{DryRun: true}
	r, err := e.client(t).Upgrade(t.Context(), e.spec(t, 1, password, ""), o)
	want := &Result{Name: "etl", Namespace: e.namespace, Revision: 1, Installed: true, DryRun: true,
		Applied: []string{e.namespace + "/token", e.namespace + "/warehouse"}, Notes: "Run etl with {{braces}}.\n"}
	if d := cmp.Diff(want, r); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
	if all := e.everything(t); len(all) != 2 {
		t.Errorf("a dry run wrote something: %v", all)
	}
	files := chartFiles()
	files["templates/config.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: Not_Allowed}\n"
	s := newSpec(t, e.namespace, 1, files, testValues(password, token, ""), testValues(cipher, cipher, ""), password, token)
	if _, err := e.client(t).Upgrade(t.Context(), s, o); err == nil || !strings.Contains(err.Error(), `the cluster would refuse it: ConfigMap "Not_Allowed"`) {
		t.Errorf("a dry run of what the cluster refuses: %v", err)
	}
	// In a namespace that is still to be made.
	c, err := Open(Target{Kubeconfig: e.kubeconfig, Namespace: e.namespace + "-new"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Upgrade(t.Context(), e.spec(t, 1, password, ""), Options{DryRun: true, CreateNamespace: true}); err != nil {
		t.Error(err)
	}
	if _, err := c.Upgrade(t.Context(), e.spec(t, 1, password, ""), o); err == nil || !strings.Contains(err.Error(), "make it with --create-namespace") {
		t.Errorf("a dry run without the namespace: %v", err)
	}
	if r, err := c.Upgrade(t.Context(), e.spec(t, 1, password, ""), Options{CreateNamespace: true}); err != nil || r.Status != "deployed" {
		t.Errorf("an install with its namespace: %+v, %v", r, err)
	}
	// What a killed run left pending does not stand in the way of a look.
	kill.Child(t, order{Kubeconfig: e.kubeconfig, Namespace: e.namespace, Revision: 1, Password: password, After: 5})
	if st, err := e.client(t).Status(t.Context(), "etl"); err != nil || st.Status != "pending-install" {
		t.Fatalf("the kill came too early or late: %+v, %v", st, err)
	}
	if r, err := e.client(t).Upgrade(t.Context(), e.spec(t, 2, password, ""), o); err != nil || r.Revision != 2 {
		t.Errorf("a dry run over a pending revision: %+v, %v", r, err)
	}
}
