package controller_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	core "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tiphys-dev/tiphys/promotion/controller"
	"github.com/tiphys-dev/tiphys/test/cluster"
)

// driftMended is about what is told of drift once there is none any more: who
// watches the metric would be called for ever.
func driftMended(b *bench) {
	b.promotion("  - {name: dev, drift: {interval: 30m}}\n")
	c := b.runAs(controller.Options{})
	b.summary("dev 1 Verified")
	for _, step := range []struct {
		live string
		want float64
	}{{"by hand", 1}, {"1", 0}} {
		m := &core.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "etl", Namespace: b.in("dev")}}
		patch := client.RawPatch("application/merge-patch+json", []byte(fmt.Sprintf(`{"data":{"a":%q}}`, step.live)))
		if err := b.Patch(b.Context(), m, patch); err != nil {
			b.Fatal(err)
		}
		b.step(31 * time.Minute)
		b.measures(c, "drifted_objects", step.want)
	}
}

// stalls is about the metrics that tell whether anybody has to do something.
func stalls(b *bench) {
	b.promotion("  - {name: dev}\n")
	c := b.runAs(controller.Options{})
	b.summary("dev 1 Verified")
	b.measures(c, "ready", 1)
	b.measures(c, "stalled", 0)
	b.push("no kind", map[string]string{"etl/templates/bad.yaml": "apiVersion: example.com/v1\nkind: Nothing\nmetadata: {name: x}\n"})
	b.ask()
	b.measures(c, "ready", 0)
	b.measures(c, "stalled", 1)
}

// measures waits until a metric has a value.
func (b *bench) measures(c *controller.Controller, name string, want float64) {
	b.Helper()
	cluster.Until(b, func() error {
		if got := gauge(b, c.Collector(), "tiphys_promotion_"+name); got != want {
			return fmt.Errorf("%s is %v, and not %v", name, got, want)
		}
		return nil
	})
}

// metricsDocumented holds that every metric has a row in the documentation.
func metricsDocumented(b *bench) {
	page, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		b.Fatal(err)
	}
	c, err := controller.New(controller.Options{Config: b.config, Alone: true})
	if err != nil {
		b.Fatal(err)
	}
	said := regexp.MustCompile(`fqName: "([^"]*)", help: "([^"]*)", (?:unit: "[^"]*", )?constLabels: {}, variableLabels: {([^}]*)}`)
	all := make(chan *prometheus.Desc)
	go func() { c.Collector().Describe(all); close(all) }()
	n := 0
	for d := range all {
		m := said.FindStringSubmatch(d.String())
		if m == nil {
			b.Fatalf("%s is not understood", d)
		}
		if row := fmt.Sprintf("| `%s` | `%s` | %s |\n", m[1], strings.ReplaceAll(m[3], ",", "`, `"), m[2]); !strings.Contains(string(page), row) {
			b.Errorf("docs/metrics.md has no row\n%s", row)
		}
		n++
	}
	if n == 0 {
		b.Error("there are no metrics")
	}
}

// gauge is the value of the only series of a metric, -1 without it.
func gauge(b *bench, from prometheus.Collector, name string) float64 {
	b.Helper()
	r := prometheus.NewPedanticRegistry()
	if err := r.Register(from); err != nil {
		b.Fatal(err)
	}
	all, err := r.Gather()
	if err != nil {
		b.Fatal(err)
	}
	for _, f := range all {
		if f.GetName() == name && len(f.GetMetric()) == 1 {
			return f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	return -1
}
