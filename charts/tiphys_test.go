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

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

// product renders the chart with --set arguments.
func product(t testing.TB, helm string, set ...string) string {
	t.Helper()
	args := []string{"--namespace", "argo", "--kube-version", "1.37.0"}
	for _, s := range set {
		args = append(args, "--set", s)
	}
	out, err := template(t, helm, "tiphys", "", args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// everything switches on what is off unless asked for, but for what needs the
// kinds of other products.
var everything = []string{
	"watch.secrets=true", "networkPolicy.enabled=true", "metrics.dashboard=true", "priorityClassName=system-cluster-critical",
	"namespaces.exclude={kube-system}", "namespaces.selector.matchLabels.checked=yes", "argo.version=3.6",
	"podLabels.a=b", "podAnnotations.a=b", "serviceAccount.annotations.a=b", "image.digest=sha256:" + strings.Repeat("0", 64),
	"tolerations[0].operator=Exists", "nodeSelector.a=b", "image.pullSecrets[0].name=a", "networkPolicy.metricsFrom[0].podSelector.matchLabels.a=b",
	"clientCA.secret=clients", "controller.enabled=true", "controller.page=true", "controller.namespaces={default}", "controller.serviceAccounts={deployer}",
	"controller.argoURL=https://argo.example.com", "controller.prometheus=http://prometheus:9090", "controller.podLabels.a=b", "controller.podAnnotations.a=b",
	"controller.topologySpreadConstraints[0].topologyKey=a", "controller.topologySpreadConstraints[0].maxSkew=1", "controller.topologySpreadConstraints[0].labelSelector.matchLabels.a=b", "controller.topologySpreadConstraints[0].whenUnsatisfiable=DoNotSchedule",
	"size=large", "metrics.datadog=true", "test.namespace=default", "networkPolicy.egress.webhook[0].ports[0].port=443", "networkPolicy.egress.controller[0].ports[0].port=443",
	"controller.serviceAccountAnnotations.a=b", "controller.image.digest=sha256:" + strings.Repeat("0", 64), "approvals.stampByPolicy=true",
}

// others are for the kinds of cert-manager and Prometheus Operator.
var others = []string{"controller.enabled=true", "certificates.mode=cert-manager", "metrics.serviceMonitor=true", "metrics.prometheusRule=true"}

// The API server takes what the chart renders. Of cert-manager and Prometheus
// Operator only the kinds are there, with any fields.
func TestServerTakesTheChart(t *testing.T) {
	api := cluster.Start(t)
	neighbours(t, api)
	for name, helm := range helms {
		for what, set := range map[string][]string{
			"as it is": nil, "with everything": everything, "with cert-manager and Prometheus": others,
			"the controller alone": {"webhook.enabled=false", "controller.enabled=true", "controller.hook=false", "controller.replicas=1"},
			"with nothing": {"watch.templates=false", "watch.configMaps=false", "watch.serviceAccounts=false", "watch.persistentVolumeClaims=false", "concurrency.enabled=false",
				"mutating.enabled=false", "podDisruptionBudget.enabled=false", "crds.install=false"},
		} {
			t.Run(name+" "+what, func(t *testing.T) {
				c := exec.Command(testbin.Kubectl(t), "--kubeconfig", api.Kubeconfig, "apply", "--dry-run=server", "--validate=strict", "-f", "-")
				c.Stdin = strings.NewReader(strings.ReplaceAll(product(t, helm(t), set...), "namespace: argo", "namespace: default"))
				if out, err := c.CombinedOutput(); err != nil {
					t.Errorf("%v\n%s", err, out)
				}
				args := []string{"install", "tiphys", "tiphys", "--namespace", "default", "--dry-run=server", "--kubeconfig", api.Kubeconfig}
				for _, s := range set {
					args = append(args, "--set", s)
				}
				if out, err := exec.Command(helm(t), args...).CombinedOutput(); err != nil {
					t.Errorf("helm install: %v\n%s", err, out)
				}
			})
		}
	}
}

// Both versions of Helm render the same.
func TestVersionsOfHelm(t *testing.T) {
	for _, set := range [][]string{nil, everything, others} {
		three, four := byName(t, product(t, testbin.Helm3(t), set...)), byName(t, product(t, testbin.Helm4(t), set...))
		if diff := cmp.Diff(three, four); diff != "" {
			t.Errorf("Helm 3 (-) and 4 (+):\n%s", diff)
		}
	}
}

// byName has objects by kind and name.
func byName(t testing.TB, text string) map[string]any {
	t.Helper()
	out := map[string]any{}
	for d := range strings.SplitSeq(text, "\n---") {
		var o map[string]any
		if err := yaml.Unmarshal([]byte(d), &o); err != nil {
			t.Fatalf("%v\n%s", err, d)
		}
		if o != nil {
			out[fmt.Sprint(o["kind"], " ", o["metadata"].(map[string]any)["name"])] = o
		}
	}
	return out
}

// Rights follow the switches: nothing that is off may be read.
func TestProductRights(t *testing.T) {
	read := func(set ...string) []string {
		var out []string
		role := byName(t, product(t, testbin.Helm4(t), set...))["ClusterRole release-name-tiphys-webhook"]
		for _, r := range role.(map[string]any)["rules"].([]any) {
			rule := r.(map[string]any)
			if rule["resourceNames"] != nil {
				continue // what is its own
			}
			for _, resource := range rule["resources"].([]any) {
				if slices.Contains(rule["verbs"].([]any), any("watch")) {
					out = append(out, resource.(string))
				}
			}
		}
		slices.Sort(out)
		return out
	}
	always := []string{"namespaces", "workflowpolicies", "workflows"}
	for name, test := range map[string]struct {
		set  []string
		more []string
	}{
		"as it is":        {nil, []string{"clusterworkflowtemplates", "configmaps", "persistentvolumeclaims", "serviceaccounts", "workflowtemplates"}},
		"Secrets as well": {[]string{"watch.secrets=true"}, []string{"clusterworkflowtemplates", "configmaps", "persistentvolumeclaims", "secrets", "serviceaccounts", "workflowtemplates"}},
		"nothing":         {[]string{"watch.templates=false", "watch.configMaps=false", "watch.serviceAccounts=false", "watch.persistentVolumeClaims=false"}, nil},
	} {
		want := slices.Sorted(slices.Values(append(slices.Clone(always), test.more...)))
		if diff := cmp.Diff(want, read(test.set...)); diff != "" {
			t.Errorf("%s: what may be watched (-want +got):\n%s", name, diff)
		}
	}
}

// A single replica may be drained, and no audit is none however it is written.
func TestProductValues(t *testing.T) {
	for set, want := range map[string]string{
		"clientCA.secret=clients": "--client-ca=/client-ca/ca.crt",
		"audit.interval=0":        "--audit=-1s", "audit.interval=0s": "--audit=-1s", "audit.interval=1h": "--audit=1h",
		"replicas=2": "kind: PodDisruptionBudget", "replicas=3": "kind: PodDisruptionBudget",
	} {
		if out := product(t, testbin.Helm4(t), set); !strings.Contains(out, want) {
			t.Errorf("%s: there is no %s", set, want)
		}
	}
	if out := product(t, testbin.Helm4(t), "replicas=1"); strings.Contains(out, "PodDisruptionBudget") {
		t.Error("a single replica has a PodDisruptionBudget")
	}
}

// Certificates that the webhook reads from files are mounted, each where it is
// asked for.
func TestProductVolumes(t *testing.T) {
	for set, want := range map[string][]string{
		"": nil, "certificates.mode=cert-manager": {"certificate"}, "clientCA.secret=clients": {"client-ca"},
		"certificates.mode=cert-manager,clientCA.secret=clients": {"certificate", "client-ca"},
	} {
		pod := byName(t, product(t, testbin.Helm4(t), strings.Split(set, ",")...))["Deployment release-name-tiphys-webhook"].(map[string]any)["spec"].(map[string]any)["template"].(map[string]any)["spec"].(map[string]any)
		names := func(list any) (out []string) {
			all, _ := list.([]any)
			for _, v := range all {
				out = append(out, v.(map[string]any)["name"].(string))
			}
			return out
		}
		if diff := cmp.Diff(want, names(pod["volumes"])); diff != "" {
			t.Errorf("%q: volumes (-want +got):\n%s", set, diff)
		}
		if diff := cmp.Diff(want, names(pod["containers"].([]any)[0].(map[string]any)["volumeMounts"])); diff != "" {
			t.Errorf("%q: mounts (-want +got):\n%s", set, diff)
		}
	}
}

// The copy of the CRD in the chart is the one that is generated.
func TestProductCRD(t *testing.T) {
	files, err := filepath.Glob("../api/crds/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, f := range files {
		want, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("tiphys/files/crds", filepath.Base(f)))
		if err != nil || !bytes.Equal(want, got) {
			t.Errorf("%s is not the same in the chart (go generate ./charts): %v", f, err)
		}
	}
}
