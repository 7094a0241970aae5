// Package recursionunbounded finds loops by recursion that only their own
// condition can end.
package recursionunbounded

import (
	_ "embed"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/cycle"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed recursion-unbounded.txtar
var page string

// Rule is the recursion-unbounded rule. Argo lets recursion pass:
// docs/argo.md N. Recursion without a condition is dag-cycle's.
var Rule = &lint.Rule{Name: "recursion-unbounded", Severity: lint.Info, Topic: "template", Page: page, Run: run}

func run(pass *lint.Pass) {
	w := pass.Workflow
	if w.Spec.Get("activeDeadlineSeconds").Set() || w.Ref != nil || w.Injected("spec.activeDeadlineSeconds") {
		return
	}
	next := func(t *workflow.Template) []*workflow.Template {
		var out []*workflow.Template
		for _, c := range t.Calls {
			if o := target(w, c); o != nil {
				out = append(out, o)
			}
		}
		return out
	}
	for _, circle := range cycle.Find(w.Templates, next) {
		if c := unbounded(w, circle); c != nil {
			pass.Reportf(c.Template, "%s calls template %q again until its condition fails, and nothing else ends that: count the rounds in an argument, or set spec.activeDeadlineSeconds",
				c.Title(), c.Template)
		}
	}
}

func target(w *workflow.Workflow, c *workflow.Call) *workflow.Template {
	if c.Inline != nil || c.Template == nil {
		return nil
	}
	return w.Template(c.Template.Text())
}

// unbounded returns the call that closes the circle, or nil: if a call on the
// way has no condition for all we see, or hands on an argument that is computed
// and so may count.
func unbounded(w *workflow.Workflow, circle []*workflow.Template) *workflow.Call {
	var last *workflow.Call
	conditional := false
	for i, t := range circle {
		to := circle[(i+1)%len(circle)]
		for _, c := range t.Calls {
			if target(w, c) != to {
				continue
			}
			if counts(c) {
				return nil
			}
			conditional = conditional || c.Conditional()
			last = c
		}
	}
	if !conditional {
		return nil
	}
	return last
}

// counts reports whether an argument may be different in the next round: it is
// computed, or another task gives it.
func counts(c *workflow.Call) bool {
	for _, p := range c.Arguments.Parameters {
		v := p.Value.Text()
		if strings.Contains(v, "{{=") || strings.Contains(v, ".outputs.") {
			return true
		}
	}
	return c.Loops()
}
