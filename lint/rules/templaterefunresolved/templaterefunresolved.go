// Package templaterefunresolved tells which references were not checked.
package templaterefunresolved

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed template-ref-unresolved.txtar
var page string

// Rule is the template-ref-unresolved rule: docs/argo.md B 24, D 57 58 60.
var Rule = &lint.Rule{Name: "template-ref-unresolved", Severity: lint.Info, Topic: "template", Page: page, Run: run}

func run(pass *lint.Pass) {
	w := pass.Workflow
	check(pass, w.Ref, "the workflow")
	for _, h := range w.Hooks {
		check(pass, h.Ref, fmt.Sprintf("hook %q", h.Key))
	}
	for _, t := range w.All {
		for _, c := range t.Calls {
			check(pass, c.Ref, c.Title())
			for _, h := range c.Hooks {
				check(pass, h.Ref, fmt.Sprintf("hook %q of %s", h.Key, c.Title()))
			}
		}
	}
}

// check reports a reference of which nobody told whether it is right. One
// without a name is wrong, which is for another rule to say.
func check(pass *lint.Pass, r *workflow.Ref, who string) {
	if r == nil || r.Name.Text() == "" {
		return
	}
	if _, state := pass.Index.Library(pass.Workflow.Namespace.Text(), r.Name.Text(), r.Cluster); state != resolve.Unknown {
		return
	}
	kind := workflow.KindWorkflowTemplate
	if r.Cluster {
		kind = workflow.KindClusterWorkflowTemplate
	}
	if strings.Contains(r.Name.Text(), "{{") {
		pass.Reportf(r.Name, "%s refers to %s %s, which is known only when the workflow runs: its template, inputs and outputs were not checked", who, kind, r.Name)
		return
	}
	pass.Reportf(r.Name, "%s refers to %s %q, which is not among the files given: its template, inputs and outputs were not checked", who, kind, r.Name)
}
