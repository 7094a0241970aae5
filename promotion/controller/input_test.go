package controller_test

import (
	"fmt"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/test/chart"
	"github.com/tiphys-dev/tiphys/test/cluster"
)

// odd are fields that the schema refuses, in a promotion whose environment is dev.
var odd = map[string]string{
	"interval of words":        "source: {git: {url: x}, interval: tomorrow}",
	"interval empty":           "source: {git: {url: x}, interval: ''}",
	"interval in days":         "source: {git: {url: x}, interval: 1d}",
	"interval negative":        "source: {git: {url: x}, interval: -1h}",
	"interval too large":       "source: {git: {url: x}, interval: 99999999999h}",
	"timeout of words":         "environments: [{name: dev, timeout: x}]",
	"timeout negative":         "environments: [{name: dev, timeout: -1s}]",
	"drift of words":           "environments: [{name: dev, drift: {interval: x}}]",
	"soak of words":            "environments: [{name: dev, gates: [{soak: {for: x}}]}]",
	"soak negative":            "environments: [{name: dev, gates: [{soak: {for: -1s}}]}]",
	"smoke of words":           "environments: [{name: dev, gates: [{smoke: {template: x, timeout: x}}]}]",
	"window of words":          "environments: [{name: dev, gates: [{window: {allow: [{schedule: '* * * * *', duration: x}]}}]}]",
	"metric of words":          "environments: [{name: dev, gates: [{metric: {query: x, min: 1, interval: x}}]}]",
	"metric bound 1e1.5":       "environments: [{name: dev, gates: [{metric: {query: x, min: 1e1.5}}]}]",
	"metric bound long":        "environments: [{name: dev, gates: [{metric: {query: x, min: '1e99999999999999999999'}}]}]",
	"pin without a zone":       "environments: [{name: dev, pin: {candidate: x, at: '2026-01-01T00:00:00'}}]",
	"pin with a day":           "environments: [{name: dev, pin: {candidate: x, at: '2026-01-01'}}]",
	"pin with small letters":   "environments: [{name: dev, pin: {candidate: x, at: '2026-01-01t00:00:00z'}}]",
	"pin with a leap second":   "environments: [{name: dev, pin: {candidate: x, at: '2026-06-30T23:59:60Z'}}]",
	"pin with a comma":         "environments: [{name: dev, pin: {candidate: x, at: '2026-06-30T23:59:10,5Z'}}]",
	"pin with minutes":         "environments: [{name: dev, pin: {candidate: x, at: '2026-06-30T23:59Z'}}]",
	"two gates of one name":    "environments: [{name: dev, gates: [{name: a, soak: {for: 1h}}, {name: a, smoke: {template: x}}]}]",
	"two gates of one kind":    "environments: [{name: dev, gates: [{soak: {for: 1h}}, {soak: {for: 2h}}]}]",
	"a gate called freeze":     "environments: [{name: dev, gates: [{name: freeze, soak: {for: 1h}}]}]",
	"environments twice":       "environments: [{name: dev}, {name: dev}]",
	"an account with a colon":  "environments: [{name: dev, serviceAccount: 'kube-system:default'}]",
	"a namespace with a slash": "environments: [{name: dev, namespace: ../kube-system}]",
	"a release with a slash":   "release: ../../x",
}

// strange are fields that it takes, and whoever reads them tells what is wrong.
var strange = map[string]string{
	"interval zero":                               "source: {git: {url: x}, interval: 0s}",
	"soak zero":                                   "environments: [{name: dev, gates: [{soak: {for: 0s}}]}]",
	"a schedule of words":                         "environments: [{name: dev, gates: [{window: {allow: [{schedule: 'whenever it is', duration: 1h}]}}]}]",
	"a zone that is none":                         "environments: [{name: dev, gates: [{window: {allow: [{schedule: '* * * * *', duration: 1h, timeZone: Mars/Base}]}}]}]",
	"a URL with a command":                        "source: {git: {url: 'ext::sh -c id'}}",
	"a time with fractions":                       "environments: [{name: dev, pin: {candidate: x, at: '2026-06-30T23:59:10.5+02:00'}}]",
	"a metric of a number":                        "environments: [{name: dev, gates: [{metric: {query: x, min: 1, max: 2.5e3, interval: 1h0m30.5s}}]}]",
	"sixteen gates in each of eight environments": "environments: [" + strings.Repeat("{name: envNNN, gates: ["+strings.Repeat("{name: gNNN, approval: {count: 1}}, ", 16)+"]}, ", 8) + "]",
}

// TestOddInput has the schema refuse what could not be read: one object that
// cannot be would keep the controller from all others.
func TestOddInput(t *testing.T) {
	if testing.Short() {
		t.Skip("starts an API server")
	}
	api := cluster.Start(t)
	api.InstallCRDs(t)
	b := newBench(t, api)
	objects := dynamic.NewForConfigOrDie(b.config).Resource(schema.GroupVersionResource{Group: "tiphys.dev", Version: "v1alpha1", Resource: "promotions"}).Namespace(b.namespace)
	for name, fields := range odd {
		if _, err := objects.Create(t.Context(), promotionOf(t, fields), metav1.CreateOptions{}); !apierrors.IsInvalid(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, fields := range strange {
		o, err := objects.Create(t.Context(), promotionOf(t, fields), metav1.CreateOptions{})
		if err == nil {
			err = runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &v1alpha1.Promotion{})
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, at := range []string{"2026-01-01T00:00:00", "2026-01-01", "2026-01-01t00:00:00z", "2026-06-30T23:59Z", "2026-01-01 00:00:00Z"} {
		o := chart.Object(t, fmt.Sprintf("apiVersion: tiphys.dev/v1alpha1\nkind: Approval\nmetadata: {generateName: odd-, namespace: %s}\nspec: {promotion: etl, candidate: x, environment: dev, decision: approve, expires: '%s'}\n", b.namespace, at))
		if err := b.Create(t.Context(), o); !apierrors.IsInvalid(err) {
			t.Errorf("expires %s: %v", at, err)
		}
	}
}

// promotionOf has some fields of its spec; each NNN in them is another number.
func promotionOf(t *testing.T, fields string) *unstructured.Unstructured {
	t.Helper()
	spec := ""
	for _, one := range []string{"source: {git: {url: x}}", "environments: [{name: dev}]"} {
		if key, _, _ := strings.Cut(one, ":"); !strings.HasPrefix(fields, key+":") {
			spec += "  " + one + "\n"
		}
	}
	for i := 0; strings.Contains(fields, "NNN"); i++ {
		fields = strings.Replace(fields, "NNN", fmt.Sprint(i), 1)
	}
	return chart.Object(t, "apiVersion: tiphys.dev/v1alpha1\nkind: Promotion\nmetadata: {generateName: odd-}\nspec:\n"+spec+"  "+fields+"\n")
}
