// Package ttlinvalid finds times to live that are over before they begin.
package ttlinvalid

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
)

//go:embed ttl-invalid.txtar
var page string

// Rule is the ttl-invalid rule: docs/argo.md N, ttlStrategy.
var Rule = &lint.Rule{Name: "ttl-invalid", Severity: lint.Warning, Topic: "workflow", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, n := range pass.Workflow.Spec.Get("ttlStrategy").Fields() {
		if seconds, ok := n.Int(); ok && seconds < 0 {
			pass.Reportf(n, "%s is %d, so the workflow is deleted as soon as it ends; leave it out to keep workflows, or write 0 if this is meant", n.Key, seconds)
		}
	}
}
