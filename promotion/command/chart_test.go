package command

import (
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/test/chart"
)

// TestChart: what the chart says on the command line is understood, and means
// what its values mean.
func TestChart(t *testing.T) {
	type meant struct {
		Namespace, Metrics, Hook, Page, Key, ArgoURL, Prometheus, Argo, Level string
		Elect                                                                 bool
		Concurrency                                                           int
	}
	usual := meant{Namespace: chart.Namespace, Metrics: ":8080", Hook: ":8081", Level: "INFO", Elect: true, Concurrency: 8}
	with := func(change func(*meant)) meant { m := usual; change(&m); return m }
	for set, want := range map[string]meant{
		"":                     usual,
		"controller.page=true": with(func(m *meant) { m.Page = ":8082" }),
		"controller.page=true controller.pageSessionSecret=s":     with(func(m *meant) { m.Page, m.Key = ":8082", "/etc/tiphys/page/key" }),
		"controller.hook=false":                                   with(func(m *meant) { m.Hook = "" }),
		"controller.concurrency=2":                                with(func(m *meant) { m.Concurrency = 2 }),
		"argo.version=3.6":                                        with(func(m *meant) { m.Argo = "3.6" }),
		"log.level=debug":                                         with(func(m *meant) { m.Level = "DEBUG" }),
		"controller.argoURL=https://a":                            with(func(m *meant) { m.ArgoURL = "https://a" }),
		"controller.prometheus=http://prometheus.monitoring:9090": with(func(m *meant) { m.Prometheus = "http://prometheus.monitoring:9090" }),
	} {
		args := chart.Render(t, strings.Fields("controller.enabled=true "+set)...).Arguments(t, chart.Controller)
		f, err := parse(args, Streams{Out: io.Discard, Err: io.Discard})
		if err != nil {
			t.Errorf("%s: %v", set, err)
			continue
		}
		got := meant{f.namespace, f.metrics, f.hook, f.page, f.sessionKey, f.argoURL, f.prometheus, "", f.level.String(), f.elect, f.concurrency}
		if strings.Contains(strings.Join(args, " "), "--argo-version=") {
			got.Argo = f.argo.String()
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", set, diff)
		}
	}
}
