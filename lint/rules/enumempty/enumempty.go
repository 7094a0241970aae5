// Package enumempty finds enums without a value to choose.
package enumempty

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed enum-empty.txtar
var page string

// Rule is the enum-empty rule: docs/argo.md C 49, M 185.
var Rule = &lint.Rule{Name: "enum-empty", Severity: lint.Error, Topic: "argument", Page: page, Run: run}

func run(pass *lint.Pass) {
	for list := range pass.Workflow.Passed() {
		check(pass, list.Parameters)
	}
	for _, t := range pass.Workflow.All {
		check(pass, t.Inputs.Parameters)
		check(pass, t.Outputs.Parameters)
	}
}

func check(pass *lint.Pass, all []*workflow.Parameter) {
	for _, p := range all {
		if p.Enum != nil && p.Enum.Kind == manifest.List && len(p.Enum.Children) == 0 {
			pass.Report(lint.Finding{
				Node:    p.Enum,
				Message: "the enum of parameter \"" + p.Name.Text() + "\" has no values to choose from: list them or remove the enum",
				Fix:     &lint.Fix{Message: "remove the enum", Edits: []lint.Edit{{Node: p.Enum}}},
			})
		}
	}
}
