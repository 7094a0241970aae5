// Package metricrealtimeresources finds real-time metrics of what is only known
// at the end.
package metricrealtimeresources

import (
	_ "embed"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
)

//go:embed metric-realtime-resources.txtar
var page string

// Rule is the metric-realtime-resources rule: docs/argo.md J 167. Outside
// of templates Argo does not look: a warning.
var Rule = &lint.Rule{Name: "metric-realtime-resources", Severity: lint.Error, Topic: "metric", Page: page, Run: run}

const resources = "resourcesDuration."

func run(pass *lint.Pass) {
	for _, m := range pass.Workflow.Metrics() {
		gauge := m.Node.Get("gauge")
		value := gauge.Get("value")
		at := strings.Index(value.Text(), resources)
		if at < 0 || !gauge.Get("realtime").True() {
			continue
		}
		f := lint.Finding{Node: value, Span: value.Range(at, at+len(resources)-1)}
		f.Message = m.Title() + " is emitted in real time, but resourcesDuration is known only when the template is done: leave realtime out"
		f.Fix = &lint.Fix{Message: "emit it when the template is done", Edits: []lint.Edit{{Node: gauge.Get("realtime"), Value: false}}}
		if m.Template == nil {
			f.Severity = lint.Warning
		}
		pass.Report(f)
	}
}
