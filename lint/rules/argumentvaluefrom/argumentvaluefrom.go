// Package argumentvaluefrom finds arguments whose value comes from where Argo
// takes none.
package argumentvaluefrom

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed argument-value-from.txtar
var page string

// Rule is the argument-value-from rule: docs/argo.md C 47 48.
var Rule = &lint.Rule{Name: "argument-value-from", Severity: lint.Error, Topic: "argument", Page: page, Run: run}

func run(pass *lint.Pass) {
	for list := range pass.Workflow.Passed() {
		seen, _ := pass.Workflow.Seen(list)
		for i, p := range list.Parameters {
			if p.ValueFrom == nil || p.ValueFrom.Kind != manifest.Map {
				continue
			}
			severity := lint.Error
			if list.Hook != nil || i >= seen {
				severity = lint.Warning // Argo does not look
			}
			check(pass, list, p, severity)
		}
	}
}

// cures are what to write instead of the fields that only outputs have.
var cures = map[string]string{
	"path":       "pass the output of the step that wrote the file",
	"jsonPath":   "pass the output of the resource template",
	"parameter":  "write it as value",
	"expression": "write value: \"{{=...}}\"",
}

func check(pass *lint.Pass, list workflow.Passed, p *workflow.Parameter, severity lint.Severity) {
	for _, f := range p.ValueFrom.Fields() {
		if cure := cures[f.Key.Value]; cure != "" && f.Text() != "" {
			pass.Report(lint.Finding{
				Node: f.Key, Path: f.Path(), Severity: severity,
				Message: "an argument takes no valueFrom." + f.Key.Value + ", which is for outputs: " + cure,
			})
			return
		}
	}
	for _, name := range []string{"configMapKeyRef", "event", "supplied"} {
		if p.ValueFrom.Get(name).Set() {
			return
		}
	}
	pass.Report(lint.Finding{
		Node: p.ValueFrom.Key, Path: p.ValueFrom.Path(), Severity: severity,
		Message: "valueFrom of an argument of " + list.Title() + " names no source: it needs configMapKeyRef or supplied, beside which default may stand",
	})
}
