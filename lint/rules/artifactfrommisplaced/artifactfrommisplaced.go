// Package artifactfrommisplaced finds inputs that say who passes them.
package artifactfrommisplaced

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
)

//go:embed artifact-from-misplaced.txtar
var page string

// Rule is the artifact-from-misplaced rule: docs/argo.md E 73.
var Rule = &lint.Rule{Name: "artifact-from-misplaced", Severity: lint.Error, Topic: "artifact", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		for _, a := range t.Inputs.Artifacts {
			if a.From.Text() != "" {
				pass.Report(lint.Finding{
					Node: a.From.Key, Path: a.From.Path(),
					Message: `input artifact "` + a.Name.Text() + `" of ` + t.Title() + " says from where it comes: that is for the arguments of who calls the template",
				})
			}
		}
	}
}
