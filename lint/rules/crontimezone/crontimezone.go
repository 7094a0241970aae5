// Package crontimezone finds CronWorkflows in a timezone that does not exist.
package crontimezone

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/cron"
	"github.com/tiphys-dev/tiphys/lint/expr"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/near"
)

//go:embed cron-timezone.txtar
var page string

// zones are the names of the timezone database, for suggestions only.
//
//go:embed zones.txt
var zones string

// Rule is the cron-timezone rule: docs/argo.md K 172.
var Rule = &lint.Rule{Name: "cron-timezone", Severity: lint.Error, Topic: "cron", Page: page, Run: run}

func run(pass *lint.Pass) {
	zone := pass.Workflow.Cron.Get("timezone")
	if zone == nil || zone.Kind != manifest.String {
		return
	}
	if expr.Tagged(zone.Value) {
		pass.Reportf(zone, "timezone %q is refused: nothing is substituted in a timezone", zone)
		return
	}
	err := cron.Zone(zone.Value)
	if err == nil {
		return
	}
	f := lint.Finding{Node: zone, Message: err.Error()}
	if hint := suggest(zone.Value); hint != "" {
		f.Message = fmt.Sprintf("%q is no timezone; did you mean %q?", zone.Value, hint)
		f.Fix = &lint.Fix{Message: "write " + hint, Edits: []lint.Edit{{Node: zone, Value: hint}}}
	}
	pass.Report(f)
}

// abbreviations are what people write for a timezone; the database has some
// such names, but not these.
var abbreviations = map[string]string{
	"PST": "America/Los_Angeles", "PDT": "America/Los_Angeles", "EDT": "America/New_York", "CDT": "America/Chicago", "MDT": "America/Denver",
	"CEST": "Europe/Berlin", "EEST": "Europe/Helsinki", "WEST": "Europe/Lisbon", "BST": "Europe/London", "JST": "Asia/Tokyo", "SGT": "Asia/Singapore",
	"AEST": "Australia/Sydney", "AEDT": "Australia/Sydney", "MSK": "Europe/Moscow", "Z": "UTC", "utc": "UTC", "gmt": "GMT",
}

// suggest returns the timezone that was likely meant, or "".
func suggest(name string) string {
	if hint := abbreviations[name]; hint != "" {
		return hint
	}
	all := strings.Fields(zones)
	name = strings.ReplaceAll(strings.TrimSpace(name), " ", "_")
	for _, z := range all { // just the city
		if _, city, ok := strings.Cut(z, "/"); z == name || ok && strings.EqualFold(city, name) {
			return z
		}
	}
	hint, _ := near.Name(name, all)
	return hint
}
