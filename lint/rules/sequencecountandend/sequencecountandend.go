// Package sequencecountandend finds sequences that say twice where they end.
package sequencecountandend

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
)

//go:embed sequence-count-and-end.txtar
var page string

// Rule is the sequence-count-and-end rule: docs/argo.md G 121, M 190.
var Rule = &lint.Rule{Name: "sequence-count-and-end", Severity: lint.Error, Topic: "loop", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		for _, c := range t.Calls {
			count, end := c.WithSequence.Get("count"), c.WithSequence.Get("end")
			if !count.Set() || !end.Set() {
				continue
			}
			if count.Index() > end.Index() {
				count, end = end, count
			}
			pass.Report(lint.Finding{
				Node: end.Key, Path: end.Path(),
				Message: "withSequence of " + c.Title() + " has count and end: keep the one that is meant",
				Related: []lint.Related{lint.At(count.Key, "the other")},
			})
		}
	}
}
