// Package suspendforever finds steps that wait for somebody, and do not say for whom.
package suspendforever

import (
	_ "embed"
	"regexp"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed suspend-forever.txtar
var page string

// Rule is the suspend-forever rule.
var Rule = &lint.Rule{Name: "suspend-forever", Severity: lint.Info, Topic: "template", Page: page, Run: run}

// decision are words that say that a person is meant to decide.
var decision = regexp.MustCompile(`(?i)approv|confirm|review|sign-?off|manual|decide|decision|wait-for|gate|judg`)

func run(pass *lint.Pass) {
	w := pass.Workflow
	if w.Spec.Get("activeDeadlineSeconds").Set() {
		return
	}
	for _, t := range w.All {
		if t.Type != workflow.TypeSuspend || t.Body.Get("duration").Text() != "" || noted(t) {
			continue
		}
		pass.Report(lint.Finding{Node: t.Body, Span: t.Body.Key.Span(), Message: t.Title() +
			" waits until somebody resumes it, and does not say who: give it a duration, or say so in the annotation workflows.argoproj.io/description"})
	}
}

// noted reports whether the template says that and why a person is waited for:
// in its name, in an annotation, or by outputs that a person supplies.
func noted(t *workflow.Template) bool {
	if decision.MatchString(t.Anchor().Text()) {
		return true
	}
	for _, n := range []*manifest.Node{t.Node.Get("annotations"), t.Node.At("metadata", "annotations")} {
		if len(n.Fields()) > 0 {
			return true
		}
	}
	for _, p := range t.Outputs.Parameters {
		if p.ValueFrom.Get("supplied").Set() {
			return true
		}
	}
	return false
}
