// Package taskunreachable finds tasks and steps whose turn never comes.
package taskunreachable

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed task-unreachable.txtar
var page string

// Rule is the task-unreachable rule, of docs/argo.md N.
var Rule = &lint.Rule{Name: "task-unreachable", Severity: lint.Warning, Topic: "dag", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		for _, c := range t.Calls {
			if strings.TrimSpace(c.When.Text()) == "false" {
				pass.Reportf(c.When, "%s never runs: its condition is always false", c.Title())
			}
			if c.Depends != nil {
				dependsNever(pass, c)
			}
		}
		if t.Type == workflow.TypeDAG {
			target(pass, t)
		}
	}
}

// target reports the tasks that no target of a DAG waits for.
func target(pass *lint.Pass, t *workflow.Template) {
	targets := t.Body.Get("target")
	if targets.Text() == "" || strings.Contains(targets.Text(), "{{") {
		return
	}
	reached := map[*workflow.Call]bool{}
	var queue []*workflow.Call
	visit := func(name string) {
		if c := t.Call(name); c != nil && !reached[c] {
			reached[c] = true
			queue = append(queue, c)
		}
	}
	for _, name := range strings.Fields(targets.Text()) {
		visit(name)
	}
	if len(queue) == 0 {
		return // the targets themselves are wrong
	}
	for len(queue) > 0 {
		c := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, n := range c.Needs {
			visit(n.Task)
		}
	}
	for _, c := range t.Calls {
		if !reached[c] && t.Call(c.Name.Text()) == c {
			pass.Report(lint.Finding{
				Node:    c.Anchor(),
				Message: fmt.Sprintf("%s never runs: it is no target of the DAG, and no target waits for it", c.Title()),
				Related: []lint.Related{lint.At(targets, "the targets are here")},
			})
		}
	}
}
