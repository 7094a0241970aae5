// Package templatefieldmisplaced finds fields on templates of a type that
// cannot have them.
package templatefieldmisplaced

import (
	_ "embed"
	"fmt"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed template-field-misplaced.txtar
var page string

// Rule is the template-field-misplaced rule: docs/argo.md E 89 90 91
// 93, F 115, G 116, M 179.
var Rule = &lint.Rule{Name: "template-field-misplaced", Severity: lint.Error, Topic: "template", Page: page, Run: run}

// A place is where a field may stand.
type place struct {
	field string
	fits  func(workflow.Type) bool
	// why says what the field is for, and what to use instead.
	why string
}

var places = [...]place{
	{"activeDeadlineSeconds", func(t workflow.Type) bool { return !group(t) }, "it ends a pod, so put it on the templates that are called, or on spec for the whole workflow"},
	{"timeout", workflow.Type.Leaf, "it ends a pod, so put it on the templates that are called"},
	{"pendingTimeout", workflow.Type.Leaf, "it ends a pod that does not start, so put it on a template that has one"},
	{"parallelism", group, "it counts what steps and dag templates start, so put it on the template that calls this one, or on spec"},
	{"resourceClaims", workflow.Type.Pod, "only a template with a pod of its own can claim devices"},
	{"podResources", func(t workflow.Type) bool { return t != workflow.TypeHTTP && t != workflow.TypePlugin }, "it runs in the agent's pod and has none of its own"},
}

func group(t workflow.Type) bool { return t == workflow.TypeSteps || t == workflow.TypeDAG }

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		if len(t.Types) != 1 {
			continue
		}
		for _, p := range places {
			f := t.Node.Get(p.field)
			if !given(f) || p.fits(t.Type) {
				continue
			}
			why := p.why
			if p.field == "timeout" && t.Type == workflow.TypeSuspend {
				why = "suspend.duration is how long it waits"
			}
			pass.Report(lint.Finding{
				Node: f.Key, Path: f.Path(),
				Message: fmt.Sprintf("%s has %s, which no %s template can have: %s", t.Title(), p.field, t.Type, why),
				Fix:     &lint.Fix{Message: "remove " + p.field, Edits: []lint.Edit{{Node: f}}},
			})
		}
	}
}

// given reports whether Argo takes the field as set.
func given(n *manifest.Node) bool {
	switch {
	case !n.Set(), n.Kind == manifest.String && n.Value == "":
		return false
	case n.Kind == manifest.List:
		return len(n.Items()) > 0
	}
	return true
}
