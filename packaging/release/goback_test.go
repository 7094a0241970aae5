package release

import (
	"strings"
	"testing"
	"time"
)

const deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\nspec:\n  selector: {matchLabels: {a: b}}\n" +
	"  template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: 'alpine:3'}]}}\n"

func (e *env) broken(t *testing.T, revision int, extra string) Spec {
	t.Helper()
	files := chartFiles()
	files["templates/extra.yaml"] = extra
	files["templates/new.yaml"] = "apiVersion: v1\nkind: Secret\nmetadata: {name: new}\nstringData: {a: {{ .Values.warehouse.password }}}\n"
	return newSpec(t, e.namespace, revision, files, testValues(rotated, token, "bye"), testValues(cipher, cipher, "bye"), rotated, token)
}

func testGoBack(t *testing.T, e *env) {
	e.upgrade(t, e.spec(t, 1, password, "one"), Options{})
	for sentence, extra := range map[string]string{
		"not ready":  deployment,
		"bad hook":   "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: Not_Allowed, annotations: {helm.sh/hook: post-upgrade}}\n",
		"bad object": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: Not_Allowed}\n",
	} {
		next := e.revision(t) + 1
		r, err := e.client(t).Upgrade(t.Context(), e.broken(t, next, extra), Options{Wait: true, Timeout: time.Second, RollbackOnFailure: true})
		if err == nil || !strings.Contains(err.Error(), "it was rolled back to revision ") {
			t.Fatalf("%s: %v", sentence, err)
		}
		if r.RolledBack == 0 || r.Status != "deployed" {
			t.Errorf("%s: %+v", sentence, r)
		}
		e.deployed(t, "etl", next+1)
		e.greets(t, "one")
		if e.secret(t, "warehouse")["password"] != password || e.secret(t, "token")["token"] != token || e.secret(t, "new") != nil {
			t.Errorf("%s: the secrets are not as they were", sentence)
		}
		e.clean(t)
	}
	// Without it, all stays for a look, and the next upgrade mends it.
	next := e.revision(t) + 1
	r, err := e.client(t).Upgrade(t.Context(), e.broken(t, next, deployment), Options{Wait: true, Timeout: time.Second})
	if err == nil || r.Status != "failed" || !strings.Contains(err.Error(), `not ready after 1s: Deployment "api"`) {
		t.Errorf("a failed upgrade: %+v, %v", r, err)
	}
	if e.secret(t, "new") == nil {
		t.Error("the new secret is gone")
	}
	e.upgrade(t, e.spec(t, next+1, password, ""), Options{})
	e.deployed(t, "etl", next+1)
	if e.secret(t, "new") != nil {
		t.Error("the secret of the failed revision is left")
	}
}

func testGoBackToNothing(t *testing.T, e *env) {
	r, err := e.client(t).Upgrade(t.Context(), e.broken(t, 1, deployment), Options{Wait: true, Timeout: time.Second, RollbackOnFailure: true})
	if err == nil || !strings.Contains(err.Error(), "it was uninstalled again") || !r.Uninstalled {
		t.Errorf("%+v, %v", r, err)
	}
	for where := range e.everything(t) {
		if where != "ConfigMap/before" && where != "Lease/tiphys.v1.etl" && !strings.HasPrefix(where, "/apis") {
			t.Errorf("%s is left", where)
		}
	}
	e.upgrade(t, e.spec(t, 1, password, ""), Options{})
	e.deployed(t, "etl", 1)
}

func testWait(t *testing.T, e *env) {
	start := time.Now()
	_, err := e.client(t).Upgrade(t.Context(), e.broken(t, 1, deployment), Options{Wait: true, Timeout: 2 * time.Second})
	if err == nil || !strings.Contains(err.Error(), `not ready after 2s: Deployment "api" (`) || time.Since(start) > 20*time.Second {
		t.Errorf("after %s: %v", time.Since(start), err)
	}
	// Hooks are waited for without being asked.
	job := "apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate, annotations: {helm.sh/hook: pre-upgrade}}\n" +
		"spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: 'alpine:3'}]}}}\n"
	_, err = e.client(t).Upgrade(t.Context(), e.broken(t, 2, job), Options{Timeout: time.Second})
	if err == nil || !strings.Contains(err.Error(), `not done after 1s: Job "migrate" (0 active, 0 failed, 0 succeeded)`) {
		t.Errorf("a hook that does not end: %v", err)
	}
	st, err := e.client(t).Status(t.Context(), "etl")
	if err != nil || st.Status != "failed" || !strings.Contains(st.Description, "migrate") {
		t.Errorf("%+v, %v", st, err)
	}
}
