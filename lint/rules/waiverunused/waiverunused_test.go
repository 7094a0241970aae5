package waiverunused_test

import (
	"testing"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/linttest"
	"github.com/tiphys-dev/tiphys/lint/rules/waiverunused"
)

// shout finds every entrypoint that is called main, so that there is something
// to waive.
var shout = &lint.Rule{Name: "shout", Severity: lint.Warning, Run: func(pass *lint.Pass) {
	if e := pass.Workflow.Entrypoint; e.Text() == "main" {
		pass.Reportf(e, "the entrypoint is main")
	}
}}

func Test(t *testing.T) { linttest.Run(t, waiverunused.Rule, shout) }
