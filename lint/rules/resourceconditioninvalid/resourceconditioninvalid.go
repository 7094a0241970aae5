// Package resourceconditioninvalid finds conditions of resource templates that
// Argo cannot read.
package resourceconditioninvalid

import (
	_ "embed"
	"fmt"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/expr"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed resource-condition-invalid.txtar
var page string

// Rule is the resource-condition-invalid rule: docs/argo.md N,
// successCondition.
var Rule = &lint.Rule{Name: "resource-condition-invalid", Severity: lint.Error, Topic: "resource", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		if t.Type != workflow.TypeResource {
			continue
		}
		for _, key := range []string{"successCondition", "failureCondition"} {
			if n := t.Body.Get(key); n.Text() != "" && n.Kind == manifest.String {
				condition(pass, key, n)
			}
		}
	}
}

func condition(pass *lint.Pass, key string, n *manifest.Node) {
	wrong := parse(n.Value)
	if wrong == nil {
		return
	}
	f := lint.Finding{Node: n, Span: n.Range(wrong.from, wrong.to), Message: fmt.Sprintf("%s cannot be read: %s", key, wrong.message)}
	if expr.Tagged(n.Value) {
		f.Severity = lint.Warning // what stands in place of the tags may mend it
	}
	pass.Report(f)
}
