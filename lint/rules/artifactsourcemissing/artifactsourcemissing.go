// Package artifactsourcemissing finds artifacts that are passed from nowhere.
package artifactsourcemissing

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed artifact-source-missing.txtar
var page string

// Rule is the artifact-source-missing rule: docs/argo.md C 52; the
// arguments of hooks: N.
var Rule = &lint.Rule{Name: "artifact-source-missing", Severity: lint.Error, Topic: "artifact", Page: page, Run: run}

func run(pass *lint.Pass) {
	for list := range pass.Workflow.Passed() {
		if list.Call == nil && list.Hook == nil && pass.Workflow.Injected("spec.arguments") {
			continue
		}
		for _, a := range list.Artifacts {
			if a.From.Text() == "" && !a.Located() {
				report(pass, list, a)
			}
		}
	}
}

func report(pass *lint.Pass, list workflow.Passed, a *workflow.Artifact) {
	name := "an artifact"
	if a.Name.Text() != "" {
		name = `artifact "` + a.Name.Text() + `"`
	}
	f := lint.Finding{Node: a.Anchor()}
	switch {
	case a.FromExpression != nil:
		f.Node, f.Path = a.FromExpression.Key, a.FromExpression.Path()
		f.Message = name + " of " + list.Title() + " has only a fromExpression, which Argo takes in outputs alone: pass it with from"
	case len(a.Locations) > 0:
		l := a.Locations[0]
		f.Node, f.Path = l.Key, l.Path()
		f.Message = name + " of " + list.Title() + " does not say what it is in " + l.Key.Value + ": it needs a key, or from"
	default:
		f.Message = name + " of " + list.Title() + " comes from nowhere: it needs from, or a location such as s3 with a key"
	}
	if _, seen := pass.Workflow.Seen(list); list.Hook != nil || !seen {
		f.Severity = lint.Warning // Argo does not look
	}
	pass.Report(f)
}
