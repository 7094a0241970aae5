// Package calltargetunclear finds steps, tasks and hooks that do not say which
// one template they call.
package calltargetunclear

import (
	_ "embed"
	"fmt"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed call-target-unclear.txtar
var page string

// Rule is the call-target-unclear rule: docs/argo.md B 24, D 54 55 56
// 61 62, and, of N, hooks.
var Rule = &lint.Rule{Name: "call-target-unclear", Severity: lint.Error, Topic: "template", Page: page, Run: run}

func run(pass *lint.Pass) {
	w := pass.Workflow
	if w.Ref != nil && missing(w.Ref.Node.Get("name")) && !w.Injected("spec.workflowTemplateRef") {
		pass.Reportf(w.Ref.Node, "workflowTemplateRef has no name: it names the WorkflowTemplate to run")
	}
	hooks(pass, w.Hooks, "")
	for _, t := range w.All {
		for _, c := range t.Calls {
			if c.Node.Kind == manifest.Map {
				call(pass, c)
			}
			hooks(pass, c.Hooks, " of "+c.Title())
		}
	}
}

func call(pass *lint.Pass, c *workflow.Call) {
	template, ref, inline := c.Node.Get("template"), c.Node.Get("templateRef"), c.Node.Get("inline")
	switch {
	case ref.Set() && template.Text() != "":
		pass.Report(both(c.Title(), template, ref, lint.Error))
	case ref.Set():
		parts(pass, c.Title(), c.Ref, lint.Error)
	case inline.Set() && template.Text() != "":
		f := lint.Finding{Node: template.Key, Path: template.Path(), Severity: lint.Warning}
		f.Message = fmt.Sprintf("%s calls template %q and has an inline template: Argo runs the inline one, remove one of the two", c.Title(), template)
		f.Related = []lint.Related{lint.At(inline.Key, "the inline template is here")}
		pass.Report(f)
	case missing(template) && !inline.Set():
		pass.Reportf(c.Anchor(), "%s calls nothing: it needs one of template, templateRef, inline", c.Title())
	}
	if ref.Set() && inline.Set() {
		f := lint.Finding{Node: ref.Key, Path: ref.Path(), Severity: lint.Warning}
		f.Message = c.Title() + " has a templateRef and an inline template: Argo runs the inline one, remove one of the two"
		f.Related = []lint.Related{lint.At(inline.Key, "the inline template is here")}
		pass.Report(f)
	}
}

// hooks reports what Argo notices only when the hook is due.
func hooks(pass *lint.Pass, all []*workflow.Hook, of string) {
	for _, h := range all {
		who := fmt.Sprintf("hook %q%s", h.Key, of)
		template, ref := h.Node.Get("template"), h.Node.Get("templateRef")
		switch {
		case ref.Set() && template.Text() != "":
			pass.Report(both(who, template, ref, lint.Warning))
		case ref.Set():
			parts(pass, who, h.Ref, lint.Warning)
		case missing(template) && (!h.Node.Set() || h.Node.Kind == manifest.Map):
			pass.Report(lint.Finding{Node: h.Key, Path: h.Node.Path(), Severity: lint.Warning, Message: who + " calls nothing: it needs template or templateRef"})
		}
	}
}

func both(who string, template, ref *manifest.Node, severity lint.Severity) lint.Finding {
	return lint.Finding{
		Node: ref.Key, Path: ref.Path(), Severity: severity,
		Message: fmt.Sprintf("%s has template %q and a templateRef: remove one of the two", who, template),
		Related: []lint.Related{lint.At(template, "template is here")},
	}
}

// parts checks that a templateRef names both a resource and a template in it.
func parts(pass *lint.Pass, who string, r *workflow.Ref, severity lint.Severity) {
	if r == nil {
		return
	}
	kind := workflow.KindWorkflowTemplate
	if r.Cluster {
		kind = workflow.KindClusterWorkflowTemplate
	}
	if missing(r.Node.Get("name")) {
		pass.Report(lint.Finding{Node: r.Node, Severity: severity, Message: fmt.Sprintf("the templateRef of %s has no name: it names the %s", who, kind)})
	}
	if missing(r.Node.Get("template")) {
		pass.Report(lint.Finding{Node: r.Node, Severity: severity, Message: fmt.Sprintf("the templateRef of %s has no template: it names the template in the %s", who, kind)})
	}
}

// missing reports whether a name is not there; one of a wrong type is there.
func missing(n *manifest.Node) bool {
	return !n.Set() || n.Kind == manifest.String && n.Value == ""
}
