package release

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func testLife(t *testing.T, e *env) {
	c := e.client(t)
	st, err := c.Prepare(t.Context(), "etl")
	if err != nil {
		t.Fatal(err)
	}
	if !st.Install || st.Revision != 1 || !strings.HasPrefix(st.KubeVersion, "v1.") || !contains(st.APIVersions, "argoproj.io/v1alpha1/Workflow") {
		t.Errorf("state %+v", st)
	}
	look, namespaced, err := st.GetClientFor("v1", "ConfigMap")
	if err != nil || !namespaced {
		t.Fatalf("lookup: %v", err)
	}
	s := e.spec(t, 1, password, "")
	s.State = st
	r := e.upgrade(t, s, Options{})
	want := &Result{Name: "etl", Namespace: e.namespace, Revision: 1, Status: "deployed", Installed: true,
		Applied: []string{e.namespace + "/token", e.namespace + "/warehouse"}, Notes: "Run etl with {{braces}}.\n"}
	if d := cmp.Diff(want, r); d != "" {
		t.Error(d)
	}
	e.deployed(t, "etl", 1)
	if d := cmp.Diff(map[string]string{"password": password, "user": "etl"}, e.secret(t, "warehouse")); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(map[string]string{"token": token}, e.secret(t, "token")); d != "" {
		t.Error(d)
	}
	if _, err := look.Namespace(e.namespace).Get(t.Context(), "config", metav1.GetOptions{}); err != nil {
		t.Errorf("lookup: %v", err)
	}
	if _, err := c.Upgrade(t.Context(), s, Options{}); err == nil || !strings.Contains(err.Error(), "has changed meanwhile") {
		t.Errorf("an upgrade of what was rendered for an old state: %v", err)
	}

	files := chartFiles()
	delete(files, "charts/sub/templates/token.yaml")
	s = newSpec(t, e.namespace, 2, files, testValues(rotated, token, "bye"), testValues(cipher, cipher, "bye"), rotated, token)
	if r = e.upgrade(t, s, Options{}); cmp.Diff([]string{e.namespace + "/token"}, r.Pruned) != "" {
		t.Errorf("pruned %v", r.Pruned)
	}
	e.deployed(t, "etl", 2)
	if e.secret(t, "warehouse")["password"] != rotated || e.secret(t, "token") != nil {
		t.Error("the secrets are not those of revision 2")
	}
	if all, err := c.History(t.Context(), "etl"); err != nil || len(all) != 2 || all[1].Environment != "prod" || all[1].Chart != "etl-1.2.3" || all[1].ByHelm {
		t.Errorf("history %+v, %v", all, err)
	}

	_, err = c.Rollback(t.Context(), "etl", 0, Options{})
	if err == nil || !strings.Contains(err.Error(), "revision 1 needs secrets that are gone: "+e.namespace+"/token") {
		t.Errorf("rollback to what needs a secret that is gone: %v", err)
	}
	if r, err = c.Rollback(t.Context(), "etl", 2, Options{}); err != nil || r.Revision != 3 || r.RolledBack != 2 {
		t.Errorf("rollback: %+v, %v", r, err)
	}
	e.deployed(t, "etl", 3)
	if _, err := c.Rollback(t.Context(), "etl", 9, Options{}); err == nil || !strings.Contains(err.Error(), `has no revision 9; it has 1, 2, 3`) {
		t.Errorf("rollback to nothing: %v", err)
	}
	if _, err := c.Status(t.Context(), "elt"); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), `did you mean "etl"?`) {
		t.Errorf("status of a misspelt name: %v", err)
	}

	u, err := c.Uninstall(t.Context(), "etl", Options{})
	if err != nil || cmp.Diff([]string{e.namespace + "/warehouse"}, u.Secrets) != "" {
		t.Errorf("uninstall: %+v, %v", u, err)
	}
	for where := range e.everything(t) {
		if where != "ConfigMap/before" && !strings.HasPrefix(where, "/apis") { // a hook stays, as with Helm
			t.Errorf("%s is left", where)
		}
	}
	if _, err := c.Uninstall(t.Context(), "etl", Options{}); !errors.Is(err, ErrNotFound) {
		t.Errorf("uninstall twice: %v", err)
	}
}

func testNoValueAnywhere(t *testing.T, e *env) {
	for i := range 11 {
		pass := password
		if i >= 6 {
			pass = rotated
		}
		e.upgrade(t, e.spec(t, i+1, pass, fmt.Sprint("hello ", i)), Options{HistoryMax: 20})
	}
	e.deployed(t, "etl", 11)
	all := e.everything(t)
	for _, record := range []string{"Secret/sh.helm.release.v1.etl.v1", "Secret/sh.helm.release.v1.etl.v11", "Secret/tiphys.v1.etl", "Lease/tiphys.v1.etl"} {
		if all[record] == "" {
			t.Errorf("there is no %s", record)
		}
	}
	values := []string{password, rotated, token}
	if found := leaks(all, values, "Secret/warehouse", "Secret/token"); len(found) > 0 {
		t.Errorf("values leak: %v", found)
	}
	if found := leaks(all, values); len(found) != 2 {
		t.Errorf("the search finds %v, so it is blind", found)
	}
	if !strings.Contains(all["Secret/sh.helm.release.v1.etl.v11"], "ENC[AES256_GCM") {
		t.Error("the record does not hold the values as they lie on disk")
	}
	// And a limit of history is kept.
	e.upgrade(t, e.spec(t, 12, rotated, "last"), Options{HistoryMax: 3})
	if h, err := e.client(t).History(t.Context(), "etl"); err != nil || len(h) != 3 {
		t.Errorf("history has %d revisions, want 3: %v", len(h), err)
	}
}

func testSecretMoves(t *testing.T, e *env) {
	e.upgrade(t, e.spec(t, 1, password, ""), Options{})
	files := chartFiles() // the Secret has nothing decrypted any more
	files["templates/secret.yaml"] = "apiVersion: v1\nkind: Secret\nmetadata: {name: warehouse}\nstringData: {password: none}\n"
	s := newSpec(t, e.namespace, 2, files, testValues(password, token, ""), testValues(cipher, cipher, ""), password, token)
	if r := e.upgrade(t, s, Options{}); len(r.Pruned) > 0 {
		t.Errorf("pruned %v", r.Pruned)
	}
	e.deployed(t, "etl", 2)
	got, err := e.set.CoreV1().Secrets(e.namespace).Get(t.Context(), "warehouse", metav1.GetOptions{})
	if err != nil || string(got.Data["password"]) != "none" || got.Labels[releaseLabel] != "" || got.Annotations[helmPolicy] != "" {
		t.Errorf("the secret is %+v, %v", got, err)
	}
	// And back.
	e.upgrade(t, e.spec(t, 3, rotated, ""), Options{})
	e.deployed(t, "etl", 3)
	if e.secret(t, "warehouse")["password"] != rotated {
		t.Error("the secret did not come back")
	}
	if all := leaks(e.everything(t), []string{password, rotated, token}, "Secret/warehouse", "Secret/token"); len(all) > 0 {
		t.Errorf("values leak: %v", all)
	}
}

func testRollbackSecrets(t *testing.T, e *env) {
	e.upgrade(t, e.spec(t, 1, password, "one"), Options{})
	e.upgrade(t, e.spec(t, 2, rotated, "two"), Options{})
	r, err := e.client(t).Rollback(t.Context(), "etl", 0, Options{})
	if err != nil || r.RolledBack != 1 || r.Revision != 3 {
		t.Fatalf("rollback: %+v, %v", r, err)
	}
	e.deployed(t, "etl", 3)
	if got := e.secret(t, "warehouse")["password"]; got != rotated {
		t.Error("an old credential came back")
	}
	m, err := e.set.CoreV1().ConfigMaps(e.namespace).Get(t.Context(), "config", metav1.GetOptions{})
	if err != nil || m.Data["greeting"] != "one" {
		t.Errorf("config is %v, %v", m.Data, err)
	}
	if h, err := e.client(t).History(t.Context(), "etl"); err != nil || len(h) != 3 || h[2].ByHelm || h[2].Digest == "" {
		t.Errorf("history %+v, %v", h, err)
	}
}
