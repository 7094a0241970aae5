// Package imagemissing finds containers that say no image.
package imagemissing

import (
	_ "embed"
	"fmt"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed image-missing.txtar
var page string

// Rule is the image-missing rule: docs/argo.md F 98 99. Argo does not
// look at the images of other containers; there it is a warning.
var Rule = &lint.Rule{Name: "image-missing", Severity: lint.Error, Topic: "container", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		for _, c := range t.Containers {
			if c.Image.Text() != "" || c.Image != nil && !c.Image.Scalar() {
				continue
			}
			if c.Role == workflow.Main && t.Type != workflow.TypeContainerSet {
				main(pass, t, c)
			} else if !patched(t) {
				other(pass, t, c)
			}
		}
	}
	borrowed(pass)
}

// borrowed looks at the templates of ClusterWorkflowTemplates that are called:
// only where they stand do templateDefaults give them an image, Argo does not
// look there for who calls.
func borrowed(pass *lint.Pass) {
	w := pass.Workflow
	callees := pass.Index.Callees(w)
	if w.Ref != nil && w.Ref.Cluster {
		if lib, _ := callees.Base(); lib != nil {
			for _, t := range lib.Templates {
				if t.Borrows {
					imageless(pass, w.Ref.Name, resolve.Callee{Template: t, Library: lib})
					break
				}
			}
		}
	}
	for _, t := range w.All {
		for _, c := range t.Calls {
			if c.Ref == nil || !c.Ref.Cluster {
				continue
			}
			if callee, ok := callees.Of(c); ok {
				if found := lender(callee.Library, callee.Template, map[*resolve.Template]bool{}); found != nil {
					imageless(pass, c.Ref.Template, resolve.Callee{Template: found, Library: callee.Library})
				}
			}
		}
	}
}

// lender returns the first template without an image of its own that a run of
// t comes to within its library, or nil.
func lender(lib *resolve.Library, t *resolve.Template, seen map[*resolve.Template]bool) *resolve.Template {
	if t == nil || seen[t] {
		return nil
	}
	seen[t] = true
	if t.Borrows {
		return t
	}
	for _, c := range t.Calls {
		if c.Library == "" {
			if found := lender(lib, lib.Template(c.Template), seen); found != nil {
				return found
			}
		}
	}
	return nil
}

func imageless(pass *lint.Pass, at *manifest.Node, t resolve.Callee) {
	pass.Reportf(at, "%s has no image of its own: Argo takes templateDefaults of a ClusterWorkflowTemplate for nobody who refers to it; write the image in the template", t.Title())
}

// main looks at the container of a container or script template, which takes
// its image from the defaults of the object that holds the template.
func main(pass *lint.Pass, t *workflow.Template, c *workflow.Container) {
	kind := t.Type.String()
	if t.Workflow.Spec.At("templateDefaults", kind, "image").Text() != "" {
		return
	}
	report(pass, c, lint.Error, fmt.Sprintf("the %s of %s has no image, and spec.templateDefaults.%s.image gives none", kind, t.Title(), kind))
}

func other(pass *lint.Pass, t *workflow.Template, c *workflow.Container) {
	word := map[workflow.Role]string{workflow.Main: "container", workflow.Init: "init container", workflow.Sidecar: "sidecar"}[c.Role]
	report(pass, c, lint.Warning, fmt.Sprintf("%s %q of %s has no image: the API server refuses the pod", word, c.Name, t.Title()))
}

func report(pass *lint.Pass, c *workflow.Container, s lint.Severity, message string) {
	f := lint.Finding{Node: c.Node, Severity: s, Message: message}
	switch {
	case c.Image != nil:
		f.Node = c.Image
	case c.Node.Key != nil:
		f.Span = c.Node.Key.Span()
	case c.Name.Scalar():
		f.Span = c.Name.Token()
	}
	pass.Report(f)
}

// patched reports whether a patch may still bring images.
func patched(t *workflow.Template) bool {
	spec := t.Workflow.Spec
	for _, n := range []*manifest.Node{t.Node, spec.Get("templateDefaults"), spec} {
		if n.Get("podSpecPatch").Set() {
			return true
		}
	}
	return false
}
