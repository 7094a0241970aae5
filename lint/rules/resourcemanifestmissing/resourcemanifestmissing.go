// Package resourcemanifestmissing finds resource templates that say nothing to send.
package resourcemanifestmissing

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed resource-manifest-missing.txtar
var page string

// Rule is the resource-manifest-missing rule: docs/argo.md F 109.
var Rule = &lint.Rule{Name: "resource-manifest-missing", Severity: lint.Error, Topic: "resource", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		if t.Type != workflow.TypeResource || t.Body.Kind != manifest.Map {
			continue
		}
		m := t.Body.Get("manifest")
		if m.Text() != "" || m.Set() && m.Kind != manifest.String || t.Body.Get("manifestFrom").Set() {
			continue
		}
		switch action := t.Body.Get("action"); action.Text() {
		case "create", "apply", "replace", "patch":
			f := lint.Finding{Node: t.Body, Span: t.Body.Key.Span()}
			if m.Set() {
				f = lint.Finding{Node: m}
			}
			f.Message = t.Title() + " has nothing to " + action.Text() + ": it needs manifest or manifestFrom"
			pass.Report(f)
		}
	}
}
