// Package containersetempty finds container sets without a container.
package containersetempty

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed container-set-empty.txtar
var page string

// Rule is the container-set-empty rule: docs/argo.md F 100.
var Rule = &lint.Rule{Name: "container-set-empty", Severity: lint.Error, Topic: "container", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		if t.Type != workflow.TypeContainerSet || t.Body.Kind != manifest.Map {
			continue
		}
		at := t.Body
		if list := t.Body.Get("containers"); list.Set() {
			if list.Kind != manifest.List || len(list.Children) > 0 {
				continue
			}
			at = list
		}
		pass.Report(lint.Finding{Node: at, Span: at.Key.Span(), Message: "the containerSet of " + t.Title() + " has no container; it needs at least one"})
	}
}
