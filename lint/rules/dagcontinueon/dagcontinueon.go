// Package dagcontinueon finds continueOn beside depends.
package dagcontinueon

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed dag-continue-on.txtar
var page string

// Rule is the dag-continue-on rule: docs/argo.md H 135, M 197.
var Rule = &lint.Rule{Name: "dag-continue-on", Severity: lint.Error, Topic: "dag", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		if t.Type != workflow.TypeDAG {
			continue
		}
		first := dependent(t)
		if first == nil {
			continue
		}
		for _, c := range t.Calls {
			n := c.Node.Get("continueOn")
			if !n.Set() {
				continue
			}
			f := lint.Finding{Node: n, Span: n.Key.Span()}
			f.Message = c.Title() + " has continueOn in a DAG that uses depends, and Argo takes one of the two: let the tasks behind it write \"" + instead(c) + "\" in their depends"
			f.Related = []lint.Related{lint.At(first.Depends, "%s has depends", first.Title())}
			pass.Report(f)
		}
	}
}

// dependent returns the first task with depends.
func dependent(t *workflow.Template) *workflow.Call {
	for _, c := range t.Calls {
		if c.Depends.Text() != "" {
			return c
		}
	}
	return nil
}

// instead is what the tasks that wait for c should write.
func instead(c *workflow.Call) string {
	name, n := c.Name.Text(), c.Node.Get("continueOn")
	text := name + ".Succeeded"
	if n.Get("failed").True() || len(n.Fields()) == 0 {
		text += " || " + name + ".Failed"
	}
	if n.Get("error").True() {
		text += " || " + name + ".Errored"
	}
	return text
}
