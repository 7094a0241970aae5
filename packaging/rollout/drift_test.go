package rollout

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	rbac "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/tiphys-dev/tiphys/packaging/release"
)

const (
	templatePath = "/apis/argoproj.io/v1alpha1/namespaces/%s/workflowtemplates/load"
	settingsPath = "/api/v1/namespaces/%s/configmaps/settings"
	secretPath   = "/api/v1/namespaces/%s/secrets/warehouse"
	tidyPath     = "/apis/batch/v1/namespaces/%s/cronjobs/tidy"
	tidyText     = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: tidy}\nspec:\n  schedule: '@daily'\n  suspend: false\n" +
		"  jobTemplate:\n    spec:\n      template:\n        spec:\n          restartPolicy: Never\n          containers:\n            - name: tidy\n              image: tidy:1\n" +
		"              env: [{name: A, value: a}, {name: B, value: b}]\n              resources: {limits: {cpu: 0.5}}\n"
	pinnedText = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: pinned}\nimmutable: true\ndata: {a: b}\n"
)

// edit patches an object as somebody with kubectl does.
func (e *env) edit(t *testing.T, path, patch string) {
	t.Helper()
	err := e.set.RESTClient().Patch(types.MergePatchType).AbsPath(fmt.Sprintf(path, e.namespace)).Param("fieldManager", "kubectl-edit").Body([]byte(patch)).Do(t.Context()).Error()
	if err != nil {
		t.Fatal(err)
	}
}

func drift(t *testing.T, j *Job, ignore ...Ignored) []release.Change {
	t.Helper()
	found, err := j.Drift(t.Context(), ignore)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func names(all []release.Change) []string {
	out := []string{}
	for _, c := range all {
		out = append(out, string(c.Action)+" "+c.Kind+"/"+c.Name)
	}
	return out
}

func testDrift(t *testing.T, e *env) {
	files := e.files(t, "etl:1")
	files["charts/etl/templates/tidy.yaml"] = tidyText
	j := e.job(t, pack(t, files))
	roll(t, j)
	if found := drift(t, j); len(found) > 0 {
		t.Fatalf("what was just deployed has drifted: %v\n%s\n%s", names(found), found[0].Before, found[0].After)
	}
	for sentence, c := range map[string]struct {
		change func()
		want   string
	}{
		"a field of an object of Argo": {func() {
			e.edit(t, templatePath, `{"spec":{"templates":[{"name":"main","container":{"image":"evil:1","command":["etl"],"args":["load"]}}]}}`)
		}, "update WorkflowTemplate/load"},
		"a field that is gone": {func() { e.edit(t, templatePath, `{"spec":{"entrypoint":null}}`) }, "update WorkflowTemplate/load"},
		"a template more": {func() {
			e.edit(t, templatePath, `{"spec":{"templates":[{"name":"main","container":{"image":"etl:1","command":["etl"],"args":["load"]}},{"name":"more","container":{"image":"a:1"}}]}}`)
		}, "update WorkflowTemplate/load"},
		"a value":              {func() { e.edit(t, settingsPath, `{"data":{"host":"elsewhere"}}`) }, "update ConfigMap/settings"},
		"a switch":             {func() { e.edit(t, tidyPath, `{"spec":{"suspend":true}}`) }, "update CronJob/tidy"},
		"a label of Helm":      {func() { e.edit(t, settingsPath, `{"metadata":{"labels":{"app.kubernetes.io/managed-by":"me"}}}`) }, "update ConfigMap/settings"},
		"an object is gone":    {func() { e.delete(t, settingsPath) }, "create ConfigMap/settings"},
		"an object of Argo is": {func() { e.delete(t, templatePath) }, "create WorkflowTemplate/load"},
		"a value of a secret":  {func() { e.edit(t, secretPath, `{"data":{"password":"ZXZpbA=="}}`) }, "update Secret/warehouse"},
		"a secret is gone":     {func() { e.delete(t, secretPath) }, "create Secret/warehouse"},
		"a key of a secret is": {func() { e.edit(t, secretPath, `{"data":{"password":null}}`) }, "update Secret/warehouse"},
		"a limit of a container": {func() {
			e.edit(t, tidyPath, `{"spec":{"jobTemplate":{"spec":{"template":{"spec":{"containers":[{"name":"tidy","image":"tidy:1","env":[{"name":"A","value":"x"},{"name":"B","value":"b"}],"resources":{"limits":{"cpu":"500m"}}}]}}}}}}`)
		}, "update CronJob/tidy"},
	} {
		c.change()
		found := drift(t, j)
		if got := names(found); !slices.Equal(got, []string{c.want}) {
			t.Errorf("%s: %v, want %s", sentence, got, c.want)
		}
		if err := j.Correct(t.Context(), nil); err != nil {
			t.Errorf("%s: %v", sentence, err)
		}
		if left := drift(t, j); len(left) > 0 {
			t.Errorf("%s: after it was corrected, there is left: %v\n%s\n%s", sentence, names(left), left[0].Before, left[0].After)
		}
	}
	if got := e.secret(t, "warehouse", "password"); got != canary {
		t.Errorf("the secret holds %q", got)
	}
	if got := e.history(t); !slices.Equal(got, []string{"1 deployed prod"}) {
		t.Errorf("correcting made a revision: %v", got)
	}
	// The next deployment goes on from what was corrected.
	next := e.files(t, "etl:2")
	roll(t, e.job(t, pack(t, next)))
	if found := drift(t, e.job(t, pack(t, next))); len(found) > 0 {
		t.Errorf("after an upgrade: %v", names(found))
	}
}

func testNoDrift(t *testing.T, e *env) {
	files := e.files(t, "etl:1")
	files["charts/etl/templates/tidy.yaml"] = tidyText
	files["charts/etl/templates/run.yaml"] = "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: once}\nspec:\n  entrypoint: main\n  templates: [{name: main, container: {image: \"etl:1\", command: [etl]}}]\n"
	j := e.job(t, pack(t, files))
	roll(t, j)
	e.edit(t, settingsPath, `{"metadata":{"labels":{"team":"a"}},"data":{"more":"b"}}`)
	e.edit(t, templatePath, `{"metadata":{"labels":{"team":"a"}},"spec":{"podGC":{"strategy":"OnPodSuccess"}}}`)
	e.edit(t, secretPath, `{"metadata":{"labels":{"team":"a"}},"data":{"more":"Yg==","session":"b3RoZXI="}}`)
	e.edit(t, tidyPath, `{"spec":{"jobTemplate":{"spec":{"template":{"spec":{"containers":[{"name":"tidy","image":"tidy:1","env":[{"name":"A","value":"a"},{"name":"B","value":"b"},{"name":"C","value":"c"}],"resources":{"limits":{"cpu":"500m","memory":"1Gi"}}}]}}}}}}`)
	// As the admission webhook writes it, also into the element of a list.
	e.edit(t, templatePath, `{"metadata":{"annotations":{"policy.tiphys.dev/defaults":"house: spec.templates[0].container.resources.limits.cpu, spec.podGC.strategy; and 2 more"}},`+
		`"spec":{"templates":[{"name":"main","container":{"image":"etl:1","command":["etl"],"args":["load"],"resources":{"limits":{"cpu":"1"}}}}]}}`)
	e.delete(t, "/apis/argoproj.io/v1alpha1/namespaces/%s/workflows/once") // it has run, and its time is over
	if found := drift(t, j); len(found) > 0 {
		t.Errorf("what others added: %v\n%s\n%s", names(found), found[0].Before, found[0].After)
	}
	if problem, err := j.Health(t.Context()); err != nil || problem != "" {
		t.Errorf("health: %q, %v", problem, err)
	}
	e.edit(t, tidyPath, `{"spec":{"suspend":true}}`)
	e.edit(t, settingsPath, `{"data":{"host":"elsewhere","environment":null}}`)
	e.edit(t, templatePath, `{"spec":{"templates":[{"name":"main","container":{"image":"etl:patched","command":["etl"],"args":["load"],"resources":{"limits":{"cpu":"1"}}}}]}}`)
	ignore := []Ignored{
		{Kind: "CronJob", Paths: []string{"spec.suspend"}},
		{Kind: "ConfigMap", Name: "settings", Paths: []string{`data["host"]`, "data.environment"}},
		{Paths: []string{"spec.templates[*].container.image"}},
	}
	if found := drift(t, j, ignore...); len(found) > 0 {
		t.Errorf("what is ignored: %v\n%s\n%s", names(found), found[0].Before, found[0].After)
	}
	if got := names(drift(t, j, ignore[0])); len(got) != 2 {
		t.Errorf("what is not ignored: %v", got)
	}
	e.edit(t, settingsPath, `{"metadata":{"labels":{"app.kubernetes.io/managed-by":"me"}}}`)
	if err := j.Correct(t.Context(), ignore); err != nil {
		t.Error(err)
	}
	settings, err := e.set.CoreV1().ConfigMaps(e.namespace).Get(t.Context(), "settings", metav1.GetOptions{})
	if err != nil || settings.Data["host"] != "elsewhere" || settings.Data["environment"] != "" || settings.Labels["app.kubernetes.io/managed-by"] != "Helm" {
		t.Errorf("ignored fields were corrected, or others not: %v, %v, %v", settings.Labels, settings.Data, err)
	}
	if _, err := j.Drift(t.Context(), []Ignored{{Paths: []string{"spec..x"}}}); !isFinal(err) || !strings.Contains(err.Error(), `"spec..x" is no path of a field`) {
		t.Errorf("a bad path: %v", err)
	}
}

func testSecretDrift(t *testing.T, e *env) {
	j := e.job(t, pack(t, e.files(t, "etl:1")))
	roll(t, j)
	e.edit(t, secretPath, `{"data":{"password":"ZXZpbC1wYXNzd29yZA=="}}`)
	found := drift(t, j)
	if len(found) != 1 || !found[0].Beside || !strings.Contains(found[0].After, "password: '*** (changed)'") {
		t.Fatalf("got %+v", found)
	}
	for _, text := range []string{found[0].Before, found[0].After, fmt.Sprint(found)} {
		for _, value := range []string{canary, "evil-password", "ZXZpbC1wYXNzd29yZA"} {
			if strings.Contains(text, value) {
				t.Errorf("a value is shown: %s", text)
			}
		}
	}
	closed := e.job(t, j.Package)
	closed.Keys = nil
	if found := drift(t, closed); len(found) > 0 {
		t.Errorf("without a key: %v", names(found))
	}
	e.delete(t, secretPath)
	if got := names(drift(t, closed)); !slices.Equal(got, []string{"create Secret/warehouse"}) {
		t.Errorf("without a key, a secret that is gone: %v", got)
	}
	if err := closed.Correct(t.Context(), nil); !isFinal(err) || !strings.Contains(err.Error(), "give the keys that open") {
		t.Errorf("without a key, it is corrected: %v", err)
	}
	if err := j.Correct(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if got := e.secret(t, "warehouse", "password"); got != canary {
		t.Errorf("the secret holds %q", got)
	}
	e.edit(t, secretPath, `{"metadata":{"annotations":{"meta.helm.sh/release-name":"other"}}}`)
	if found := drift(t, j); len(found) != 1 || !strings.Contains(found[0].Refused, "it is not ours to change any more") {
		t.Errorf("a secret that another release has: %+v", found)
	}
}

func testStubborn(t *testing.T, e *env) {
	files := e.files(t, "etl:1")
	files["charts/etl/templates/pinned.yaml"] = pinnedText
	j := e.job(t, pack(t, files))
	roll(t, j)
	e.delete(t, "/api/v1/namespaces/%s/configmaps/pinned")
	text := strings.Replace(pinnedText, "a: b", "a: c", 1)
	err := e.set.RESTClient().Post().AbsPath(fmt.Sprintf("/api/v1/namespaces/%s/configmaps", e.namespace)).SetHeader("Content-Type", "application/yaml").Body([]byte(text)).Do(t.Context()).Error()
	if err != nil {
		t.Fatal(err)
	}
	e.edit(t, settingsPath, `{"data":{"host":"elsewhere"}}`)
	found := drift(t, j)
	if len(found) != 2 || !strings.Contains(fmt.Sprint(found), "field is immutable") {
		t.Errorf("got %+v", found)
	}
	if err := j.Correct(t.Context(), nil); !isFinal(err) || !strings.Contains(err.Error(), "field is immutable") {
		t.Errorf("got %v", err)
	}
	if got := names(drift(t, j)); !slices.Equal(got, []string{"update ConfigMap/pinned"}) {
		t.Errorf("what could be corrected was not: %v", got)
	}
}

// testRights does everything with just the rights that docs/promotion-rights.md
// asks for.
func testRights(t *testing.T, e *env) {
	all := []string{"get", "list", "create", "update", "patch", "delete"}
	_, err := e.set.RbacV1().Roles(e.namespace).Create(t.Context(), &rbac.Role{ObjectMeta: metav1.ObjectMeta{Name: "deployer"}, Rules: []rbac.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: all},
		{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: []string{"get", "create", "update"}},
		{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"get", "create", "patch", "delete"}},
		{APIGroups: []string{"argoproj.io"}, Resources: []string{"workflowtemplates"}, Verbs: []string{"get", "create", "patch", "delete"}},
	}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = e.set.RbacV1().RoleBindings(e.namespace).Create(t.Context(), &rbac.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "deployer"},
		RoleRef:  rbac.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "Role", Name: "deployer"},
		Subjects: []rbac.Subject{{Kind: "ServiceAccount", Name: "etl-prod", Namespace: "promotions"}}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	as := rest.CopyConfig(e.config)
	as.Impersonate = rest.ImpersonationConfig{UserName: "system:serviceaccount:promotions:etl-prod", Groups: []string{"system:serviceaccounts", "system:serviceaccounts:promotions", "system:authenticated"}}
	one, two := e.job(t, pack(t, e.files(t, "etl:1"))), e.job(t, pack(t, e.files(t, "etl:2")))
	for _, j := range []*Job{one, two, one} {
		j.Config = as
		if done := roll(t, j); done.Already {
			t.Errorf("got %+v", done)
		}
		if problem, err := j.Health(t.Context()); problem != "" || err != nil {
			t.Errorf("health: %q, %v", problem, err)
		}
	}
	e.edit(t, templatePath, `{"spec":{"entrypoint":null}}`)
	e.edit(t, secretPath, `{"data":{"password":"ZXZpbA=="}}`)
	if got := names(drift(t, one)); len(got) != 2 {
		t.Errorf("drift: %v", got)
	}
	if err := one.Correct(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if _, err := one.Findings(t.Context()); err != nil {
		t.Error(err)
	}
	eve := rest.CopyConfig(e.config)
	eve.Impersonate.UserName = "system:serviceaccount:" + e.namespace + ":eve"
	one.Config = eve
	if _, err := one.Deploy(t.Context()); !isFinal(err) || !strings.Contains(err.Error(), `cannot list resource "secrets"`) {
		t.Errorf("somebody without rights: %v", err)
	}
}
