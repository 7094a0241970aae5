// Package artifactgconinput finds garbage collection where Argo does none.
package artifactgconinput

import (
	_ "embed"
	"fmt"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed artifact-gc-on-input.txtar
var page string

// Rule is the artifact-gc-on-input rule: docs/argo.md N.
var Rule = &lint.Rule{Name: "artifact-gc-on-input", Severity: lint.Warning, Topic: "artifact", Page: page, Run: run}

func run(pass *lint.Pass) {
	check(pass, pass.Workflow.Arguments)
	for _, t := range pass.Workflow.All {
		check(pass, t.Inputs)
		for _, c := range t.Calls {
			check(pass, c.Arguments)
		}
	}
}

func check(pass *lint.Pass, a workflow.Arguments) {
	for _, f := range a.Artifacts {
		n := f.Node.Get("artifactGC")
		if s := n.Get("strategy").Text(); !n.Set() || s == "" || s == "Never" {
			continue
		}
		pass.Report(lint.Finding{Node: n, Span: n.Key.Span(), Message: fmt.Sprintf(
			"artifactGC of artifact %q has no effect: Argo deletes what templates put out, not what they take in; write it where the artifact is an output", f.Name)})
	}
}
