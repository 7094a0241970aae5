package controller_test

import (
	"fmt"
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
		cluster.Until(b, func() error {
			if got := gauge(b, c.Collector(), "tiphys_promotion_drifted_objects"); got != step.want {
				return fmt.Errorf("the metric says that %v objects drifted, and not %v", got, step.want)
			}
			return nil
		})
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
