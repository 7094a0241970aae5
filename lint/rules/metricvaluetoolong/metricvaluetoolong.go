// Package metricvaluetoolong finds values of metrics that the API server may refuse.
package metricvaluetoolong

import (
	_ "embed"
	"fmt"
	"unicode/utf8"

	"github.com/tiphys-dev/tiphys/lint"
)

//go:embed metric-value-too-long.txtar
var page string

// Rule is the metric-value-too-long rule: docs/argo.md M 198. Only the full
// CRDs have the limit.
var Rule = &lint.Rule{Name: "metric-value-too-long", Severity: lint.Warning, Topic: "metric", Page: page, Run: run}

// longest is what the full CRDs allow, in characters.
const longest = 256

func run(pass *lint.Pass) {
	for _, m := range pass.Workflow.Metrics() {
		for _, kind := range []string{"gauge", "counter", "histogram"} {
			value := m.Node.At(kind, "value")
			if n := utf8.RuneCountInString(value.Text()); n > longest {
				pass.Report(lint.Finding{Node: value, Message: fmt.Sprintf("the value of %s has %d characters; API servers with Argo's full CRDs accept %d", m.Title(), n, longest)})
			}
		}
	}
}
