// Package dagcycle finds tasks that wait for themselves, and templates that
// call themselves without end.
package dagcycle

import (
	_ "embed"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/cycle"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed dag-cycle.txtar
var page string

// Rule is the dag-cycle rule. Tasks: docs/argo.md H 131, recursion: N.
var Rule = &lint.Rule{Name: "dag-cycle", Severity: lint.Error, Topic: "dag", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		if t.Type == workflow.TypeDAG {
			tasks(pass, t)
		}
	}
	recursion(pass)
}

// tasks reports one finding for each group of tasks that wait for each other,
// however many cycles there are in it.
func tasks(pass *lint.Pass, t *workflow.Template) {
	next := func(c *workflow.Call) []*workflow.Call {
		var out []*workflow.Call
		for _, n := range c.Needs {
			if o := t.Call(n.Task); o != nil {
				out = append(out, o)
			}
		}
		return out
	}
	for _, circle := range cycle.Find(t.Calls, next) {
		first := circle[0]
		f := lint.Finding{Node: first.Anchor()}
		var names []string
		for i, c := range circle {
			names = append(names, c.Name.Text())
			to := circle[(i+1)%len(circle)]
			for _, n := range c.Needs {
				if t.Call(n.Task) == to && len(circle) > 1 {
					r := lint.At(n.Node, "%s waits for %q", c.Title(), to.Name)
					r.Span = n.Node.Range(n.From, n.To)
					f.Related = append(f.Related, r)
					break
				}
			}
		}
		f.Message = first.Title() + " waits for itself: " + strings.Join(append(names, names[0]), " -> ") + "; such a DAG can never start"
		pass.Report(f)
	}
}
