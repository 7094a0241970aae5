// Package artifactpathmisplaced finds paths of artifacts where there is no
// container to hold them.
package artifactpathmisplaced

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed artifact-path-misplaced.txtar
var page string

// Rule is the artifact-path-misplaced rule: docs/argo.md E 72, I 151.
var Rule = &lint.Rule{Name: "artifact-path-misplaced", Severity: lint.Error, Topic: "artifact", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		if t.Type.Leaf() || t.Type == workflow.NoType {
			continue
		}
		for _, list := range [][]*workflow.Artifact{t.Inputs.Artifacts, t.Outputs.Artifacts} {
			for _, a := range list {
				if a.Path.Text() == "" {
					continue
				}
				f := lint.Finding{Node: a.Path.Key, Path: a.Path.Path()}
				f.Message = `artifact "` + a.Name.Text() + `" has a path, but ` + t.Title() + " runs no container that could hold it: the path belongs to the template that does"
				f.Fix = &lint.Fix{Message: "remove the path", Edits: []lint.Edit{{Node: a.Path}}}
				pass.Report(f)
			}
		}
	}
}
