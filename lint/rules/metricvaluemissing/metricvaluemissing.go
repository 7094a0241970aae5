// Package metricvaluemissing finds metrics without a value.
package metricvaluemissing

import (
	_ "embed"
	"fmt"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
)

//go:embed metric-value-missing.txtar
var page string

// Rule is the metric-value-missing rule: docs/argo.md J 166 168 169. Outside
// of templates Argo only logs it: a warning.
var Rule = &lint.Rule{Name: "metric-value-missing", Severity: lint.Error, Topic: "metric", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, m := range pass.Workflow.Metrics() {
		for _, kind := range []string{"gauge", "counter", "histogram"} {
			n := m.Node.Get(kind)
			if n == nil || n.Kind != manifest.Map {
				continue
			}
			value := n.Get("value")
			if value.Text() != "" || value.Set() && !value.Scalar() {
				continue
			}
			f := lint.Finding{Node: n, Span: n.Key.Span()}
			f.Message = fmt.Sprintf("the %s of %s has no value", kind, m.Title())
			if value.Set() {
				f = lint.Finding{Node: value, Message: f.Message}
			}
			if m.Template == nil {
				f.Severity = lint.Warning
			}
			pass.Report(f)
		}
	}
}
