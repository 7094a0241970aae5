// Package crondeadlinenegative finds CronWorkflows that would have to start
// before they are due.
package crondeadlinenegative

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
)

//go:embed cron-deadline-negative.txtar
var page string

// Rule is the cron-deadline-negative rule: docs/argo.md K 174, M 201.
var Rule = &lint.Rule{Name: "cron-deadline-negative", Severity: lint.Error, Topic: "cron", Page: page, Run: run}

func run(pass *lint.Pass) {
	n := pass.Workflow.Cron.Get("startingDeadlineSeconds")
	if seconds, ok := n.Int(); ok && seconds < 0 {
		pass.Reportf(n, "startingDeadlineSeconds is %d: it says how late a run may still start, so it is never negative; write how many seconds late is still useful", seconds)
	}
}
