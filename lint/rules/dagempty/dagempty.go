// Package dagempty finds DAGs without a task.
package dagempty

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed dag-empty.txtar
var page string

// Rule is the dag-empty rule: docs/argo.md H 128, M 196.
var Rule = &lint.Rule{Name: "dag-empty", Severity: lint.Error, Topic: "dag", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		if t.Type != workflow.TypeDAG || t.Body.Kind != manifest.Map {
			continue
		}
		at := t.Body
		if tasks := t.Body.Get("tasks"); tasks.Set() {
			if tasks.Kind != manifest.List || len(tasks.Children) > 0 {
				continue
			}
			at = tasks
		}
		pass.Report(lint.Finding{Node: at, Span: at.Key.Span(), Message: "the DAG of " + t.Title() + " has no task; it needs at least one"})
	}
}
