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

// Rule is the name-missing rule: shared/argo/rules.md B 27, C 43, E 68 69 94,
// F 101, G 117, H 132, I 147 148, and, of N, objects without a name. Sidecars
// without one are refused by the API server with their pod.
var Rule = &lint.Rule{Name: "name-missing", Severity: lint.Error, Topic: "name", Page: page, Run: run}

func run(pass *lint.Pass) {
	w := pass.Workflow
	object(pass, w)
	arguments(pass, w.Arguments)
	for _, t := range w.Templates {
		need(pass, t.Node, "the template")
	}
	for _, t := range w.All {
		arguments(pass, t.Inputs)
		arguments(pass, t.Outputs)
		for _, c := range t.Calls {
			need(pass, c.Node, "the "+c.Word())
			arguments(pass, c.Arguments)
		}
		containers(pass, t)
	}
}

// need reports that n, an object, has no name.
func need(pass *lint.Pass, n *manifest.Node, what string) {
	name := n.Get("name")
	if n == nil || n.Kind != manifest.Map || name.Set() && (name.Kind != manifest.String || name.Value != "") {
		return
	}
	at := n
	if name != nil {
		at = name
	}
	pass.Report(lint.Finding{Node: at, Path: n.Path(), Message: what + " has no name"})
}

func arguments(pass *lint.Pass, a workflow.Arguments) {
	for _, p := range a.Parameters {
		need(pass, p.Node, "the parameter")
	}
	for _, p := range a.Artifacts {
		need(pass, p.Node, "the artifact")
	}
}

func containers(pass *lint.Pass, t *workflow.Template) {
	for _, c := range t.Containers {
		switch {
		case c.Role == workflow.Main && t.Type == workflow.TypeContainerSet:
			need(pass, c.Node, "the container")
		case c.Role == workflow.Init:
			need(pass, c.Node, "the init container")
		case c.Role == workflow.Sidecar:
			need(pass, c.Node, "the sidecar")
		}
	}
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
