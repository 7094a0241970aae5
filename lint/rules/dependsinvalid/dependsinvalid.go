// Package dependsinvalid finds depends fields that Argo cannot read.
package dependsinvalid

import (
	_ "embed"
	"fmt"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/expr/depends"
)

//go:embed depends-invalid.txtar
var page string

// Rule is the depends-invalid rule: docs/argo.md H 136 138.
var Rule = &lint.Rule{Name: "depends-invalid", Severity: lint.Error, Topic: "dag", Page: page, Run: run}

// most is how many problems of one text are reported: who has more of them
// wants to see the first ones.
const most = 10

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		for _, c := range t.Calls {
			for _, p := range c.WaitProblems[:min(len(c.WaitProblems), most)] {
				f := lint.Finding{Node: c.Depends, Span: c.Depends.Range(p.From, p.To)}
				f.Message = p.Message
				if p.Kind == depends.Syntax {
					f.Message = fmt.Sprintf("%s can never start: %s", c.Title(), p.Message)
				}
				if p.Instead != "" {
					text := c.Depends.Value[:p.From] + p.Instead + c.Depends.Value[p.To:]
					f.Fix = &lint.Fix{Message: "write " + p.Instead, Edits: []lint.Edit{{Node: c.Depends, Value: text}}}
				}
				pass.Report(f)
			}
		}
	}
}
