package charts

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

// A life is a cluster in which the chart comes and goes, by one Helm.
type life struct {
	*testing.T
	api  *cluster.Cluster
	helm string
}

func (l *life) run(args ...string) (string, error) {
	out, err := exec.Command(l.helm, append(args, "--kubeconfig", l.api.Kubeconfig)...).CombinedOutput()
	return string(out), err
}

// does runs Helm, which must not fail.
func (l *life) does(args ...string) {
	l.Helper()
	if out, err := l.run(args...); err != nil {
		l.Fatalf("helm %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func (l *life) kubectl(stdin string, args ...string) string {
	l.Helper()
	out, err := kubectl(l, l.api, stdin, args...)
	if err != nil {
		l.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

var install = []string{"install", "tiphys", "tiphys", "--namespace", "tiphys", "--create-namespace", "--set", "controller.enabled=true"}

// what a user has, of all kinds that the chart brings or looks at.
const everyday = `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: run, namespace: team}
spec: {entrypoint: main, templates: [{name: main, container: {image: "busybox:1.36", command: [sh]}}]}
---
apiVersion: tiphys.dev/v1alpha1
kind: WorkflowPolicy
metadata: {name: team}
spec: {rules: {deadline-missing: warn}}
---
apiVersion: tiphys.dev/v1alpha1
kind: Promotion
metadata: {name: etl, namespace: team}
spec: {source: {git: {url: "https://git.example.com/etl.git"}}, environments: [{name: dev}]}
---
apiVersion: tiphys.dev/v1alpha1
kind: Candidate
metadata: {name: etl-0123456789ab, namespace: team}
spec: {promotion: etl, digest: "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", chart: etl, version: 1.0.0, parts: 1}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: etl-0123456789ab-0, namespace: team, labels: {tiphys.dev/promotion: etl}}
binaryData: {part: eA==}
`

// kinds are those that the chart brings.
var kinds = []string{"workflowpolicies.tiphys.dev", "promotions.tiphys.dev", "candidates.tiphys.dev", "approvals.tiphys.dev"}

// The chart is installed, and taken away while nobody answers for the webhook
// and objects of its kinds exist. That takes no time, and nothing is left that
// stands in the way of anybody. Then it is installed again.
func TestProductGoesAndComesBack(t *testing.T) {
	for name, helm := range helms {
		t.Run(name, func(t *testing.T) {
			l := &life{t, cluster.Start(t), helm(t)}
			l.kubectl("", "create", "namespace", "team")
			l.does(install...)
			// The webhook is down: nothing of it was ever started.
			if out, err := kubectl(t, l.api, everyday, "apply", "-f", "-"); err == nil || !strings.Contains(out, "failed calling webhook") {
				t.Fatalf("without a webhook, it is let in: %s", out)
			}
			l.does("upgrade", "tiphys", "tiphys", "--namespace", "tiphys", "--reuse-values", "--set", "validating.failurePolicy=Ignore")
			l.kubectl(everyday, "apply", "-f", "-")
			l.does("upgrade", "tiphys", "tiphys", "--namespace", "tiphys", "--reuse-values", "--set", "validating.failurePolicy=Fail")
			began := time.Now()
			l.does("uninstall", "tiphys", "--namespace", "tiphys", "--wait", "--timeout", "1m")
			if took := time.Since(began); took > 30*time.Second {
				t.Errorf("to uninstall takes %s", took)
			}
			l.nothingBlocks()
			l.does(install...)
			l.kubectl("", append([]string{"get", "crd"}, kinds...)...)
			l.does("uninstall", "tiphys", "--namespace", "tiphys")
		})
	}
}

// nothingBlocks: of the chart only its kinds are left, and all can be changed,
// created and deleted, a namespace with all that is in it.
func (l *life) nothingBlocks() {
	l.Helper()
	ours := "app.kubernetes.io/instance=tiphys"
	for _, kind := range []string{"validatingwebhookconfigurations", "mutatingwebhookconfigurations", "validatingadmissionpolicies", "validatingadmissionpolicybindings",
		"clusterroles", "clusterrolebindings", "all,roles,rolebindings,serviceaccounts,secrets,configmaps,poddisruptionbudgets --all-namespaces"} {
		if out := l.kubectl("", append([]string{"get", "-l", ours, "-o", "name"}, strings.Fields(kind)...)...); out != "" && !strings.Contains(out, "No resources") {
			l.Errorf("there is left: %s", out)
		}
	}
	if out := l.kubectl("", append([]string{"get", "crd", "-o", "jsonpath={.items[*].metadata.finalizers}"}, kinds...)...); strings.Contains(out, "tiphys") {
		l.Errorf("a kind has the finalizers %s", out)
	}
	again := strings.NewReplacer("name: run", "name: run2", "name: team}\nspec: {rules", "name: team2}\nspec: {rules", "name: etl,", "name: etl2,", "etl-0123456789ab", "etl-0123456789ac").Replace(everyday)
	l.kubectl(again, "apply", "-f", "-")
	l.kubectl("", "annotate", "promotion", "etl", "--namespace", "team", "a=b")
	l.kubectl(again, "delete", "-f", "-", "--timeout=20s")
	l.space("team")
}

// space deletes a namespace as a namespace controller does, of which there is
// none here: all that is in it, and then itself.
func (l *life) space(name string) {
	l.Helper()
	l.kubectl("", "delete", "namespace", name, "--wait=false")
	l.kubectl("", "delete", "workflows.argoproj.io,promotions.tiphys.dev,candidates.tiphys.dev,approvals.tiphys.dev,configmaps", "--all", "--namespace", name, "--timeout=20s")
	if out := l.kubectl("", "get", "workflows.argoproj.io,promotions.tiphys.dev,candidates.tiphys.dev,configmaps", "--namespace", name, "-o", "name"); strings.Contains(out, "/") {
		l.Errorf("in a namespace that ends there is left: %s", out)
	}
	spaces := kubernetes.NewForConfigOrDie(l.api.Config(l)).CoreV1().Namespaces()
	n, err := spaces.Get(l.Context(), name, metav1.GetOptions{})
	if err != nil {
		l.Fatal(err)
	}
	n.Spec.Finalizers = nil
	if _, err := spaces.Finalize(l.Context(), n, metav1.UpdateOptions{}); err != nil {
		l.Fatal(err)
	}
	l.kubectl("", "create", "namespace", name)
}

// Kinds that are there already are taken over, or left alone, as one says; an
// upgrade brings the newest.
func TestProductKinds(t *testing.T) {
	for name, helm := range helms {
		t.Run(name, func(t *testing.T) {
			l := &life{t, cluster.Start(t), helm(t)}
			l.kubectl("", "apply", "--server-side", "-f", "../api/crds")
			out, err := l.run(install...)
			if err == nil || !strings.Contains(out, "invalid ownership metadata") {
				t.Fatalf("kinds of somebody else are taken over unasked: %v\n%s", err, out)
			}
			l.does(append(slices.Clone(install), "--set", "crds.install=false")...)
			l.does("uninstall", "tiphys", "--namespace", "tiphys")
			take := append(slices.Clone(install), "--take-ownership")
			if name == "helm 4" {
				take = append(take, "--force-conflicts")
			}
			old := t.TempDir()
			if err := os.CopyFS(old, os.DirFS("tiphys")); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(old, "files/crds/tiphys.dev_promotions.yaml")
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, bytes.ReplaceAll(text, []byte("historyLimit:"), []byte("historyMost:")), 0o644); err != nil {
				t.Fatal(err)
			}
			take[2] = old
			l.does(take...)
			has := func() bool {
				return strings.Contains(l.kubectl("", "get", "crd", kinds[1], "-o", "jsonpath={.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties}"), "historyLimit")
			}
			if has() {
				t.Fatal("the old chart did not take the kinds over")
			}
			l.does("upgrade", "tiphys", "tiphys", "--namespace", "tiphys", "--reuse-values")
			if !has() {
				t.Error("an upgrade leaves an old kind as it was")
			}
			l.does("uninstall", "tiphys", "--namespace", "tiphys")
			l.kubectl("", append([]string{"get", "crd"}, kinds...)...)
			// Another name, or another namespace, is another owner.
			other := []string{"install", "checks", "tiphys", "--namespace", "checks", "--create-namespace"}
			if out, err := l.run(other...); err == nil || !strings.Contains(out, "invalid ownership metadata") {
				t.Errorf("another release takes kinds over unasked: %v\n%s", err, out)
			}
			l.does(append(other, take[len(install):]...)...)
		})
	}
}

// What is said after an installation names only what there is, and what to type.
func TestProductNotes(t *testing.T) {
	for what, test := range map[string]struct {
		set         []string
		says, never []string
	}{
		"as it is": {nil, []string{"helm test tiphys -n tiphys", "Until the first replica", "kind: WorkflowPolicy", "controller.enabled=true"}, []string{"port-forward", "get promotions"}},
		"all": {[]string{"controller.enabled=true", "controller.page=true"}, []string{"port-forward svc/tiphys-controller 8082", "kubectl get promotions", "controller.namespaces={data}"},
			[]string{"Promotions are off"}},
		"bound":              {[]string{"controller.enabled=true", "controller.namespaces={data,ml}"}, []string{"in data, ml"}, []string{"in all namespaces"}},
		"the controller":     {[]string{"webhook.enabled=false", "controller.enabled=true"}, []string{"kubectl get promotions"}, []string{"kind: WorkflowPolicy"}},
		"fails open":         {[]string{"validating.failurePolicy=Ignore"}, []string{"let in unseen"}, []string{"Until the first"}},
		"nothing":            {[]string{"webhook.enabled=false"}, []string{"Neither the webhook nor the controller"}, []string{"Promotions are off"}},
		"nobody's approvals": {[]string{"approvals.policies=false"}, []string{"approvals.policies is off"}, nil},
		"some are looked at": {[]string{"namespaces.exclude={kube-system}"}, []string{"in the namespaces that it looks at"}, nil},
	} {
		args := []string{"install", "tiphys", "tiphys", "--namespace", "tiphys", "--dry-run=client"}
		for _, s := range test.set {
			args = append(args, "--set", s)
		}
		out, err := exec.Command(testbin.Helm4(t), args...).CombinedOutput()
		_, notes, ok := strings.Cut(string(out), "NOTES:")
		if err != nil || !ok {
			t.Errorf("%s: %v %s", what, err, out)
			continue
		}
		for _, s := range test.says {
			if !strings.Contains(notes, s) {
				t.Errorf("%s: nothing says %q:%s", what, s, notes)
			}
		}
		for _, s := range test.never {
			if strings.Contains(notes, s) {
				t.Errorf("%s: it says %q:%s", what, s, notes)
			}
		}
	}
}

// A release of before is upgraded with --reuse-values, which keeps the defaults
// of its chart: what has come since is not there at all.
func TestProductReusesValues(t *testing.T) {
	for name, helm := range helms {
		t.Run(name, func(t *testing.T) {
			l := &life{t, cluster.Start(t), helm(t)}
			old := t.TempDir()
			if err := os.CopyFS(old, os.DirFS("tiphys")); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile("testdata/values-before-sizes.yaml")
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(old, "values.yaml"), text, 0o644); err != nil {
				t.Fatal(err)
			}
			l.does("install", "tiphys", old, "--namespace", "tiphys", "--create-namespace", "--set", "controller.enabled=true,networkPolicy.enabled=true")
			l.does("upgrade", "tiphys", "tiphys", "--namespace", "tiphys", "--reuse-values", "--set", "controller.page=true")
		})
	}
}

// Each size is more than the one before, and what is given goes before it.
func TestProductSizes(t *testing.T) {
	of := func(set ...string) string {
		objects := byName(t, product(t, testbin.Helm4(t), append(set, "controller.enabled=true")...))
		var all []string
		for _, part := range []string{"webhook", "controller"} {
			spec := objects["Deployment release-name-tiphys-"+part].(map[string]any)["spec"].(map[string]any)
			c := spec["template"].(map[string]any)["spec"].(map[string]any)["containers"].([]any)[0].(map[string]any)
			r := c["resources"].(map[string]any)
			all = append(all, fmt.Sprint(spec["replicas"], " ", r["requests"], " ", r["limits"]))
			for _, a := range c["args"].([]any) {
				if strings.HasPrefix(a.(string), "--concurrency=") {
					all = append(all, a.(string))
				}
			}
		}
		return strings.Join(all, "; ")
	}
	for set, want := range map[string]string{
		"size=small": "2 map[cpu:100m memory:128Mi] map[memory:512Mi]; 2 map[cpu:100m memory:256Mi] map[memory:1Gi]; --concurrency=8",
		"size=large": "3 map[cpu:500m memory:512Mi] map[memory:2Gi]; 2 map[cpu:1 memory:1Gi] map[memory:4Gi]; --concurrency=32",
		"size=large replicas=5 resources.limits.memory=3Gi controller.replicas=1 controller.concurrency=4 controller.resources.requests.cpu=2": "5 map[cpu:500m memory:512Mi] map[memory:3Gi]; 1 map[cpu:2 memory:1Gi] map[memory:4Gi]; --concurrency=4",
	} {
		if got := of(strings.Fields(set)...); got != want {
			t.Errorf("%s is\n%s, not\n%s", set, got, want)
		}
	}
}
