// Package hookwithoutexpression finds lifecycle hooks that do not say when
// they are due.
package hookwithoutexpression

import (
	_ "embed"
	"fmt"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed hook-without-expression.txtar
var page string

// Rule is the hook-without-expression rule: docs/argo.md B 37, G 124,
// and H 145 for tasks, where Argo notices only at run time.
var Rule = &lint.Rule{Name: "hook-without-expression", Severity: lint.Error, Topic: "template", Page: page, Run: run}

// exit is the one hook whose name says when it is due.
const exit = "exit"

func run(pass *lint.Pass) {
	check(pass, pass.Workflow.Hooks, "", lint.Error)
	for _, t := range pass.Workflow.All {
		for _, c := range t.Calls {
			severity := lint.Error
			if c.Group < 0 {
				severity = lint.Warning
			}
			check(pass, c.Hooks, " of "+c.Title(), severity)
		}
	}
}

func check(pass *lint.Pass, hooks []*workflow.Hook, of string, severity lint.Severity) {
	for _, h := range hooks {
		expression := h.Node.Get("expression")
		if h.Key.Text() == exit || expression.Set() && expression.Text() != "" || expression.Set() && expression.Kind != manifest.String {
			continue
		}
		f := lint.Finding{Node: h.Key, Path: h.Node.Path(), Severity: severity}
		f.Message = fmt.Sprintf("hook %q%s has no expression that says when it is due: only the hook named exit needs none", h.Key, of)
		if _, ok := near.Name(h.Key.Text(), []string{exit}); ok {
			f.Message += `; did you mean "exit"?`
		}
		pass.Report(f)
	}
}
