// Package stepsempty finds groups of steps that hold none.
package stepsempty

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed steps-empty.txtar
var page string

// Rule is the steps-empty rule. Steps without any group are no type of a
// template at all, which is the concern of template-type: docs/argo.md
// D 63, M 182.
var Rule = &lint.Rule{Name: "steps-empty", Severity: lint.Warning, Topic: "steps", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		if t.Type != workflow.TypeSteps {
			continue
		}
		for i, group := range t.Body.Items() {
			if group.Kind == manifest.Null || group.Kind == manifest.List && len(group.Children) == 0 {
				pass.Reportf(group, "group %d of the steps of %s holds no step: it does nothing", i+1, t.Title())
			}
		}
	}
}
