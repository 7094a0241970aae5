// Package yamlsyntax finds documents that cannot be read.
package yamlsyntax

import (
	_ "embed"
	"regexp"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
)

//go:embed yaml-syntax.txtar
var page string

// Rule is the yaml-syntax rule: docs/argo.md A 3, and the first line of N.
var Rule = &lint.Rule{Name: "yaml-syntax", Severity: lint.Error, Topic: "manifest", Page: page, Document: run}

// isSecret matches a line of a Secret, which nobody can tell otherwise in what
// does not parse.
var isSecret = regexp.MustCompile(`(?m)^[ \t]*(?:- )?["']?kind["']?[ \t]*:[ \t]*["']?Secret\b`)

func run(pass *lint.Pass) {
	d := pass.Document
	for _, p := range d.Problems {
		if p.Kind == manifest.DuplicateKey {
			continue
		}
		span := p.Span
		if span.Known() && isSecret.Match(d.File.Bytes[d.Start:d.End]) {
			span = span.Blank()
		}
		pass.Report(lint.Finding{Node: p.Node, Span: span, Message: p.Message})
	}
}
