// Package outputvalueambiguous finds output parameters with two values.
package outputvalueambiguous

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed output-value-ambiguous.txtar
var page string

// Rule is the output-value-ambiguous rule: docs/argo.md I 153 156 160.
var Rule = &lint.Rule{Name: "output-value-ambiguous", Severity: lint.Error, Topic: "output", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		for _, p := range t.Outputs.Parameters {
			check(pass, p)
		}
	}
}

func check(pass *lint.Pass, p *workflow.Parameter) {
	if p.Value != nil && p.ValueFrom != nil {
		report(pass, p, p.Value, p.ValueFrom)
		return
	}
	var first *manifest.Node
	for _, f := range p.ValueFrom.Fields() {
		switch {
		case !source(f):
		case first != nil:
			report(pass, p, first, f)
			return
		default:
			first = f
		}
	}
}

func source(f *manifest.Node) bool {
	switch f.Key.Value {
	case "path", "jqFilter", "jsonPath", "parameter", "expression":
		return f.Text() != ""
	}
	return f.Key.Value == "supplied" && f.Set()
}

func report(pass *lint.Pass, p *workflow.Parameter, a, b *manifest.Node) {
	if a.Index() > b.Index() {
		a, b = b, a
	}
	pass.Report(lint.Finding{
		Node: b.Key, Path: b.Path(),
		Message: `output parameter "` + p.Name.Text() + `" has two sources, ` + a.Key.Value + " and " + b.Key.Value + ": keep one of them",
		Related: []lint.Related{lint.At(a.Key, "the first source")},
	})
}
