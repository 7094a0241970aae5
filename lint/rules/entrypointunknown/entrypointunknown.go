// Package entrypointunknown finds workflows that do not say where to begin.
package entrypointunknown

import (
	_ "embed"
	"fmt"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/resolve"
)

//go:embed entrypoint-unknown.txtar
var page string

// Rule is the entrypoint-unknown rule: docs/argo.md B 20 21 22 25.
var Rule = &lint.Rule{Name: "entrypoint-unknown", Severity: lint.Error, Topic: "template", Page: page, Run: run}

func run(pass *lint.Pass) {
	w := pass.Workflow
	names := []string{}
	where := "spec.templates has no template of that name"
	for _, t := range w.Templates {
		names = append(names, t.Name.Text())
	}
	if w.Ref != nil {
		lib, state := pass.Index.Library(w.Namespace.Text(), w.Ref.Name.Text(), w.Ref.Cluster)
		if state != resolve.Known || w.Entrypoint == nil && lib.Entrypoint != "" {
			return
		}
		names, where = nil, fmt.Sprintf("%s %q has no template of that name", lib.Kind, lib.Name)
		for _, t := range lib.Templates {
			names = append(names, t.Name)
		}
	}
	if w.Entrypoint.Text() == "" {
		if !w.IsLibrary() && !w.Injected("spec.entrypoint") {
			at := w.Spec
			if at == nil {
				at = w.Root
			}
			pass.Report(lint.Finding{Node: at, Message: "the workflow has no entrypoint: spec.entrypoint names the template to begin with" + only(names)})
		}
		return
	}
	for _, n := range names {
		if n == w.Entrypoint.Text() {
			return
		}
	}
	if n := w.Spec.Get("templates"); w.Ref == nil && n.Set() && n.Kind != manifest.List {
		return // the schema says so
	}
	f := lint.Finding{Node: w.Entrypoint, Message: fmt.Sprintf("entrypoint %q does not exist: %s", w.Entrypoint, where)}
	f.Suggest(names)
	pass.Report(f)
}

// only suggests the one template there is.
func only(names []string) string {
	if len(names) != 1 || names[0] == "" {
		return ""
	}
	return fmt.Sprintf(", here %q", names[0])
}
