// Package cronhistorylimitnegative finds CronWorkflows that should keep less
// than no finished run.
package cronhistorylimitnegative

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
)

//go:embed cron-history-limit-negative.txtar
var page string

// Rule is the cron-history-limit-negative rule: docs/argo.md K 176, N "history limits".
var Rule = &lint.Rule{Name: "cron-history-limit-negative", Severity: lint.Warning, Topic: "cron", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, field := range [...]string{"successfulJobsHistoryLimit", "failedJobsHistoryLimit"} {
		n := pass.Workflow.Cron.Get(field)
		if limit, ok := n.Int(); ok && limit < 0 {
			pass.Reportf(n, "%s is %d, and no number of runs to keep is negative: finished runs are never cleaned up; write 0 to keep none", field, limit)
		}
	}
}
