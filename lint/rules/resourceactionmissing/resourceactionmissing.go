// Package resourceactionmissing finds resource templates that do not say what
// to do.
package resourceactionmissing

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed resource-action-missing.txtar
var page string

// Rule is the resource-action-missing rule: docs/argo.md F 108. An action
// that there is not is a field-value.
var Rule = &lint.Rule{Name: "resource-action-missing", Severity: lint.Error, Topic: "resource", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		if t.Type != workflow.TypeResource || t.Body.Kind != manifest.Map {
			continue
		}
		action := t.Body.Get("action")
		if action.Text() != "" || action.Set() && !action.Scalar() {
			continue
		}
		f := lint.Finding{Node: t.Body, Span: t.Body.Key.Span()}
		if action.Set() {
			f = lint.Finding{Node: action}
		}
		f.Message = t.Title() + " does not say what to do with the resource: action is one of get, create, apply, delete, replace, patch"
		pass.Report(f)
	}
}
