// Package deadlineinvalid finds deadlines that no run can keep.
package deadlineinvalid

import (
	_ "embed"
	"strconv"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed deadline-invalid.txtar
var page string

// Rule is the deadline-invalid rule: docs/argo.md F 113 114, and, of
// N, spec.activeDeadlineSeconds.
var Rule = &lint.Rule{Name: "deadline-invalid", Severity: lint.Error, Topic: "workflow", Page: page, Run: run}

func run(pass *lint.Pass) {
	w := pass.Workflow
	if n := w.Spec.Get("activeDeadlineSeconds"); n.Set() {
		if seconds, ok := n.Int(); ok && seconds < 1 {
			pass.Reportf(n, "the workflow has activeDeadlineSeconds %d, so it is over before its first pod starts: write a number of seconds above 0, or leave it out for no deadline", seconds)
		}
	}
	if w.Defaults != nil {
		template(pass, w.Defaults.Node.Get("activeDeadlineSeconds"), "templateDefaults", false)
	}
	for _, t := range w.All {
		if t.Type == workflow.TypeSteps || t.Type == workflow.TypeDAG {
			continue
		}
		template(pass, t.Node.Get("activeDeadlineSeconds"), t.Title(), t.Type.Pod())
	}
}

// template checks a deadline that is a number, or text that is one.
func template(pass *lint.Pass, n *manifest.Node, who string, pod bool) {
	if n == nil || n.Kind != manifest.Int && n.Kind != manifest.String || strings.Contains(n.Value, "{{") {
		return
	}
	seconds, err := strconv.ParseInt(n.Value, 10, 64)
	switch {
	case err != nil:
		pass.Reportf(n, "%s has activeDeadlineSeconds %q, which is not a number of seconds: write it without a unit, like 3600", who, n)
	case seconds < 0:
		pass.Reportf(n, "%s has activeDeadlineSeconds %d, which is over before it starts: write a number of seconds above 0", who, seconds)
	case seconds == 0 && pod:
		pass.Report(lint.Finding{Node: n, Severity: lint.Warning, Message: who + " has activeDeadlineSeconds 0, which Argo lets pass but Kubernetes refuses in a pod: write a number of seconds above 0"})
	}
}
