// Package fieldvalue finds values that a field does not take.
package fieldvalue

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/schema"
)

//go:embed field-value.txtar
var page string

// Rule is the field-value rule: shared/argo/rules.md B 38, D 64, F 108, K 173, M 188 191 192 194 195 199 200, and, of N, the enums that Argo does not check.
var Rule = &lint.Rule{Name: "field-value", Severity: lint.Error, Topic: "manifest", Page: page, Object: run}

func run(pass *lint.Pass) {
	for _, p := range pass.Structure() {
		switch p.Kind {
		case schema.BadValue:
			report(pass, p)
		}
	}
}

func report(pass *lint.Pass, p schema.Problem) {
	f := lint.Finding{Node: p.Node, Message: p.Message}
	if p.Suggestion != "" {
		f.Fix = &lint.Fix{Message: "write " + p.Suggestion, Edits: []lint.Edit{{Node: p.Node, Value: p.Suggestion}}}
	}
	pass.Report(f)
}
