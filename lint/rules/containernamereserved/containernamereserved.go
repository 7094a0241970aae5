// Package containernamereserved finds containers with a name that Argo's own
// containers have.
package containernamereserved

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed container-name-reserved.txtar
var page string

// Rule is the container-name-reserved rule: docs/argo.md F 106 107. Names
// that only the API server finds to be twice in the pod are warnings.
var Rule = &lint.Rule{Name: "container-name-reserved", Severity: lint.Error, Topic: "container", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		for _, c := range t.Containers {
			name := c.Name.Text()
			switch {
			case c.Role == workflow.Main && t.Type != workflow.TypeContainerSet: // it is called main whatever it says
			case c.Role != workflow.Init && reserved(name):
				pass.Reportf(c.Name, "%s cannot be called %q: Argo's own container in the pod has that name; choose another", word(c), name)
			case c.Role != workflow.Main && twice(t, name):
				pass.Report(lint.Finding{Node: c.Name, Severity: lint.Warning,
					Message: fmt.Sprintf("%s is called %q, as is a container that Argo puts into the pod: the API server refuses the pod; choose another name", word(c), name)})
			}
		}
	}
}

func word(c *workflow.Container) string {
	return map[workflow.Role]string{workflow.Main: "a container of a set", workflow.Init: "an init container", workflow.Sidecar: "a sidecar"}[c.Role]
}

func reserved(name string) bool {
	return name == "wait" || name == "supervisor" || strings.HasPrefix(name, "artifact-plugin-")
}

// twice reports whether a container of the pod that the template does not write
// has the name.
func twice(t *workflow.Template, name string) bool {
	switch name {
	case "init", "wait":
		return true
	case "main":
		return t.Type == workflow.TypeContainer || t.Type == workflow.TypeScript
	}
	return false
}
