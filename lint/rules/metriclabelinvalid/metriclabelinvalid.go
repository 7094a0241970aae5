// Package metriclabelinvalid finds labels that a metric cannot have.
package metriclabelinvalid

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/names"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed metric-label-invalid.txtar
var page string

// Rule is the metric-label-invalid rule: docs/argo.md J 164. Outside of
// templates Argo only logs it: a warning.
var Rule = &lint.Rule{Name: "metric-label-invalid", Severity: lint.Error, Topic: "metric", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, m := range pass.Workflow.Metrics() {
		for _, l := range m.Node.Get("labels").Items() {
			if l.Kind == manifest.Map {
				label(pass, m, l)
			}
		}
	}
}

func label(pass *lint.Pass, m workflow.Metric, l *manifest.Node) {
	key := l.Get("key")
	if key.Set() && !key.Scalar() || strings.Contains(key.Text(), "{{") {
		return
	}
	reason, _, ok := names.Metric(key.Text())
	if ok {
		return
	}
	f := lint.Finding{Node: key}
	f.Message = fmt.Sprintf("label key %q of %s %s", key, m.Title(), reason)
	if key.Text() == "" {
		f.Node = l
		f.Message = "a label of " + m.Title() + " has no key"
	}
	if m.Template == nil {
		f.Severity = lint.Warning
	}
	pass.Report(f)
}
