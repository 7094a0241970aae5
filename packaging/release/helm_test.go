package release

import (
	"encoding/json"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tiphys-dev/tiphys/test/testbin"
)

func testStockHelm(t *testing.T, e *env) {
	revision := 0
	for name, helm := range helms(t) {
		revision++
		e.upgrade(t, e.spec(t, revision, password, "one of "+name), Options{})
		if out := e.helm(t, helm, "list"); !strings.Contains(out, "deployed") || !strings.Contains(out, "etl-1.2.3") {
			t.Errorf("%s list:\n%s", name, out)
		}
		if out := e.helm(t, helm, "status", "etl"); !strings.Contains(out, "Run etl with {{braces}}.") {
			t.Errorf("%s status:\n%s", name, out)
		}
		if out := e.helm(t, helm, "history", "etl"); !strings.Contains(out, "etl-1.2.3") {
			t.Errorf("%s history:\n%s", name, out)
		}
		out := e.helm(t, helm, "get", "all", "etl")
		for _, want := range []string{"ENC[AES256_GCM", "# Source: etl/templates/wf.yaml", "# Source: etl/charts/sub/templates/config.yaml",
			"args: ['{{workflow.name}}', '{{{ }}{{- x -}}']", "# Source: etl/templates/hook.yaml", "greeting: one of " + name} {
			if !strings.Contains(out, want) {
				t.Errorf("%s get all has no %q:\n%s", name, want, out)
			}
		}
		for _, never := range []string{password, token, "kind: Secret\nmetadata:\n  name: warehouse"} {
			if strings.Contains(out, never) {
				t.Errorf("%s get all shows %q", name, never)
			}
		}
		if out := e.helm(t, helm, "get", "values", "etl", "--all"); !strings.Contains(out, "user: etl") {
			t.Errorf("%s get values --all has no default of the chart:\n%s", name, out)
		}
		revision++
		e.upgrade(t, e.spec(t, revision, rotated, "two of "+name), Options{})
		e.helm(t, helm, "rollback", "etl")
		revision++
		e.greets(t, "one of "+name)
		if e.secret(t, "warehouse")["password"] != rotated || e.secret(t, "token")["token"] != token {
			t.Errorf("%s rollback touches the secrets", name)
		}
		e.deployed(t, "etl", revision)
		if h, err := e.client(t).History(t.Context(), "etl"); err != nil || !h[len(h)-1].ByHelm || h[len(h)-2].ByHelm {
			t.Errorf("history after %s: %+v, %v", name, h, err)
		}
		// A stock upgrade of the same chart, with everything in the clear.
		e.helm(t, helm, "upgrade", "etl", folder(t, chartFiles()), "--set", "warehouse.password=by-stock-helm,sub.token=by-stock-helm")
		revision++
		e.deployed(t, "etl", revision)
		revision++
		e.upgrade(t, e.spec(t, revision, password, ""), Options{})
		e.deployed(t, "etl", revision)
		if e.secret(t, "warehouse")["password"] != password || e.secret(t, "token")["token"] != token {
			t.Errorf("after %s and a new upgrade of ours the secrets are wrong", name)
		}
	}
}

func (e *env) greets(t *testing.T, want string) {
	t.Helper()
	m, err := e.set.CoreV1().ConfigMaps(e.namespace).Get(t.Context(), "config", metav1.GetOptions{})
	if err != nil || m.Data["greeting"] != want {
		t.Errorf("greeting is %q, want %q, %v", m.Data["greeting"], want, err)
	}
}

func testStockUninstall(t *testing.T, e *env) {
	for name, helm := range helms(t) {
		e.upgrade(t, e.spec(t, 1, password, ""), Options{})
		e.helm(t, helm, "uninstall", "etl")
		if e.secret(t, "warehouse") == nil || e.secret(t, "plain") != nil {
			t.Errorf("%s uninstall removes what is not in its record", name)
		}
		u, err := e.client(t).Uninstall(t.Context(), "etl", Options{})
		if err != nil || !u.NoRecord || len(u.Secrets) != 2 {
			t.Errorf("uninstall after %s: %+v, %v", name, u, err)
		}
		if e.secret(t, "warehouse") != nil || e.secret(t, prefix+"etl") != nil {
			t.Errorf("something is left after %s", name)
		}
	}
	// Without a clean-up a new install takes over what is left.
	e.upgrade(t, e.spec(t, 1, password, ""), Options{})
	e.helm(t, testbin.Helm3(t), "uninstall", "etl")
	e.upgrade(t, e.spec(t, 1, rotated, ""), Options{})
	e.deployed(t, "etl", 1)
	// And one with history kept is installed again.
	e.helm(t, testbin.Helm3(t), "uninstall", "etl", "--keep-history")
	if r := e.upgrade(t, e.spec(t, 2, rotated, ""), Options{}); !r.Installed || r.Revision != 2 {
		t.Errorf("install over a history: %+v", r)
	}
	e.deployed(t, "etl", 2)
}

func testAdopt(t *testing.T, e *env) {
	for name, helm := range helms(t) {
		files := chartFiles()
		files["templates/secret.yaml"] = "apiVersion: v1\nkind: Secret\nmetadata: {name: warehouse}\nstringData:\n" +
			"  password: {{ .Values.warehouse.password }}\n  old: {{ .Values.warehouse.password }}\n"
		e.helm(t, helm, "install", "etl", folder(t, files), "--set", "warehouse.password="+password+",sub.token=abc-def-ghi")
		before, err := e.set.CoreV1().Secrets(e.namespace).Get(t.Context(), "warehouse", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		e.upgrade(t, e.spec(t, 2, rotated, ""), Options{})
		e.deployed(t, "etl", 2)
		after, err := e.set.CoreV1().Secrets(e.namespace).Get(t.Context(), "warehouse", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if before.UID != after.UID {
			t.Errorf("from %s: the secret was made anew", name)
		}
		if len(after.Data) != 2 || string(after.Data["password"]) != rotated {
			t.Errorf("from %s: the secret has %d keys, want password and user only", name, len(after.Data))
		}
		h, err := e.client(t).History(t.Context(), "etl")
		if err != nil || !h[0].ByHelm || h[1].ByHelm {
			t.Errorf("history from %s: %+v, %v", name, h, err)
		}
		// Going back to what helm recorded would write the credentials again.
		if _, err := e.client(t).Rollback(t.Context(), "etl", 1, Options{}); err == nil || !strings.Contains(err.Error(), "in the clear") {
			t.Errorf("rollback to a revision of %s: %v", name, err)
		}
		var keys []string
		for where, text := range e.everything(t) {
			if strings.Contains(where, "etl.v2") && len(leaks(map[string]string{where: text}, []string{password, rotated, token})) > 0 {
				keys = append(keys, where)
			}
		}
		if len(keys) > 0 {
			t.Errorf("from %s: values in %v", name, keys)
		}
		if _, err := e.client(t).Uninstall(t.Context(), "etl", Options{}); err != nil {
			t.Fatal(err)
		}
		if e.secret(t, "warehouse") != nil {
			t.Errorf("from %s: the secret is left", name)
		}
	}
}

func testForeignPending(t *testing.T, e *env) {
	e.upgrade(t, e.spec(t, 1, password, ""), Options{})
	// A stock helm that was killed, or is at work: its record inherits our label.
	for name, helm := range helms(t) {
		e.pend(t, helm)
		_, err := e.client(t).Upgrade(t.Context(), e.spec(t, 3, password, ""), Options{})
		if err == nil || !strings.Contains(err.Error(), "is pending-upgrade since") || !strings.Contains(err.Error(), "--unlock") {
			t.Fatalf("%s: an upgrade over a foreign pending record: %v", name, err)
		}
		for _, f := range []func() error{
			func() error { _, err := e.client(t).Rollback(t.Context(), "etl", 1, Options{}); return err },
			func() error { _, err := e.client(t).Uninstall(t.Context(), "etl", Options{}); return err },
		} {
			if err := f(); err == nil || !strings.Contains(err.Error(), "is pending-upgrade since") {
				t.Errorf("%s: over a foreign pending record: %v", name, err)
			}
		}
		h, err := e.client(t).History(t.Context(), "etl")
		if err != nil || h[len(h)-1].Status != "pending-upgrade" {
			t.Fatalf("%s: the record was touched: %+v, %v", name, h, err)
		}
		next := h[len(h)-1].Number + 1
		e.upgrade(t, e.spec(t, next, password, ""), Options{Unlock: true})
		e.deployed(t, "etl", next)
	}
}

// pend makes a new last record of helm's and marks it pending, as a helm that
// is at work has it.
func (e *env) pend(t *testing.T, helm string) {
	t.Helper()
	e.helm(t, helm, "rollback", "etl", "1")
	c := e.client(t)
	n, err := c.connect(t.Context(), nil, false)
	if err != nil {
		t.Fatal(err)
	}
	set, err := n.clientset()
	if err != nil {
		t.Fatal(err)
	}
	st := newStore(set, e.namespace, "")
	r, err := last(st, "etl")
	if err != nil {
		t.Fatal(err)
	}
	if r.Labels[holderLabel] == "" {
		t.Errorf("the label is not inherited: %s", mustJSON(r.Labels))
	}
	r.Info.Status = "pending-upgrade"
	if err := st.Driver.Update("sh.helm.release.v1.etl.v"+r.Labels["version"], r); err != nil {
		t.Fatal(err)
	}
}

func mustJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
