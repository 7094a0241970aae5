// Package fieldunknown finds fields that do not exist.
package fieldunknown

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/schema"
)

//go:embed field-unknown.txtar
var page string

// Rule is the field-unknown rule: docs/argo.md A 5 7.
var Rule = &lint.Rule{Name: "field-unknown", Severity: lint.Error, Topic: "manifest", Page: page, Object: run}

func run(pass *lint.Pass) {
	for _, p := range pass.Structure() {
		switch p.Kind {
		case schema.UnknownField, schema.RemovedField:
			report(pass, p)
		}
	}
}

func report(pass *lint.Pass, p schema.Problem) {
	f := lint.Finding{Node: p.Node, Span: p.Node.Key.Span(), Message: p.Message}
	if p.Ignored {
		f.Severity = lint.Warning // it is dropped in silence
	}
	if p.Suggestion != "" && p.Kind == schema.UnknownField && p.In.Field(p.Suggestion) != nil {
		f.Fix = &lint.Fix{Message: "rename to " + p.Suggestion, Edits: []lint.Edit{{Node: p.Node.Key, Value: p.Suggestion}}}
	}
	pass.Report(f)
}
