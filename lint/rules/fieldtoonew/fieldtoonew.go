// Package fieldtoonew finds fields that the chosen version of Argo Workflows
// does not have yet.
package fieldtoonew

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/schema"
)

//go:embed field-too-new.txtar
var page string

// Rule is the field-too-new rule: docs/argo.md A 5 7, for versions
// other than the newest. The fields and their versions are those of lint/schema.
var Rule = &lint.Rule{Name: "field-too-new", Severity: lint.Error, Topic: "manifest", Page: page, Object: run}

func run(pass *lint.Pass) {
	for _, p := range pass.Structure() {
		if p.Kind == schema.NewField {
			pass.Report(lint.Finding{Node: p.Node, Span: p.Node.Key.Span(), Message: p.Message})
		}
	}
}
