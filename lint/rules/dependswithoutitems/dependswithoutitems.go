// Package dependswithoutitems finds conditions on the items of a task that has none.
package dependswithoutitems

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/expr/depends"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed depends-without-items.txtar
var page string

// Rule is the depends-without-items rule: docs/argo.md H 137.
var Rule = &lint.Rule{Name: "depends-without-items", Severity: lint.Error, Topic: "dag", Page: page, Run: run}

// plain maps a condition on all items to that on one task.
var plain = map[string]string{depends.AnySucceeded: depends.Succeeded, depends.AllFailed: depends.Failed}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		for _, c := range t.Calls {
			if c.Waits != nil {
				task(pass, t, c)
			}
		}
	}
}

// most is how many conditions of one task are reported: who has more of them
// wants to see the first ones.
const most = 10

func task(pass *lint.Pass, t *workflow.Template, c *workflow.Call) {
	found := 0
	for _, o := range c.Waits.Operands {
		to := t.Call(o.Task)
		if o.Opaque || !depends.Loop(o.Status) || to == nil || to.Loops() {
			continue
		}
		if found++; found > most {
			return
		}
		want := plain[o.Status]
		text := c.Depends.Value[:o.StatusFrom] + want + c.Depends.Value[o.To:]
		pass.Report(lint.Finding{
			Node: c.Depends,
			Span: c.Depends.Range(o.StatusFrom, o.To),
			Message: c.Title() + " asks for " + o.Task + "." + o.Status + ", but " + to.Title() +
				" has no withItems, withParam or withSequence; write " + o.Task + "." + want,
			Related: []lint.Related{lint.At(to.Anchor(), "%s is here", to.Title())},
			Fix:     &lint.Fix{Message: "write " + want, Edits: []lint.Edit{{Node: c.Depends, Value: text}}},
		})
	}
}
