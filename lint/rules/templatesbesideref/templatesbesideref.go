// Package templatesbesideref finds workflows that both refer to a
// WorkflowTemplate and bring templates of their own.
package templatesbesideref

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
)

//go:embed templates-beside-ref.txtar
var page string

// Rule is the templates-beside-ref rule: docs/argo.md B 23.
var Rule = &lint.Rule{Name: "templates-beside-ref", Severity: lint.Error, Topic: "template", Page: page, Run: run}

func run(pass *lint.Pass) {
	w := pass.Workflow
	if w.Ref == nil || len(w.Templates) == 0 {
		return
	}
	list := w.Spec.Get("templates")
	pass.Report(lint.Finding{
		Node:    list.Key,
		Path:    list.Path(),
		Message: "the workflow has templates of its own beside workflowTemplateRef, which Argo refuses: remove one of the two, or call the library from a step or task by templateRef",
		Related: []lint.Related{lint.At(w.Ref.Node.Key, "workflowTemplateRef is here")},
	})
}
