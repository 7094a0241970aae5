// Package waiverwrong is the page of the rule that reports waivers that do not count. The linter
// itself reports them, since only it knows what was waived.
package waiverwrong

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
)

//go:embed waiver-wrong.txtar
var page string

// Rule is the waiver-wrong rule.
var Rule = &lint.Rule{Name: lint.WaiverWrong, Severity: lint.Warning, Topic: "waiver", Page: page}
