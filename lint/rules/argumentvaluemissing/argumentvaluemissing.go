// Package argumentvaluemissing finds arguments that say a name and no value.
package argumentvaluemissing

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed argument-value-missing.txtar
var page string

// Rule is the argument-value-missing rule: docs/argo.md C 46 50, G 122,
// H 144, K 175, L 177, and, of N, the arguments of hooks.
var Rule = &lint.Rule{Name: "argument-value-missing", Severity: lint.Error, Topic: "argument", Page: page, Run: run}

func run(pass *lint.Pass) {
	w := pass.Workflow
	for p := range w.Passed() {
		switch {
		case p.Hook != nil:
			check(pass, p, lint.Warning)
		case p.Call != nil:
			check(pass, p, lint.Error)
		case w.IsLibrary() || w.Injected("spec.arguments"):
		case w.Cron != nil:
			check(pass, p, lint.Error)
			inherited(pass)
		default:
			submitted(pass)
		}
	}
}

func check(pass *lint.Pass, list workflow.Passed, severity lint.Severity) {
	for _, p := range list.Parameters {
		f := lint.Finding{Node: p.Anchor(), Severity: severity}
		switch {
		case p.Value != nil:
			continue
		case p.ValueFrom == nil && p.Default != nil:
			f.Message = title(p) + " of " + list.Title() + " has a default and no value: only inputs have defaults, write value"
			if p.Default.Scalar() && p.Node.Get("value") == nil {
				f.Fix = &lint.Fix{Message: "write value for default", Edits: []lint.Edit{
					{Node: p.Default}, {Node: p.Node, Key: "value", Value: p.Default.Value},
				}}
			}
		case p.ValueFrom == nil:
			f.Message = title(p) + " of " + list.Title() + " has no value: it needs value or valueFrom"
		case p.Enum != nil:
			f.Message = title(p) + " of " + list.Title() + " has an enum, so it needs a value; valueFrom is not compared with it"
		default:
			continue
		}
		pass.Report(f)
	}
}

// inherited looks at the arguments that a CronWorkflow takes from the
// WorkflowTemplate it runs: nobody is there to give them values.
func inherited(pass *lint.Pass) {
	w := pass.Workflow
	lib, _ := pass.Index.Callees(w).Base()
	if lib == nil {
		return
	}
	own := make(map[string]bool, len(w.Arguments.Parameters))
	for _, p := range w.Arguments.Parameters {
		own[p.Name.Text()] = true
	}
	for _, p := range lib.Parameters {
		if !p.Valued && !own[p.Name] {
			pass.Reportf(w.Ref.Name, "parameter %q of %s %q has no value, and spec.arguments gives it none", p.Name, lib.Kind, lib.Name)
		}
	}
}

// submitted looks at a Workflow whose values may come with argo submit -p, but
// not from kubectl create, nor from a WorkflowTemplate it runs: its own
// arguments win, also without a value.
func submitted(pass *lint.Pass) {
	for _, p := range pass.Workflow.Arguments.Parameters {
		if p.Value != nil || p.ValueFrom != nil {
			continue
		}
		pass.Report(lint.Finding{
			Node: p.Anchor(), Severity: lint.Info,
			Message: title(p) + " of spec.arguments has no value: argo submit must give one with -p, and kubectl create is refused",
		})
	}
}

func title(p *workflow.Parameter) string {
	if p.Name.Text() == "" {
		return "a parameter"
	}
	return `parameter "` + p.Name.Text() + `"`
}
