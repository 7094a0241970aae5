// Package dagbothdependsanddependencies finds DAGs that order their tasks in
// two ways.
package dagbothdependsanddependencies

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed dag-both-depends-and-dependencies.txtar
var page string

// Rule is the dag-both-depends-and-dependencies rule: docs/argo.md H 134, M 197.
var Rule = &lint.Rule{Name: "dag-both-depends-and-dependencies", Severity: lint.Error, Topic: "dag", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		var depends, dependencies *workflow.Call
		for _, c := range t.Calls {
			if depends == nil && c.Depends.Text() != "" {
				depends = c
			}
			if dependencies == nil && len(c.Dependencies) > 0 {
				dependencies = c
			}
		}
		if depends == nil || dependencies == nil {
			continue
		}
		list := dependencies.Node.Get("dependencies")
		pass.Report(lint.Finding{
			Node:    list.Key,
			Path:    list.Path(),
			Message: dependencies.Title() + " has dependencies while " + depends.Title() + " of the same DAG has depends: Argo takes one or the other, write depends everywhere",
			Related: []lint.Related{lint.At(depends.Depends, "%s has depends", depends.Title())},
		})
	}
}
