// Package deadlinemissing finds workflows that may hang for ever.
package deadlinemissing

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed deadline-missing.txtar
var page string

// Rule is the deadline-missing rule. Argo waits for ever unless told otherwise.
var Rule = &lint.Rule{Name: "deadline-missing", Severity: lint.Warning, Topic: "reliability", Page: page, Run: run}

// run reports once for a workflow: one deadline mends all of its templates. Of
// a library that has no entrypoint the callers' deadline holds, so there it is
// a hint.
func run(pass *lint.Pass) {
	w := pass.Workflow
	if w.Spec.Get("activeDeadlineSeconds").Set() || w.Injected("spec.activeDeadlineSeconds") || w.Ref != nil {
		return
	}
	if d := w.Defaults; d != nil && bounded(d) {
		return
	}
	var open []string
	for _, t := range w.All {
		if t.Type.Leaf() && !bounded(t) {
			open = append(open, t.Title())
		}
	}
	if len(open) == 0 {
		return
	}
	f := lint.Finding{Node: w.Anchor()}
	if w.IsLibrary() && w.Entrypoint == nil {
		f.Severity = lint.Info
		f.Message = fmt.Sprintf("%s may hang for ever: %s no deadline; write activeDeadlineSeconds there or in templateDefaults", subject(open), have(open))
	} else {
		f.Message = fmt.Sprintf("the workflow may hang for ever: %s has a deadline; write spec.activeDeadlineSeconds, longer than its longest good run", neither(open))
	}
	pass.Report(f)
}

// bounded reports whether Argo ends a run of the template at some time.
func bounded(t *workflow.Template) bool {
	return t.Node.Get("activeDeadlineSeconds").Set() || t.Node.Get("timeout").Set()
}

// subject names templates, the first few of them.
func subject(titles []string) string {
	const most = 3
	if n := len(titles); n > most {
		return fmt.Sprintf("%s and %d more", strings.Join(titles[:most], ", "), n-most)
	}
	return strings.Join(titles, " and ")
}

// neither begins a sentence about the workflow and these templates.
func neither(titles []string) string {
	if len(titles) == 1 {
		return "neither it nor " + titles[0]
	}
	return "neither it nor any of " + subject(titles)
}

func have(titles []string) string {
	if len(titles) == 1 {
		return "it has"
	}
	return "they have"
}
