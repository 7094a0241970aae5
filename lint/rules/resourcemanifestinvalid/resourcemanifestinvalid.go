// Package resourcemanifestinvalid finds manifests of resource templates that
// are not YAML, or no objects.
package resourcemanifestinvalid

import (
	_ "embed"
	"fmt"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/embedded"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed resource-manifest-invalid.txtar
var page string

// Rule is the resource-manifest-invalid rule: docs/argo.md F 112. What is
// YAML, but no object, only kubectl refuses: a warning.
var Rule = &lint.Rule{Name: "resource-manifest-invalid", Severity: lint.Error, Topic: "resource", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		n := t.Body.Get("manifest")
		if t.Type != workflow.TypeResource || n.Text() == "" || n.Kind != manifest.String {
			continue
		}
		text := embedded.Parse(n)
		if len(text.Problems) > 0 {
			problems(pass, t, n, text)
			continue
		}
		object(pass, t, n, text)
	}
}

// most is how many problems of one text are reported: who has more of them
// wants to see the first ones.
const most = 10

func problems(pass *lint.Pass, t *workflow.Template, n *manifest.Node, text embedded.Text) {
	for _, p := range text.Problems[:min(len(text.Problems), most)] {
		f := lint.Finding{Node: n, Span: n.Range(p.Span.Start, p.Span.End)}
		switch {
		case p.Kind == manifest.DuplicateKey:
			if text.Within(p.Span.Start, p.Span.End) {
				continue
			}
			f.Severity = lint.Warning
			f.Message = fmt.Sprintf("the manifest of %s: %s", t.Title(), p.Message)
		case p.Kind == manifest.Limit:
			f.Severity = lint.Info
			f.Message = fmt.Sprintf("the manifest of %s is not checked: %s", t.Title(), p.Message)
		default:
			f.Message = fmt.Sprintf("the manifest of %s is not YAML: %s", t.Title(), p.Message)
			if text.Inserts() {
				f.Severity = lint.Warning // several lines in place of the tag may mend it
			}
		}
		pass.Report(f)
	}
}

// object looks for what kubectl needs of every object; a patch needs nothing.
func object(pass *lint.Pass, t *workflow.Template, n *manifest.Node, text embedded.Text) {
	switch t.Body.Get("action").Text() {
	case "create", "apply", "replace", "delete", "get":
	default:
		return
	}
	root := text.Root
	if root == nil || text.Inserts() || root.Kind < manifest.List && text.Within(root.Start, root.End) {
		return
	}
	f := lint.Finding{Node: n, Severity: lint.Warning}
	switch {
	case root.Kind != manifest.Map:
		f.Message = fmt.Sprintf("the manifest of %s is a %s, not a Kubernetes object: kubectl refuses it", t.Title(), root.Kind)
	case !root.Get("kind").Set() && !tagged(root, text):
		f.Message = fmt.Sprintf("the manifest of %s has no kind: kubectl refuses it", t.Title())
	case !root.Get("apiVersion").Set() && !tagged(root, text):
		f.Message = fmt.Sprintf("the manifest of %s has no apiVersion: kubectl refuses it", t.Title())
	default:
		return
	}
	if len(root.Children) > 0 {
		at := root.Children[0]
		if at.Key != nil {
			at = at.Key
		}
		f.Span = n.Range(at.Start, at.End)
	}
	pass.Report(f)
}

// tagged reports whether a key of the object is a tag, and may be any key.
func tagged(root *manifest.Node, text embedded.Text) bool {
	for _, f := range root.Fields() {
		if text.Within(f.Key.Start, f.Key.End) {
			return true
		}
	}
	return false
}
