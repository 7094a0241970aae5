// Package crondstgap finds schedules that daylight saving skips or doubles.
package crondstgap

import (
	_ "embed"
	"fmt"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/cron"
	"github.com/tiphys-dev/tiphys/lint/expr"
	"github.com/tiphys-dev/tiphys/lint/manifest"
)

//go:embed cron-dst-gap.txtar
var page string

// Rule is the cron-dst-gap rule. Argo runs what its clock shows: a time that a
// day does not have is left out, one that it has twice runs twice.
var Rule = &lint.Rule{Name: "cron-dst-gap", Severity: lint.Warning, Topic: "cron", Page: page, Run: run}

func run(pass *lint.Pass) {
	c := pass.Workflow.Cron
	zone := c.Get("timezone")
	if zone == nil || zone.Kind != manifest.String || zone.Value == "" || zone.Value == "Local" || expr.Tagged(zone.Value) {
		return // the controller's own clock, which is mostly UTC
	}
	var jumps []jump
	for _, n := range c.Get("schedules").Items() {
		if n.Kind != manifest.String || expr.Tagged(n.Value) {
			continue
		}
		schedule, err := cron.Parse(n.Value)
		if err != nil || schedule.Zoned {
			continue
		}
		s, ok := daily(schedule)
		if !ok {
			continue
		}
		if jumps == nil {
			jumps = jumpsOf(zone.Value)
		}
		report(pass, n, zone.Value, s, jumps)
	}
}

// report says on which days a schedule is skipped and on which it runs twice.
func report(pass *lint.Pass, n *manifest.Node, zone string, s times, jumps []jump) {
	skip, at, skipped := s.hit(jumps, true)
	again, twice, repeated := s.hit(jumps, false)
	var what string
	switch {
	case skipped && repeated:
		what = fmt.Sprintf("is skipped on some days and runs twice on others: in %s %s never comes on %s, when the clock goes from %s to %s, and comes twice on %s",
			zone, clock(at), skip.date(), clock(skip.from), clock(skip.to), again.date())
	case skipped:
		what = fmt.Sprintf("is skipped on some days: in %s %s never comes on %s, when the clock goes from %s to %s",
			zone, clock(at), skip.date(), clock(skip.from), clock(skip.to))
	case repeated:
		what = fmt.Sprintf("runs twice on some days: in %s %s comes twice on %s, when the clock goes back from %s to %s",
			zone, clock(twice), again.date(), clock(again.from), clock(again.to))
	default:
		return
	}
	pass.Reportf(n, "schedule %q %s; choose an hour that each day has once, or write it in UTC without a timezone", n, what)
}

// clock prints minutes after midnight.
func clock(minutes int) string {
	minutes = ((minutes % day) + day) % day
	return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60)
}
