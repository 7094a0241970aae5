// Package metrichelpmissing finds metrics without a help text.
package metrichelpmissing

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
)

//go:embed metric-help-missing.txtar
var page string

// Rule is the metric-help-missing rule: docs/argo.md J 165, M 198. Outside
// of templates Argo only logs it: a warning.
var Rule = &lint.Rule{Name: "metric-help-missing", Severity: lint.Error, Topic: "metric", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, m := range pass.Workflow.Metrics() {
		help := m.Node.Get("help")
		if help.Text() != "" || help.Set() && !help.Scalar() {
			continue
		}
		f := lint.Finding{Node: m.Anchor(), Message: m.Title() + " has no help: a few words on what it counts"}
		if help != nil {
			f.Node = help
		}
		if m.Template == nil {
			f.Severity = lint.Warning
		}
		pass.Report(f)
	}
}
