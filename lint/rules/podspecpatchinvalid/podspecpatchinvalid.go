// Package podspecpatchinvalid finds patches of pods that Argo cannot read.
package podspecpatchinvalid

import (
	_ "embed"
	"fmt"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/embedded"
	"github.com/tiphys-dev/tiphys/lint/manifest"
)

//go:embed pod-spec-patch-invalid.txtar
var page string

// Rule is the pod-spec-patch-invalid rule: docs/argo.md N.
var Rule = &lint.Rule{Name: "pod-spec-patch-invalid", Severity: lint.Error, Topic: "container", Page: page, Run: run}

func run(pass *lint.Pass) {
	w := pass.Workflow
	check(pass, w.Spec)
	check(pass, w.Spec.Get("templateDefaults"))
	check(pass, w.Spec.Get("artifactGC"))
	for _, t := range w.All {
		check(pass, t.Node)
	}
}

func check(pass *lint.Pass, owner *manifest.Node) {
	n := owner.Get("podSpecPatch")
	if n.Text() == "" || n.Kind != manifest.String {
		return
	}
	text := embedded.Parse(n)
	if text.Inserts() {
		return
	}
	severity := lint.Error
	if text.Tagged() {
		severity = lint.Warning // what stands in place of the tags may mend it
	}
	for _, p := range text.Problems {
		if p.Kind == manifest.Syntax || p.Kind == manifest.Encoding {
			pass.Report(lint.Finding{Node: n, Span: n.Range(p.Span.Start, p.Span.End), Severity: severity,
				Message: "podSpecPatch is neither YAML nor JSON, so no pod is created: " + p.Message})
			return
		}
	}
	if r := text.Root; r != nil && r.Kind != manifest.Map && !text.Within(r.Start, r.End) {
		pass.Report(lint.Finding{Node: n, Severity: severity,
			Message: fmt.Sprintf("podSpecPatch is a %s; it has to be an object with fields of a pod spec, such as containers", r.Kind)})
	}
}
