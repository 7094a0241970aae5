// Package ttlmissing finds workflows that stay for ever when they are done.
package ttlmissing

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed ttl-missing.txtar
var page string

// Rule is the ttl-missing rule. It is a hint, as the controller's
// workflowDefaults may set one.
var Rule = &lint.Rule{Name: "ttl-missing", Severity: lint.Info, Topic: "reliability", Page: page, Run: run}

func run(pass *lint.Pass) {
	w := pass.Workflow
	// Of a CronWorkflow's runs Argo keeps but the last few.
	if w.Kind == workflow.KindCronWorkflow || w.Ref != nil || w.Spec == nil || w.IsLibrary() && w.Entrypoint == nil || w.Injected("spec.ttlStrategy") {
		return
	}
	ttl := w.Spec.Get("ttlStrategy")
	for _, field := range [...]string{"secondsAfterCompletion", "secondsAfterSuccess", "secondsAfterFailure"} {
		if ttl.Get(field).Set() {
			return
		}
	}
	if w.Spec.Get("ttlSecondsAfterFinished").Set() {
		return // the schema speaks of the field that it was
	}
	const why = "finished runs stay until somebody deletes them, and with thousands of them the API server slows down; write ttlStrategy with secondsAfterCompletion"
	if ttl.Set() {
		pass.Reportf(ttl, "ttlStrategy is empty, so %s", why)
		return
	}
	pass.Reportf(w.Anchor(), "the workflow has no ttlStrategy, so %s", why)
}
