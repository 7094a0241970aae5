// Package outputartifactwithoutfrom finds output artifacts of steps and DAGs
// that never come to be.
package outputartifactwithoutfrom

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed output-artifact-without-from.txtar
var page string

// Rule is the output-artifact-without-from rule: docs/argo.md I 151, N.
var Rule = &lint.Rule{Name: "output-artifact-without-from", Severity: lint.Warning, Topic: "output", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		if t.Type != workflow.TypeSteps && t.Type != workflow.TypeDAG {
			continue
		}
		for _, a := range t.Outputs.Artifacts {
			if a.From.Text() == "" && a.FromExpression.Text() == "" {
				pass.Reportf(a.Anchor(), "output artifact %q of %s comes from nowhere: it needs from or fromExpression, which name an artifact of a %s", a.Name, t.Title(), word(t))
			}
		}
	}
}

func word(t *workflow.Template) string {
	if t.Type == workflow.TypeDAG {
		return "task"
	}
	return "step"
}
