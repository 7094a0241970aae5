// Package argumentunknown finds arguments that the called template does not take.
package argumentunknown

import (
	_ "embed"
	"fmt"
	"slices"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed argument-unknown.txtar
var page string

// Rule is the argument-unknown rule: docs/argo.md E 84, N.
var Rule = &lint.Rule{Name: "argument-unknown", Severity: lint.Warning, Topic: "argument", Page: page, Run: run}

func run(pass *lint.Pass) {
	callees := pass.Index.Callees(pass.Workflow)
	for p := range pass.Workflow.Passed() {
		if len(p.Parameters)+len(p.Artifacts) == 0 {
			continue
		}
		var t resolve.Callee
		ok := false
		switch {
		case p.Hook != nil:
			t, ok = callees.Named(p.Hook.Template, p.Hook.Ref)
		case p.Call != nil:
			t, ok = callees.Of(p.Call)
		default:
			overridden(pass, callees)
		}
		if ok {
			surplus(pass, p, t)
		}
	}
}

// surplus reports what is passed and not taken. What looks like an input that
// is missing is left to argument-missing.
func surplus(pass *lint.Pass, p workflow.Passed, t resolve.Callee) {
	m := t.Match(p.Arguments)
	if len(m.SurplusParameters)+len(m.SurplusArtifacts) == 0 {
		return
	}
	var inputs, files []string
	for _, i := range t.Inputs {
		inputs = append(inputs, i.Name)
	}
	for _, i := range t.InFiles {
		files = append(files, i.Name)
	}
	for _, at := range m.SurplusParameters {
		if m.Meant[at] == "" {
			report(pass, at, p.Title(), "parameter", t, inputs, files)
		}
	}
	for _, at := range m.SurplusArtifacts {
		if m.Meant[at] == "" {
			report(pass, at, p.Title(), "artifact", t, files, inputs)
		}
	}
}

func report(pass *lint.Pass, at *manifest.Node, who, word string, t resolve.Callee, have, other []string) {
	f := lint.Finding{Node: at}
	f.Message = fmt.Sprintf("%s passes %s %q, which %s does not declare", who, word, at, t.Title())
	if slices.Contains(other, at.Text()) {
		as, is := "a parameter", "an artifact"
		if word == "artifact" {
			as, is = is, as
		}
		f.Message = fmt.Sprintf("%s passes %q as %s, but %s takes it as %s", who, at, as, t.Title(), is)
		pass.Report(f)
		return
	}
	if hint, ok := near.Name(at.Text(), have[:min(len(have), mostHints)]); ok {
		f.Message += fmt.Sprintf("; did you mean %q?", hint)
		f.Fix = &lint.Fix{Message: "rename to " + hint, Edits: []lint.Edit{{Node: at, Value: hint}}}
	}
	pass.Report(f)
}

// mostHints bounds the names that a misspelt one is compared with.
const mostHints = 200

// overridden reports arguments that look like a misspelt one of the
// WorkflowTemplate that the workflow runs. Others may be used there without
// being declared.
func overridden(pass *lint.Pass, callees *resolve.Callees) {
	lib, _ := callees.Base()
	if lib == nil {
		return
	}
	declared := map[string]bool{}
	for _, p := range pass.Workflow.Arguments.Parameters {
		declared[p.Name.Text()] = true
	}
	var open []string
	known := map[string]bool{}
	for _, p := range lib.Parameters {
		known[p.Name] = true
		if !declared[p.Name] {
			open = append(open, p.Name)
		}
	}
	for _, p := range pass.Workflow.Arguments.Parameters {
		if known[p.Name.Text()] {
			continue
		}
		if hint, ok := near.Name(p.Name.Text(), open); ok {
			pass.Report(lint.Finding{
				Node:    p.Name,
				Message: fmt.Sprintf("%s %q has no parameter %q in spec.arguments; did you mean %q?", lib.Kind, lib.Name, p.Name, hint),
				Fix:     &lint.Fix{Message: "rename to " + hint, Edits: []lint.Edit{{Node: p.Name, Value: hint}}},
			})
		}
	}
}
