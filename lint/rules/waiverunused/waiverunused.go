// Package waiverunused is the page of the rule that reports waivers that waive nothing. The linter
// itself reports them, since only it knows what was waived.
package waiverunused

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
)

//go:embed waiver-unused.txtar
var page string

// Rule is the waiver-unused rule.
var Rule = &lint.Rule{Name: lint.WaiverUnused, Severity: lint.Warning, Topic: "waiver", Page: page}
