// Package inputunused finds input parameters that their template does not use.
package inputunused

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/usage"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed input-unused.txtar
var page string

// Rule is the input-unused rule: docs/argo.md N, "unused inputs".
var Rule = &lint.Rule{Name: "input-unused", Severity: lint.Warning, Topic: "argument", Page: page, Run: run}

func run(pass *lint.Pass) {
	var used *usage.Usage
	for _, t := range pass.Workflow.All {
		switch t.Type {
		case workflow.NoType, workflow.TypePlugin, workflow.TypeSuspend:
			continue // a plugin gets the whole template, and whoever resumes sees the inputs
		}
		for _, p := range t.Inputs.Parameters {
			if p.Name.Text() == "" {
				continue
			}
			if used == nil {
				used = usage.Of(pass.Workflow, pass.Tags())
			}
			if !used.Parameter(t, p.Name.Text()) {
				pass.Reportf(p.Name, "%s takes input parameter %q, but does not use it", t.Title(), p.Name)
			}
		}
	}
}
