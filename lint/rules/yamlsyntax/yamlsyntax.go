// Package yamlsyntax finds documents that cannot be read.
package yamlsyntax

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
)

//go:embed yaml-syntax.txtar
var page string

// Rule is the yaml-syntax rule: docs/argo.md A 3, and the first line of N.
var Rule = &lint.Rule{Name: "yaml-syntax", Severity: lint.Error, Topic: "manifest", Page: page, Document: run}

func run(pass *lint.Pass) {
	for _, p := range pass.Document.Problems {
		if p.Kind != manifest.DuplicateKey {
			pass.Report(lint.Finding{Node: p.Node, Span: p.Span, Message: p.Message})
		}
	}
}
