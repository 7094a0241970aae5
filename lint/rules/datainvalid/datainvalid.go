// Package datainvalid finds data templates without a source or a transformation.
package datainvalid

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed data-invalid.txtar
var page string

// Rule is the data-invalid rule: docs/argo.md N.
var Rule = &lint.Rule{Name: "data-invalid", Severity: lint.Error, Topic: "template", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		if t.Type != workflow.TypeData || t.Body.Kind != manifest.Map {
			continue
		}
		if source := t.Body.Get("source"); !source.At("artifactPaths").Set() && (!source.Set() || source.Kind == manifest.Map) {
			at := t.Body
			if source.Set() {
				at = source
			}
			pass.Report(lint.Finding{Node: at, Span: at.Key.Span(), Message: t.Title() + " has no data: it needs source.artifactPaths"})
		}
		transformation(pass, t)
	}
}

func transformation(pass *lint.Pass, t *workflow.Template) {
	list := t.Body.Get("transformation")
	if !list.Set() {
		pass.Report(lint.Finding{Node: t.Body, Span: t.Body.Key.Span(), Severity: lint.Warning,
			Message: t.Title() + " has no transformation, which API servers with Argo's full CRDs refuse"})
		return
	}
	for _, n := range list.Items() {
		if e := n.Get("expression"); n.Kind == manifest.Map && e.Text() == "" && (!e.Set() || e.Scalar()) {
			pass.Reportf(n, "a transformation of %s has no expression", t.Title())
		}
	}
}
