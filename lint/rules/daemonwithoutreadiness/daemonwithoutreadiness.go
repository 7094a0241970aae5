// Package daemonwithoutreadiness finds daemons that count as ready before they are.
package daemonwithoutreadiness

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed daemon-without-readiness.txtar
var page string

// Rule is the daemon-without-readiness rule.
var Rule = &lint.Rule{Name: "daemon-without-readiness", Severity: lint.Warning, Topic: "container", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		daemon := t.Node.Get("daemon")
		if !daemon.True() || t.Type != workflow.TypeContainer && t.Type != workflow.TypeScript || probed(t) {
			continue
		}
		pass.Report(lint.Finding{Node: daemon.Key, Path: daemon.Path(), Message: t.Title() +
			" is a daemon without a readinessProbe: the workflow goes on as soon as its container has started, whether it answers or not"})
	}
}

// probed reports whether the defaults or the container itself have a probe, or
// a patch may bring one.
func probed(t *workflow.Template) bool {
	spec := t.Workflow.Spec
	return t.Body.Get("readinessProbe").Set() || spec.At("templateDefaults", t.Type.String(), "readinessProbe").Set() ||
		t.Node.Get("podSpecPatch").Set() || spec.Get("podSpecPatch").Set()
}
