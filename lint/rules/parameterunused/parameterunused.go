// Package parameterunused finds parameters of workflows that nothing uses.
package parameterunused

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/usage"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed parameter-unused.txtar
var page string

// Rule is the parameter-unused rule: docs/argo.md N, "unused parameters".
var Rule = &lint.Rule{Name: "parameter-unused", Severity: lint.Warning, Topic: "argument", Page: page, Run: run}

func run(pass *lint.Pass) {
	w := pass.Workflow
	if len(w.Arguments.Parameters) == 0 || calls(w) {
		return
	}
	used := usage.Of(w, pass.Tags())
	taken := inputs(w)
	for _, p := range w.Arguments.Parameters {
		if name := p.Name.Text(); name != "" && !taken[name] && !used.Global(name) {
			pass.Reportf(p.Name, "parameter %q of spec.arguments is used nowhere: no {{workflow.parameters.%s}}, and no input of that name where the workflow begins", name, name)
		}
	}
}

// calls reports whether the workflow calls templates of other objects, which
// may use its parameters.
func calls(w *workflow.Workflow) bool {
	if w.Ref != nil || refer(w.Hooks) {
		return true
	}
	for _, t := range w.All {
		for _, c := range t.Calls {
			if c.Ref != nil || refer(c.Hooks) {
				return true
			}
		}
	}
	return false
}

func refer(hooks []*workflow.Hook) bool {
	for _, h := range hooks {
		if h.Ref != nil {
			return true
		}
	}
	return false
}

// inputs returns the names of inputs that take their value from spec.arguments:
// those of the entrypoint and of exit handlers. A library may be entered
// anywhere.
func inputs(w *workflow.Workflow) map[string]bool {
	taken := map[string]bool{}
	take := func(t *workflow.Template) {
		if t == nil {
			return
		}
		for _, p := range t.Inputs.Parameters {
			taken[p.Name.Text()] = true
		}
	}
	exits := func(hooks []*workflow.Hook) {
		for _, h := range hooks {
			if h.Key.Text() == "exit" {
				take(w.Template(h.Template.Text()))
			}
		}
	}
	take(w.Template(w.Entrypoint.Text()))
	take(w.Template(w.OnExit.Text()))
	exits(w.Hooks)
	for _, t := range w.All {
		if w.IsLibrary() || w.Injected("spec.entrypoint") {
			take(t)
		}
		for _, c := range t.Calls {
			take(w.Template(c.OnExit.Text()))
			exits(c.Hooks)
		}
	}
	return taken
}
