// Package retrynotidempotent finds templates that are tried again although they
// say that they must not be.
package retrynotidempotent

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed retry-not-idempotent.txtar
var page string

// Rule is the retry-not-idempotent rule.
var Rule = &lint.Rule{Name: "retry-not-idempotent", Severity: lint.Warning, Topic: "retry", Page: page, Run: run}

// annotation on a template with the value "false" says that to run it twice
// does harm.
const annotation = "tiphys.dev/idempotent"

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		note := noted(t)
		if note.Text() != "false" {
			continue
		}
		retry := t.Retry()
		if retry == nil || retry.Get("limit").Text() == "0" {
			continue
		}
		pass.Report(lint.Finding{
			Node: retry, Span: retry.Key.Span(),
			Message: t.Title() + ` is tried again, but its annotation ` + annotation + ` says "false": leave retryStrategy out, or write limit: 0 on the template`,
			Related: []lint.Related{lint.At(note, "the annotation is here")},
		})
	}
}

func noted(t *workflow.Template) *manifest.Node {
	if n := t.Node.At("metadata", "annotations", annotation); n.Set() {
		return n
	}
	return t.Node.At("annotations", annotation)
}
