// Package artifactunused finds artifacts that are passed in and go nowhere.
package artifactunused

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/usage"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed artifact-unused.txtar
var page string

// Rule is the artifact-unused rule: docs/argo.md N, "unused inputs".
var Rule = &lint.Rule{Name: "artifact-unused", Severity: lint.Warning, Topic: "artifact", Page: page, Run: run}

func run(pass *lint.Pass) {
	arguments(pass)
	var used *usage.Usage
	for _, t := range pass.Workflow.All {
		if t.Type != workflow.TypeSteps && t.Type != workflow.TypeDAG {
			continue // a container finds the artifact at its path
		}
		for _, a := range t.Inputs.Artifacts {
			if a.Name.Text() == "" {
				continue
			}
			if used == nil {
				used = usage.Of(pass.Workflow, pass.Tags())
			}
			if !used.Artifact(t, a.Name.Text()) {
				pass.Reportf(a.Name, "%s takes input artifact %q, but passes it to nobody", t.Title(), a.Name)
			}
		}
	}
}

// arguments looks at spec.arguments.artifacts, which go to the entrypoint and
// to the exit handlers.
func arguments(pass *lint.Pass) {
	w := pass.Workflow
	if len(w.Arguments.Artifacts) == 0 || w.IsLibrary() || w.Ref != nil || w.Injected("spec.entrypoint") {
		return
	}
	taken := map[string]bool{}
	take := func(t *workflow.Template) {
		if t != nil {
			for _, a := range t.Inputs.Artifacts {
				taken[a.Name.Text()] = true
			}
		}
	}
	start := w.Template(w.Entrypoint.Text())
	if start == nil {
		return
	}
	take(start)
	take(w.Template(w.OnExit.Text()))
	for list := range w.Passed() {
		switch {
		case list.Hook != nil && list.Hook.Ref != nil:
			return
		case list.Hook != nil:
			take(w.Template(list.Hook.Template.Text()))
		case list.Call != nil:
			take(w.Template(list.Call.OnExit.Text()))
		}
	}
	for _, a := range w.Arguments.Artifacts {
		if name := a.Name.Text(); name != "" && !taken[name] {
			pass.Reportf(a.Name, "artifact %q of spec.arguments goes nowhere: %s, with which the workflow begins, has no input artifact of that name", name, start.Title())
		}
	}
}
