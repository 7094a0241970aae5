// Package resourcemanifestambiguous finds resource templates with two manifests.
package resourcemanifestambiguous

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed resource-manifest-ambiguous.txtar
var page string

// Rule is the resource-manifest-ambiguous rule: docs/argo.md F 110, M 193.
var Rule = &lint.Rule{Name: "resource-manifest-ambiguous", Severity: lint.Error, Topic: "resource", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		if t.Type != workflow.TypeResource {
			continue
		}
		inside, from := t.Body.Get("manifest"), t.Body.Get("manifestFrom")
		if inside.Text() == "" || !from.Set() {
			continue
		}
		pass.Report(lint.Finding{
			Node: from, Span: from.Key.Span(),
			Message: t.Title() + " has both manifest and manifestFrom: one of them says what is sent",
			Related: []lint.Related{{Path: inside.Path(), Span: inside.Key.Span(), Message: "manifest is here"}},
		})
	}
}
