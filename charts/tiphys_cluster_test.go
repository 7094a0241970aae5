package charts

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

// kubectl runs kubectl as an administrator.
func kubectl(t testing.TB, api *cluster.Cluster, stdin string, args ...string) (string, error) {
	t.Helper()
	c := exec.Command(testbin.Kubectl(t), append([]string{"--kubeconfig", api.Kubeconfig}, args...)...)
	c.Stdin = strings.NewReader(stdin)
	out, err := c.CombinedOutput()
	return string(out), err
}

// neighbours has the API server serve the kinds of others that the chart renders
// when it is told to. They stand in for cert-manager and Prometheus Operator: any
// field is taken.
func neighbours(t testing.TB, api *cluster.Cluster) {
	t.Helper()
	var all bytes.Buffer
	for _, k := range [][4]string{
		{"cert-manager.io", "v1", "Certificate", "certificates"}, {"cert-manager.io", "v1", "Issuer", "issuers"},
		{"monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors"}, {"monitoring.coreos.com", "v1", "PrometheusRule", "prometheusrules"},
	} {
		fmt.Fprintf(&all, `---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: %[4]s.%[1]s}
spec:
  group: %[1]s
  names: {kind: %[3]s, plural: %[4]s, singular: %[5]s, listKind: %[3]sList}
  scope: Namespaced
  versions:
    - {name: %[2]s, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
`, k[0], k[1], k[2], k[3], strings.ToLower(k[2]))
	}
	if out, err := kubectl(t, api, all.String(), "apply", "-f", "-"); err != nil {
		t.Fatal(out)
	}
	if out, err := kubectl(t, api, all.String(), "wait", "--for=condition=Established", "-f", "-"); err != nil {
		t.Fatal(out)
	}
}

// All pods are let into a namespace that enforces the restricted Pod Security
// Standard, and nothing is warned of.
func TestProductPodSecurity(t *testing.T) {
	api := cluster.Start(t)
	space := fmt.Sprintf(`{apiVersion: v1, kind: Namespace, metadata: {name: argo, labels: {%[1]senforce: restricted, %[1]swarn: restricted}}}`, "pod-security.kubernetes.io/")
	if out, err := kubectl(t, api, space, "apply", "-f", "-"); err != nil {
		t.Fatal(out)
	}
	// It is enforced: a pod that says nothing is refused.
	careless := "{apiVersion: v1, kind: Pod, metadata: {name: careless, namespace: argo}, spec: {containers: [{name: a, image: a}]}}"
	if out, err := kubectl(t, api, careless, "create", "--dry-run=server", "-f", "-"); err == nil || !strings.Contains(out, "violates PodSecurity") {
		t.Fatalf("the standard is not enforced: %s", out)
	}
	pods := 0
	for what, set := range map[string][]string{"everything": everything, "cert-manager": {"certificates.mode=cert-manager", "controller.enabled=true"}} {
		for name, o := range byName(t, product(t, testbin.Helm4(t), set...)) {
			o := o.(map[string]any)
			switch o["kind"] {
			case "Deployment":
				pod := o["spec"].(map[string]any)["template"].(map[string]any)
				pod["apiVersion"], pod["kind"] = "v1", "Pod"
				pod["metadata"].(map[string]any)["name"], pod["metadata"].(map[string]any)["namespace"] = "pod", "argo"
				o = pod
			case "Pod":
			default:
				continue
			}
			pods++
			text, err := yaml.Marshal(o)
			if err != nil {
				t.Fatal(err)
			}
			if out, err := kubectl(t, api, string(text), "create", "--dry-run=server", "-f", "-"); err != nil || strings.Contains(out, "Warning") {
				t.Errorf("%s of %s: %s", name, what, out)
			}
		}
	}
	if pods != 8 {
		t.Errorf("%d pods were tried, not 8", pods)
	}
}
