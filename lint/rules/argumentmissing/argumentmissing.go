// Package argumentmissing finds inputs that nobody gives a value.
package argumentmissing

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed argument-missing.txtar
var page string

// Rule is the argument-missing rule: shared/argo/rules.md B 36, E 81 82 83 85,
// G 123, and, of N, the arguments of hooks.
var Rule = &lint.Rule{Name: "argument-missing", Severity: lint.Error, Topic: "argument", Page: page, Run: run}

func run(pass *lint.Pass) {
	r := runner{Pass: pass, callees: pass.Index.Callees(pass.Workflow)}
	r.entrypoint()
	r.exit()
	for p := range pass.Workflow.Passed() {
		switch {
		case p.Hook != nil:
			r.hook(p)
		case p.Call != nil:
			if t, ok := r.callees.Of(p.Call); ok {
				r.report(p.Call.Anchor(), p.Title(), passes, t, p.Arguments, lint.Error)
			}
		}
	}
}

// What is wrong with who calls, and with the arguments of the workflow.
const (
	passes = "does not pass"
	gives  = "give no value for"
)

type runner struct {
	*lint.Pass
	callees *resolve.Callees
}

// entrypoint checks what the workflow itself hands to its first template: only
// what has a value, of its own or from the WorkflowTemplate it runs.
func (r *runner) entrypoint() {
	w := r.Workflow
	if w.IsLibrary() || w.Injected("spec.arguments") {
		return
	}
	t, ok := r.callees.Entrypoint()
	if !ok {
		return
	}
	at := w.Entrypoint
	if at == nil {
		at = w.Ref.Name
	}
	given, known := r.given()
	if !known {
		return
	}
	given.Parameters = valued(given.Parameters)
	r.report(at, "spec.arguments", gives, t, given, lint.Error)
}

// valued leaves out the parameters of the workflow that have no value: for a
// template that takes them they might as well not be there.
func valued(all []*workflow.Parameter) []*workflow.Parameter {
	var out []*workflow.Parameter
	for _, p := range all {
		if p.Node == nil || p.Value.Set() || p.ValueFrom.Set() {
			out = append(out, p)
		}
	}
	return out
}

// given returns the workflow's arguments with those that have a value in the
// WorkflowTemplate it runs; it is false where that one is not known.
func (r *runner) given() (*workflow.Arguments, bool) {
	a := r.Workflow.Arguments
	lib, known := r.callees.Base()
	if lib == nil {
		return &a, known
	}
	a.Parameters = append([]*workflow.Parameter(nil), a.Parameters...)
	a.Artifacts = append([]*workflow.Artifact(nil), a.Artifacts...)
	for _, p := range lib.Parameters {
		if p.Valued {
			a.Parameters = append(a.Parameters, &workflow.Parameter{Name: named(p.Name)})
		}
	}
	for _, p := range lib.Artifacts {
		a.Artifacts = append(a.Artifacts, &workflow.Artifact{Name: named(p.Name)})
	}
	return &a, known
}

// named is a name that stands in another object.
func named(s string) *manifest.Node { return &manifest.Node{Kind: manifest.String, Value: s} }

// exit checks spec.onExit, to which Argo hands the workflow's own arguments and
// not those of a WorkflowTemplate it runs.
func (r *runner) exit() {
	w := r.Workflow
	if w.OnExit == nil || w.Injected("spec.arguments") {
		return
	}
	if t, ok := r.callees.Named(w.OnExit, nil); ok {
		r.report(w.OnExit, "spec.arguments", gives, t, &w.Arguments, lint.Error)
	}
}

// hook checks a hook, which Argo does not before it runs. An exit hook without
// arguments gets those of the workflow.
func (r *runner) hook(p workflow.Passed) {
	t, ok := r.callees.Named(p.Hook.Template, p.Hook.Ref)
	if !ok {
		return
	}
	args, who, verb := p.Arguments, p.Title(), passes
	if p.Hook.Key.Text() == "exit" && len(args.Parameters) == 0 && len(args.Artifacts) == 0 {
		given, known := r.given()
		if r.Workflow.IsLibrary() || !known || r.Workflow.Injected("spec.arguments") {
			return
		}
		args, who, verb = given, "spec.arguments, which "+who+" gets,", gives
	}
	at := p.Hook.Template
	if p.Hook.Ref != nil {
		at = p.Hook.Ref.Template
	}
	r.report(at, who, verb, t, args, lint.Warning)
}

// report says all that is missing of one call in one finding.
func (r *runner) report(at *manifest.Node, who, verb string, t resolve.Callee, a *workflow.Arguments, severity lint.Severity) {
	m := t.Match(a)
	if len(m.MissingParameters)+len(m.MissingArtifacts) == 0 {
		return
	}
	var missing []string
	if len(m.MissingParameters) > 0 {
		missing = append(missing, list("parameter", m.MissingParameters))
	}
	if len(m.MissingArtifacts) > 0 {
		missing = append(missing, list("artifact", m.MissingArtifacts))
	}
	f := lint.Finding{Node: at, Severity: severity}
	f.Message = who + " " + verb + " " + strings.Join(missing, " and ") + ", which " + t.Title() + " needs"
	meant(&f, m)
	if f.Fix == nil {
		swapped(&f, m)
	}
	r.Report(f)
}

// meant adds the arguments whose names look like those that are missing.
func meant(f *lint.Finding, m resolve.Match) {
	for _, surplus := range [][]*manifest.Node{m.SurplusParameters, m.SurplusArtifacts} {
		for _, at := range surplus {
			want := m.Meant[at]
			if want == "" {
				continue
			}
			f.Message += fmt.Sprintf("; %q is passed: did you mean %q?", at, want)
			f.Related = append(f.Related, lint.At(at, "%q is passed here", at))
			if f.Fix == nil {
				f.Fix = &lint.Fix{Message: "rename " + at.Text() + " to " + want}
			}
			f.Fix.Edits = append(f.Fix.Edits, lint.Edit{Node: at, Value: want})
		}
	}
}

// swapped says where a parameter is passed for an artifact, or the reverse.
func swapped(f *lint.Finding, m resolve.Match) {
	for _, at := range m.SurplusArtifacts {
		if slices.Contains(m.MissingParameters, at.Text()) {
			f.Message += fmt.Sprintf("; %q is passed as an artifact, but it is a parameter", at)
		}
	}
	for _, at := range m.SurplusParameters {
		if slices.Contains(m.MissingArtifacts, at.Text()) {
			f.Message += fmt.Sprintf("; %q is passed as a parameter, but it is an artifact", at)
		}
	}
}

// list makes parameters "a", "b" and "c".
func list(word string, names []string) string {
	var b strings.Builder
	b.WriteString(word)
	if len(names) > 1 {
		b.WriteByte('s')
	}
	for i, n := range names {
		switch {
		case i == 0:
			b.WriteByte(' ')
		case i == len(names)-1:
			b.WriteString(" and ")
		default:
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q", n)
	}
	return b.String()
}
