// Package imagemissing finds containers that say no image.
package imagemissing

import (
	_ "embed"
	"fmt"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed image-missing.txtar
var page string

// Rule is the image-missing rule: shared/argo/rules.md F 98 99. Argo does not
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
