// Package withitemsempty finds loops over nothing, which are no loops.
package withitemsempty

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
)

//go:embed with-items-empty.txtar
var page string

// Rule is the with-items-empty rule: docs/argo.md G 120 (only a
// withItems that is not empty counts as a loop).
var Rule = &lint.Rule{Name: "with-items-empty", Severity: lint.Warning, Topic: "loop", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		for _, c := range t.Calls {
			if n := c.WithItems; n != nil && n.Kind == manifest.List && len(n.Children) == 0 && !c.Loops() {
				pass.Reportf(n, "withItems of %s is empty, which is no loop: the %s runs once, and {{item}} is not replaced", c.Title(), c.Word())
			}
		}
	}
}
