// Package parallelisminvalid finds limits that let nothing run.
package parallelisminvalid

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed parallelism-invalid.txtar
var page string

// Rule is the parallelism-invalid rule: docs/argo.md M 180, and N.
var Rule = &lint.Rule{Name: "parallelism-invalid", Severity: lint.Error, Topic: "workflow", Page: page, Run: run}

func run(pass *lint.Pass) {
	w := pass.Workflow
	check(pass, w.Spec.Get("parallelism"), "the workflow")
	if w.Defaults != nil {
		check(pass, w.Defaults.Node.Get("parallelism"), "templateDefaults")
	}
	for _, t := range w.All {
		if t.Type == workflow.TypeSteps || t.Type == workflow.TypeDAG {
			check(pass, t.Node.Get("parallelism"), t.Title())
		}
	}
}

func check(pass *lint.Pass, n *manifest.Node, who string) {
	if limit, ok := n.Int(); ok && limit < 1 {
		pass.Reportf(n, "%s has parallelism %d, with which not one pod would start: write 1 or more, or leave it out for no limit", who, limit)
	}
}
