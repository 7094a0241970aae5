// Package podgcmissing finds workflows that leave their pods behind.
package podgcmissing

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
)

//go:embed pod-gc-missing.txtar
var page string

// Rule is the pod-gc-missing rule. It is a hint, as the controller's
// workflowDefaults may set one.
var Rule = &lint.Rule{Name: "pod-gc-missing", Severity: lint.Info, Topic: "reliability", Page: page, Run: run}

func run(pass *lint.Pass) {
	w := pass.Workflow
	gc := w.Spec.Get("podGC")
	if w.Ref != nil || w.Spec == nil || w.IsLibrary() && w.Entrypoint == nil || w.Injected("spec.podGC") || gc.Get("strategy").Text() != "" {
		return
	}
	const why = "the pods of finished steps stay until the workflow is deleted, and each takes room in etcd and on the disk of its node; write podGC with strategy: OnPodCompletion, or OnPodSuccess to look at those that failed"
	if gc.Set() {
		pass.Reportf(gc, "podGC has no strategy, so %s", why)
		return
	}
	pass.Reportf(w.Anchor(), "the workflow has no podGC, so %s", why)
}
