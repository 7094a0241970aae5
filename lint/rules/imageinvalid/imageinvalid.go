// Package imageinvalid finds image references that no registry can have.
package imageinvalid

import (
	_ "embed"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/expr"
	"github.com/tiphys-dev/tiphys/lint/image"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/pod"
)

//go:embed image-invalid.txtar
var page string

// Rule is the image-invalid rule. Argo asks only that an image is there; the
// kubelet never pulls one of these.
var Rule = &lint.Rule{Name: "image-invalid", Severity: lint.Error, Topic: "template", Page: page, Run: run}

func run(pass *lint.Pass) {
	for n := range pod.Images(pass.Workflow) {
		if n.Kind != manifest.String || n.Value == "" || expr.Tagged(n.Value) {
			continue
		}
		_, problem := image.Parse(n.Value)
		if problem == nil {
			continue
		}
		f := lint.Finding{Node: n, Span: n.Range(problem.From, problem.To), Message: "image " + quote(n.Value) + " can never be pulled: " + problem.Message}
		if placeholder(n.Value) {
			// Another tool may fill it in before the cluster sees it.
			f.Severity = lint.Warning
			f.Message = "image " + quote(n.Value) + " cannot be pulled as it stands: it looks like a placeholder; fill it in, or take a parameter, {{workflow.parameters.image}}"
		}
		pass.Report(f)
	}
}

func quote(s string) string { return `"` + s + `"` }

// placeholder reports whether another tool was meant to write the image.
func placeholder(s string) bool {
	return strings.ContainsAny(s, "$<>%[]") || strings.ToUpper(s) == s && strings.ToLower(s) != s
}
