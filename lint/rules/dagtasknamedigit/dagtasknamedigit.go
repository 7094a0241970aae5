// Package dagtasknamedigit finds tasks whose names Argo would read as numbers.
package dagtasknamedigit

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
)

//go:embed dag-task-name-digit.txtar
var page string

// Rule is the dag-task-name-digit rule: docs/argo.md H 133, M 197.
var Rule = &lint.Rule{Name: "dag-task-name-digit", Severity: lint.Error, Topic: "dag", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		depends := false
		for _, c := range t.Calls {
			depends = depends || c.Depends.Text() != ""
		}
		for _, c := range t.Calls {
			name := c.Name.Text()
			if c.Group >= 0 || name == "" || name[0] < '0' || name[0] > '9' {
				continue
			}
			switch {
			case depends:
				pass.Reportf(c.Name, "task %q begins with a digit, which Argo refuses in a DAG with depends: begin the name with a letter", name)
			case len(c.Dependencies) > 0:
				pass.Reportf(c.Name, "task %q begins with a digit, which Argo refuses in a task with dependencies: begin the name with a letter", name)
			}
		}
	}
}
