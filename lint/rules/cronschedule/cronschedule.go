// Package cronschedule finds CronWorkflows whose schedule Argo refuses.
package cronschedule

import (
	_ "embed"
	"errors"
	"fmt"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/cron"
	"github.com/tiphys-dev/tiphys/lint/expr"
	"github.com/tiphys-dev/tiphys/lint/manifest"
)

//go:embed cron-schedule.txtar
var page string

// Rule is the cron-schedule rule: docs/argo.md K 170 171, M 202.
var Rule = &lint.Rule{Name: "cron-schedule", Severity: lint.Error, Topic: "cron", Page: page, Run: run}

func run(pass *lint.Pass) {
	w := pass.Workflow
	if w.Kind != "CronWorkflow" || w.Cron == nil {
		return
	}
	// The field was called schedule and held one, until Argo Workflows 4.0; where
	// it stands, the schema has its say on whether it may.
	one, list := w.Cron.Get("schedule"), w.Cron.Get("schedules")
	if one != nil && one.Kind == manifest.String {
		check(pass, one)
	}
	switch {
	case list.Set() && list.Kind != manifest.List:
		return // the schema says so
	case len(list.Items()) == 0 && !one.Set() && !w.Injected("spec.schedules"):
		at := list
		if at == nil {
			at = w.Name
		}
		if at == nil {
			at = w.Cron
		}
		pass.Reportf(at, "the CronWorkflow has no schedule: spec.schedules needs at least one, like \"0 3 * * *\"")
	}
	for _, n := range list.Items() {
		if n.Kind == manifest.String {
			check(pass, n)
		}
	}
}

func check(pass *lint.Pass, n *manifest.Node) {
	if expr.Tagged(n.Value) {
		pass.Reportf(n, "schedule %q is refused: nothing is substituted in a schedule", n)
		return
	}
	schedule, err := cron.Parse(n.Value)
	var wrong *cron.Error
	switch {
	case errors.As(err, &wrong):
		pass.ReportRange(n, wrong.From, wrong.To, "schedule %q is refused: %s", n, wrong.Message)
	case err != nil:
		pass.Reportf(n, "schedule %q is refused: %s", n, err)
	case schedule.Zoned:
		pass.Report(lint.Finding{Node: n, Severity: lint.Warning, Message: fmt.Sprintf(
			"schedule %q brings its own timezone, which the API server refuses where Argo's full CRDs are installed; write it in spec.timezone", n)})
	case schedule.Never():
		pass.Report(lint.Finding{Node: n, Span: n.Range(0, len(n.Value)), Severity: lint.Warning, Message: fmt.Sprintf("schedule %q is never due: no month has such a day", n)})
	}
}
