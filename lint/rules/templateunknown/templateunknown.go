// Package templateunknown finds references to templates that do not exist.
package templateunknown

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed template-unknown.txtar
var page string

// Rule is the template-unknown rule: docs/argo.md B 24 35, D 57 58 59
// 60 62, and, of N, hooks and exit handlers of steps and tasks.
var Rule = &lint.Rule{Name: "template-unknown", Severity: lint.Error, Topic: "template", Page: page, Run: run}

func run(pass *lint.Pass) {
	w := pass.Workflow
	if w.Ref != nil {
		library(pass, w.Ref, "the workflow refers to")
	}
	if w.OnExit != nil {
		local(pass, w.OnExit, "the exit handler")
	}
	hooks(pass, w.Hooks, "")
	for _, t := range w.All {
		for _, c := range t.Calls {
			if c.Template != nil && !dynamic(pass, t, c) {
				local(pass, c.Template, c.Title())
			}
			if c.Ref != nil && c.Inline == nil {
				ref(pass, c.Ref, c.Title())
				unsettledRef(pass, t, c)
			}
			if c.OnExit != nil {
				local(pass, c.OnExit, "the exit handler of "+c.Title())
			}
			hooks(pass, c.Hooks, " of "+c.Title())
		}
	}
}

func hooks(pass *lint.Pass, all []*workflow.Hook, of string) {
	for _, h := range all {
		who := fmt.Sprintf("hook %q%s", h.Key, of)
		if h.Template != nil {
			local(pass, h.Template, who)
		}
		if h.Ref != nil {
			ref(pass, h.Ref, who)
		}
	}
}

// local looks a name up among the templates of the same object, or of the
// WorkflowTemplate that the object is a run of.
func local(pass *lint.Pass, name *manifest.Node, who string) {
	w := pass.Workflow
	if name.Text() == "" || w.Template(name.Text()) != nil {
		return // an empty name is none
	}
	var names []string
	for _, t := range w.Templates[:min(len(w.Templates), near.Most+1)] {
		names = append(names, t.Name.Text())
	}
	if w.Ref != nil {
		lib, state := pass.Index.Library(w.Namespace.Text(), w.Ref.Name.Text(), w.Ref.Cluster)
		if state != resolve.Known || lib.Template(name.Text()) != nil {
			return
		}
		names = templates(lib)
	}
	if strings.Contains(name.Text(), "{{") {
		pass.Reportf(name, "%s calls template %q: Argo looks a template up by its plain name, so nothing that is known only at run time may stand here; use templateRef, or one call for each template with a when", who, name)
		return
	}
	report(pass, name, fmt.Sprintf("%s calls template %q, which is not there", who, name), names)
}

// ref looks a templateRef up among the objects that are known.
func ref(pass *lint.Pass, r *workflow.Ref, who string) {
	lib := library(pass, r, who+" refers to")
	if lib == nil || r.Template == nil || strings.Contains(r.Template.Text(), "{{") || lib.Template(r.Template.Text()) != nil {
		return
	}
	report(pass, r.Template, fmt.Sprintf("%s calls template %q, which %s %q does not have", who, r.Template, lib.Kind, lib.Name), templates(lib))
}

// library returns what a reference names if that is known.
func library(pass *lint.Pass, r *workflow.Ref, who string) *resolve.Library {
	lib, state := pass.Index.Library(pass.Workflow.Namespace.Text(), r.Name.Text(), r.Cluster)
	if state == resolve.Absent {
		kind, other := workflow.KindWorkflowTemplate, workflow.KindClusterWorkflowTemplate
		if r.Cluster {
			kind, other = other, kind
		}
		msg := fmt.Sprintf("%s %s %q, which is not there", who, kind, r.Name)
		if _, state := pass.Index.Library(pass.Workflow.Namespace.Text(), r.Name.Text(), !r.Cluster); state == resolve.Known {
			pass.Reportf(r.Name, "%s; there is a %s of that name: clusterScope says which one is meant", msg, other)
			return nil
		}
		report(pass, r.Name, msg, pass.Index.Names(kind, pass.Workflow.Namespace.Text()))
	}
	return lib
}

func templates(lib *resolve.Library) []string {
	var names []string
	for _, t := range lib.Templates {
		names = append(names, t.Name)
	}
	return names
}

func report(pass *lint.Pass, at *manifest.Node, msg string, names []string) {
	f := lint.Finding{Node: at, Message: msg}
	f.Suggest(names)
	pass.Report(f)
}
