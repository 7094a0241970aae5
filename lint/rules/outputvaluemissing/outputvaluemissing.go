// Package outputvaluemissing finds output parameters that get no value.
package outputvaluemissing

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed output-value-missing.txtar
var page string

// Rule is the output-value-missing rule: docs/argo.md I 154 155.
var Rule = &lint.Rule{Name: "output-value-missing", Severity: lint.Error, Topic: "output", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		for _, p := range t.Outputs.Parameters {
			switch {
			case p.Value != nil:
			case p.ValueFrom == nil:
				pass.Reportf(p.Anchor(), "output parameter %q of %s has no value: it needs %s", p.Name, t.Title(), needs(t.Type))
			case p.ValueFrom.Kind == manifest.Map && !sourced(p.ValueFrom):
				pass.Report(lint.Finding{
					Node: p.ValueFrom.Key, Path: p.ValueFrom.Path(),
					Message: `valueFrom of output parameter "` + p.Name.Text() + `" names no source: it needs ` + needs(t.Type),
				})
			}
		}
	}
}

func sourced(from *manifest.Node) bool {
	for _, f := range from.Fields() {
		switch f.Key.Value {
		case "path", "jqFilter", "jsonPath", "parameter", "expression":
			if f.Text() != "" || f.Kind >= manifest.List {
				return true
			}
		case "supplied":
			if f.Set() {
				return true
			}
		}
	}
	return false
}

// needs says where a template of that type can take an output from.
func needs(t workflow.Type) string {
	switch t {
	case workflow.TypeSteps, workflow.TypeDAG:
		return "valueFrom.parameter or valueFrom.expression"
	case workflow.TypeResource:
		return "valueFrom.jsonPath or valueFrom.jqFilter"
	case workflow.TypeSuspend:
		return "valueFrom.supplied"
	}
	return "valueFrom.path"
}
