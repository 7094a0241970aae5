// Package loopambiguous finds steps and tasks with two loops.
package loopambiguous

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
)

//go:embed loop-ambiguous.txtar
var page string

// Rule is the loop-ambiguous rule: docs/argo.md G 120.
var Rule = &lint.Rule{Name: "loop-ambiguous", Severity: lint.Error, Topic: "loop", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		for _, c := range t.Calls {
			var first *manifest.Node
			for _, n := range c.Node.Fields() {
				switch n.Key.Value {
				case "withItems":
					if len(n.Items()) == 0 {
						continue
					}
				case "withParam":
					if n.Text() == "" {
						continue
					}
				case "withSequence":
					if !n.Set() {
						continue
					}
				default:
					continue
				}
				if first == nil {
					first = n
					continue
				}
				pass.Report(lint.Finding{
					Node: n.Key, Path: n.Path(),
					Message: c.Title() + " loops over " + first.Key.Value + " and over " + n.Key.Value + ": keep one of them",
					Related: []lint.Related{lint.At(first.Key, "the first loop")},
				})
				break
			}
		}
	}
}
