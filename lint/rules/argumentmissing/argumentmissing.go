// Package argumentmissing finds inputs that nobody gives a value.
package argumentmissing

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed argument-missing.txtar
var page string

// Rule is the argument-missing rule: docs/argo.md B 36, E 81 82 83 85,
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
				r.report(p.Call.Anchor(), p.Title(), passes, t, without(late, p.Arguments), lint.Error)
				r.erased(late, p.Arguments, t)
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
	r.report(at, "spec.arguments", gives, t, without(empty, given), lint.Error)
	r.erased(empty, given, t)
}

// without leaves out the parameters that bring no value: for a template that
// takes them they might as well not be there.
func without(lacks func(*workflow.Parameter) bool, a *workflow.Arguments) *workflow.Arguments {
	if !slices.ContainsFunc(a.Parameters, lacks) {
		return a
	}
	out := *a
	out.Parameters = nil
	for _, p := range a.Parameters {
		if !lacks(p) {
			out.Parameters = append(out.Parameters, p)
		}
	}
	return &out
}

// empty reports whether a parameter has no value.
func empty(p *workflow.Parameter) bool {
	return p.Node != nil && !p.Value.Set() && !p.ValueFrom.Set() || late(p)
}

// late reports whether the value of a parameter is that of an event or of a
// person, which comes too late for the template.
func late(p *workflow.Parameter) bool {
	from := p.ValueFrom
	return !p.Value.Set() && !from.Get("configMapKeyRef").Set() && (from.Get("event").Text() != "" || from.Get("supplied").Set())
}

// erased reports the parameters whose default is lost: Argo hands over an
// argument that has no value all the same.
func (r *runner) erased(lacks func(*workflow.Parameter) bool, a *workflow.Arguments, t resolve.Callee) {
	for _, p := range a.Parameters {
		if !lacks(p) {
			continue
		}
		for _, in := range t.Inputs {
			if in.Name == p.Name.Text() && in.Filled {
				r.Reportf(p.Anchor(), "parameter %q has no value, and takes from %s the default that it has: give it a value, or leave it out", p.Name, t.Title())
			}
		}
	}
}

// given returns the workflow's arguments with those of the WorkflowTemplate it
// runs that it does not name itself; it is false where that one is not known.
func (r *runner) given() (*workflow.Arguments, bool) {
	a := r.Workflow.Arguments
	lib, known := r.callees.Base()
	if lib == nil {
		return &a, known
	}
	own := make(map[string]bool, len(a.Parameters))
	for _, p := range a.Parameters {
		own[p.Name.Text()] = true
	}
	a.Parameters = append([]*workflow.Parameter(nil), a.Parameters...)
	a.Artifacts = append([]*workflow.Artifact(nil), a.Artifacts...)
	for _, p := range lib.Parameters {
		if p.Valued && !own[p.Name] {
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

// exit checks the exit handler, its own or that of the WorkflowTemplate it runs.
// Argo hands it the workflow's own arguments and not those of the WorkflowTemplate.
func (r *runner) exit() {
	w := r.Workflow
	if w.Injected("spec.arguments") {
		return
	}
	t, ok := r.callees.Named(w.OnExit, nil)
	at := w.OnExit
	if w.OnExit.Text() == "" && w.Ref != nil {
		at = w.Ref.Name
		if lib, _ := r.callees.Base(); lib != nil {
			t = resolve.Callee{Template: lib.Template(lib.OnExit), Library: lib}
			ok = t.Template != nil
		}
	}
	if ok {
		r.report(at, "spec.arguments", gives, t, without(empty, &w.Arguments), lint.Error)
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

// mostNamed is how many inputs one message names.
const mostNamed = 20

// list makes parameters "a", "b" and "c".
func list(word string, names []string) string {
	var quoted []string
	for _, n := range names[:min(len(names), mostNamed)] {
		quoted = append(quoted, strconv.Quote(n))
	}
	if more := len(names) - mostNamed; len(names) == resolve.MostMissing {
		quoted = append(quoted, "many more")
	} else if more > 0 {
		quoted = append(quoted, strconv.Itoa(more)+" more")
	}
	if len(quoted) == 1 {
		return word + " " + quoted[0]
	}
	last := len(quoted) - 1
	return word + "s " + strings.Join(quoted[:last], ", ") + " and " + quoted[last]
}
