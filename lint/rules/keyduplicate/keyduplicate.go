// Package keyduplicate finds keys that stand twice in one object.
package keyduplicate

import (
	_ "embed"
	"fmt"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
)

//go:embed key-duplicate.txtar
var page string

// Rule is the key-duplicate rule: docs/argo.md A 4, and the second line of N.
var Rule = &lint.Rule{Name: "key-duplicate", Severity: lint.Error, Topic: "manifest", Page: page, Document: run}

func run(pass *lint.Pass) {
	for _, p := range pass.Document.Problems {
		if p.Kind != manifest.DuplicateKey {
			continue
		}
		f := lint.Finding{Node: p.Node, Span: p.Span, Message: p.Message, Path: p.Node.Path()}
		if p.First != nil {
			at := p.First
			if at.Key != nil {
				at = at.Key
			}
			f.Related = []lint.Related{{Path: p.First.Path(), Span: at.Span(), Message: fmt.Sprintf("%q stands here first", at.Value)}}
		}
		pass.Report(f)
	}
}
