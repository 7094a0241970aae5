// Package fieldtype finds values of the wrong type.
package fieldtype

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/schema"
)

//go:embed field-type.txtar
var page string

// Rule is the field-type rule: docs/argo.md A 6 8 9 10 11.
var Rule = &lint.Rule{Name: "field-type", Severity: lint.Error, Topic: "manifest", Page: page, Mends: true, Object: run}

func run(pass *lint.Pass) {
	for _, p := range pass.Structure() {
		switch p.Kind {
		case schema.WrongType, schema.LostValue:
			report(pass, p)
		}
	}
}

func report(pass *lint.Pass, p schema.Problem) {
	f := lint.Finding{Node: p.Node, Message: p.Message}
	if p.Ignored {
		f.Severity = lint.Warning // Argo takes it, and loses it
	}
	if p.Value != nil {
		f.Fix = &lint.Fix{Message: "write " + p.Written(), Safe: true, Edits: []lint.Edit{{Node: p.Node, Value: p.Value}}}
	}
	pass.Report(f)
}
