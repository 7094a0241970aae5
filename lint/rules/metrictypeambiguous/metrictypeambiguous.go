// Package metrictypeambiguous finds metrics that are of no type, or of several.
package metrictypeambiguous

import (
	_ "embed"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
)

//go:embed metric-type-ambiguous.txtar
var page string

// Rule is the metric-type-ambiguous rule. Argo does not look: of several types it
// takes one, without a type it logs an error when the metric is due.
var Rule = &lint.Rule{Name: "metric-type-ambiguous", Severity: lint.Warning, Topic: "metric", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, m := range pass.Workflow.Metrics() {
		var types []string
		for _, kind := range []string{"gauge", "histogram", "counter"} {
			if m.Node.Get(kind).Set() {
				types = append(types, kind)
			}
		}
		switch len(types) {
		case 0:
			pass.Reportf(m.Anchor(), "%s is of no type, so it is never emitted: it needs one of gauge, counter, histogram", m.Title())
		case 2, 3:
			pass.Reportf(m.Anchor(), "%s is a %s at once: Argo emits it as one of them only", m.Title(), strings.Join(types, " and a "))
		}
	}
}
