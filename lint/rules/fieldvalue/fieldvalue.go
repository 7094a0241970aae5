// Package fieldvalue finds values that a field does not take.
package fieldvalue

import (
	_ "embed"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/schema"
)

//go:embed field-value.txtar
var page string

// Rule is the field-value rule: docs/argo.md B 38, D 64, F 108, K 173, M 188 191 192 194 195 199 200, and, of N, the enums that Argo does not check.
var Rule = &lint.Rule{Name: "field-value", Severity: lint.Error, Topic: "manifest", Page: page, Object: run}

func run(pass *lint.Pass) {
	for _, p := range pass.Structure() {
		switch p.Kind {
		case schema.BadValue:
			report(pass, p)
		}
	}
	for _, path := range literals {
		if n := pass.Object.At(path...); strings.Contains(n.Text(), "{{") {
			pass.Reportf(n, "%q is no value of %q: nothing is substituted there", n, n.Key)
		}
	}
}

// literals are the fields of an object of which Argo reads the value as it
// stands. Other fields may hold a tag.
var literals = [...][]string{
	{"spec", "podGC", "strategy"},
	{"spec", "workflowSpec", "podGC", "strategy"},
	{"spec", "concurrencyPolicy"},
}

func report(pass *lint.Pass, p schema.Problem) {
	f := lint.Finding{Node: p.Node, Message: p.Message}
	if p.Suggestion != "" {
		f.Fix = &lint.Fix{Message: "write " + p.Suggestion, Edits: []lint.Edit{{Node: p.Node, Value: p.Suggestion}}}
	}
	pass.Report(f)
}
