// Package templateunused finds templates that no run ever reaches.
package templateunused

import (
	_ "embed"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed template-unused.txtar
var page string

// Rule is the template-unused rule, of docs/argo.md N. The templates
// of a WorkflowTemplate are for others to call, so they are left alone.
var Rule = &lint.Rule{Name: "template-unused", Severity: lint.Warning, Topic: "template", Page: page, Run: run}

func run(pass *lint.Pass) {
	w := pass.Workflow
	if w.IsLibrary() || w.Ref != nil || w.Injected("spec.entrypoint") || w.Template(w.Entrypoint.Text()) == nil {
		return
	}
	reached, all := reach(w)
	if !all {
		return
	}
	called := map[string]bool{}
	for _, t := range w.Templates {
		if !reached[t] {
			names(t, func(name string) { called[name] = called[name] || w.Template(name) != t })
		}
	}
	for _, t := range w.Templates {
		name := t.Name.Text()
		switch {
		case reached[t] || name == "" || w.Template(name) != t:
		case called[name]:
			pass.Reportf(t.Name, "template %q is never run: only templates that are never run themselves call it", name)
		default:
			pass.Reportf(t.Name, "template %q is never run: neither the entrypoint nor what it calls leads to it", name)
		}
	}
}

// reach returns the templates that a run may come to, and whether that is
// known of all of them: a name with a tag may be any, and so may one in a step
// that is not where a step belongs.
func reach(w *workflow.Workflow) (reached map[*workflow.Template]bool, all bool) {
	reached, all = map[*workflow.Template]bool{}, true
	var queue []*workflow.Template
	visit := func(name string) {
		if strings.Contains(name, "{{") {
			all = false
		}
		if t := w.Template(name); t != nil && !reached[t] {
			reached[t] = true
			queue = append(queue, t)
		}
	}
	visit(w.Entrypoint.Text())
	visit(w.OnExit.Text())
	for _, h := range w.Hooks {
		visit(h.Template.Text())
	}
	for len(queue) > 0 {
		t := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		all = all && legible(t)
		names(t, visit)
	}
	return reached, all
}

// legible reports whether the steps of t are groups of steps. The schema reports
// those that are not, and whom they would call nobody knows.
func legible(t *workflow.Template) bool {
	for _, group := range t.Body.Items() {
		if group.Kind != manifest.List {
			return false
		}
	}
	return true
}

// names gives the names of the templates that t calls, over inline templates too.
func names(t *workflow.Template, visit func(string)) {
	for _, c := range t.Calls {
		visit(c.Template.Text())
		visit(c.OnExit.Text())
		for _, h := range c.Hooks {
			visit(h.Template.Text())
		}
		if c.Inline != nil {
			names(c.Inline, visit)
		}
	}
}
