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
	if zone == nil || zone.Kind != manifest.String || zone.Value == "" || expr.Tagged(zone.Value) {
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

// report reports the first time that is skipped, else the first that comes twice.
func report(pass *lint.Pass, n *manifest.Node, zone string, s times, jumps []jump) {
	if j, at, ok := s.hit(jumps, true); ok {
		pass.Report(lint.Finding{Node: n, Message: fmt.Sprintf(
			"schedule %q is skipped once a year: in %s the clock goes from %s to %s, as on %s, and %s never comes; choose an hour outside, or drop the timezone and write UTC",
			n, zone, clock(j.from), clock(j.to), j.date(), clock(at))})
		return
	}
	if j, at, ok := s.hit(jumps, false); ok {
		pass.Report(lint.Finding{Node: n, Message: fmt.Sprintf(
			"schedule %q runs twice once a year: in %s the clock goes back from %s to %s, as on %s, and %s comes again; choose an hour outside, or drop the timezone and write UTC",
			n, zone, clock(j.from), clock(j.to), j.date(), clock(at))})
	}
}

// clock prints minutes after midnight.
func clock(minutes int) string {
	minutes = ((minutes % day) + day) % day
	return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60)
}
