// Package artifactpathmissing finds artifacts that do not say where they lie in
// the container.
package artifactpathmissing

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed artifact-path-missing.txtar
var page string

// Rule is the artifact-path-missing rule: docs/argo.md E 70, I 150.
var Rule = &lint.Rule{Name: "artifact-path-missing", Severity: lint.Error, Topic: "artifact", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		if !t.Type.Leaf() {
			continue
		}
		check(pass, t, t.Inputs.Artifacts, "input", "put it")
		check(pass, t, t.Outputs.Artifacts, "output", "take it from")
	}
}

func check(pass *lint.Pass, t *workflow.Template, all []*workflow.Artifact, word, does string) {
	for _, a := range all {
		if a.Path == nil || a.Path.Scalar() && a.Path.Value == "" {
			pass.Reportf(a.Anchor(), "%s artifact %q of %s has no path: Argo must know where in the container to %s", word, a.Name, t.Title(), does)
		}
	}
}
