// Package retryinvalid finds retry strategies that break when they are needed.
package retryinvalid

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/expr"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed retry-invalid.txtar
var page string

// Rule is the retry-invalid rule: docs/argo.md D 64, and, of N,
// retry limit and backoff.
// An error is what ends the workflow in place of the first retry.
var Rule = &lint.Rule{Name: "retry-invalid", Severity: lint.Error, Topic: "retry", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, r := range pass.Workflow.Retries() {
		if n := r.Get("limit"); number(pass, n, "limit", lint.Error) < 0 {
			pass.Report(lint.Finding{Node: n, Severity: lint.Warning, Message: fmt.Sprintf("limit %s allows no retry; leave it out to try again without end", n)})
		}
		backoff(pass, r.Get("backoff"))
	}
	for _, t := range pass.Workflow.All {
		if p := t.Node.At("retryStrategy", "retryPolicy"); expr.Tagged(p.Text()) {
			pass.Reportf(p, "retryPolicy %q is refused: Argo looks at it before anything is substituted; write Always, OnError, OnFailure or OnTransientError", p)
		}
		if t.Type == workflow.TypeContainerSet {
			number(pass, t.Body.At("retryStrategy", "retries"), "retries", lint.Warning)
		}
	}
}

func backoff(pass *lint.Pass, b *manifest.Node) {
	if b == nil || b.Kind != manifest.Map {
		return
	}
	number(pass, b.Get("factor"), "factor", lint.Error)
	if d := b.Get("duration"); d.Text() == "" && (!d.Set() || d.Scalar()) {
		pass.Report(lint.Finding{Node: b, Span: b.Key.Span(), Message: `backoff has no duration: the workflow fails with "no base duration specified" in place of the first retry`})
	}
}

// number reports what is no whole number, and returns its value or 0.
func number(pass *lint.Pass, n *manifest.Node, name string, severity lint.Severity) int {
	if n == nil || n.Kind != manifest.Int && n.Kind != manifest.String || strings.Contains(n.Value, "{{") {
		return 0
	}
	value, err := strconv.Atoi(n.Value)
	if err != nil && n.Kind == manifest.String {
		pass.Report(lint.Finding{Node: n, Severity: severity, Message: fmt.Sprintf("%s %q is not a whole number", name, n)})
	}
	return value
}
