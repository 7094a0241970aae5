// Package namemissing finds things that need a name and have none.
package namemissing

import (
	_ "embed"
	"fmt"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed name-missing.txtar
var page string

// Rule is the name-missing rule: docs/argo.md B 27, C 43, E 68 69 94,
// F 101, G 117, H 132, I 147 148, and, of N, objects without a name. Sidecars
// without one are refused by the API server with their pod.
var Rule = &lint.Rule{Name: "name-missing", Severity: lint.Error, Topic: "name", Page: page, Run: run}

func run(pass *lint.Pass) {
	w := pass.Workflow
	object(pass, w)
	arguments(pass, w.Arguments, func() string { return "the workflow" })
	for _, t := range w.Templates {
		need(pass, t.Node, "template", func() string { return "spec.templates" })
	}
	for _, t := range w.All {
		arguments(pass, t.Inputs, func() string { return "the inputs of " + t.Title() })
		arguments(pass, t.Outputs, func() string { return "the outputs of " + t.Title() })
		for _, c := range t.Calls {
			need(pass, c.Node, c.Word(), t.Title)
			arguments(pass, c.Arguments, c.Title)
		}
		containers(pass, t)
	}
}

// need reports that n, an object, has no name. Where it belongs is asked for
// only then.
func need(pass *lint.Pass, n *manifest.Node, what string, of func() string) {
	name := n.Get("name")
	if n == nil || n.Kind != manifest.Map || name.Set() && (name.Kind != manifest.String || name.Value != "") {
		return
	}
	at := n
	if name != nil {
		at = name
	}
	pass.Report(lint.Finding{Node: at, Path: n.Path(), Message: fmt.Sprintf("%s of %s has no name: every %s needs one", article(what), of(), what)})
}

func arguments(pass *lint.Pass, a workflow.Arguments, of func() string) {
	for _, p := range a.Parameters {
		need(pass, p.Node, "parameter", of)
	}
	for _, p := range a.Artifacts {
		need(pass, p.Node, "artifact", of)
	}
}

func containers(pass *lint.Pass, t *workflow.Template) {
	for _, c := range t.Containers {
		switch {
		case c.Role == workflow.Main && t.Type == workflow.TypeContainerSet:
			need(pass, c.Node, "container", t.Title)
		case c.Role == workflow.Init:
			need(pass, c.Node, "init container", t.Title)
		case c.Role == workflow.Sidecar:
			need(pass, c.Node, "sidecar", t.Title)
		}
	}
}

func article(what string) string {
	if what[0] == 'a' || what[0] == 'i' {
		return "an " + what
	}
	return "a " + what
}

// object reports an object that the API server cannot store. A Workflow may
// still be named by those who submit it.
func object(pass *lint.Pass, w *workflow.Workflow) {
	if w.Name != nil && w.Name.Set() && w.Name.Text() != "" || w.GenerateName.Text() != "" || w.Injected("metadata") || w.Injected("metadata.name") {
		return
	}
	if m := w.Metadata; m.Set() && m.Kind != manifest.Map || w.Name.Set() && w.Name.Kind != manifest.String {
		return
	}
	at := w.Root.Get("kind")
	if w.Metadata.Set() {
		at = w.Metadata
	}
	f := lint.Finding{Node: at, Path: "metadata"}
	switch {
	case w.Trigger != nil:
		f.Severity, f.Path = lint.Warning, at.Path()
		f.Message = fmt.Sprintf("the %s has no name: metadata.name or metadata.generateName is required, unless the trigger fills it in", w.Kind)
	case w.Kind == workflow.KindWorkflow:
		f.Severity = lint.Warning
		f.Message = "the Workflow has no name: without metadata.name or metadata.generateName only argo submit --name or --generate-name can start it"
	default:
		f.Message = fmt.Sprintf("the %s has no name: metadata.name is required", w.Kind)
	}
	pass.Report(f)
}
