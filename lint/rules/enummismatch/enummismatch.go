// Package enummismatch finds values that their enum does not allow.
package enummismatch

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/expr"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed enum-mismatch.txtar
var page string

// Rule is the enum-mismatch rule: docs/argo.md C 50 51; enums of inputs
// and of libraries: N. Those Argo offers to people and does not enforce.
var Rule = &lint.Rule{Name: "enum-mismatch", Severity: lint.Error, Topic: "argument", Page: page, Run: run}

func run(pass *lint.Pass) {
	w := pass.Workflow
	callees := pass.Index.Callees(w)
	for list := range w.Passed() {
		if len(list.Parameters) == 0 {
			continue
		}
		severity := lint.Error
		if list.Hook != nil {
			severity = lint.Warning
		}
		seen, _ := w.Seen(list)
		for i, p := range list.Parameters {
			if i == seen {
				severity = lint.Warning
			}
			if expr.Tagged(p.Value.Text()) {
				unreplaced(pass, list, p, severity)
			} else {
				check(pass, p.Value, texts(p.Enum), p.Enum, "", severity)
			}
		}
		called(pass, callees, list)
	}
	for _, t := range w.All {
		for _, p := range t.Inputs.Parameters {
			check(pass, p.Value, texts(p.Enum), p.Enum, "", lint.Warning)
			check(pass, p.Default, texts(p.Enum), p.Enum, "", lint.Warning)
		}
	}
}

// called compares arguments with the enums of who takes them.
func called(pass *lint.Pass, callees *resolve.Callees, list workflow.Passed) {
	var t resolve.Callee
	ok := false
	switch {
	case list.Hook != nil:
		t, ok = callees.Named(list.Hook.Template, list.Hook.Ref)
	case list.Call != nil:
		t, ok = callees.Of(list.Call)
	default:
		overridden(pass, callees)
		t, ok = callees.Entrypoint()
	}
	if ok {
		compare(pass, list, t.Inputs, " of the input of "+t.Title())
	}
}

func overridden(pass *lint.Pass, callees *resolve.Callees) {
	if lib, _ := callees.Base(); lib != nil {
		compare(pass, workflow.Passed{Arguments: &pass.Workflow.Arguments}, lib.Parameters, fmt.Sprintf(" of %s %q", lib.Kind, lib.Name))
	}
}

func compare(pass *lint.Pass, list workflow.Passed, inputs []resolve.Parameter, of string) {
	var enums map[string][]string
	for _, i := range inputs {
		if len(i.Enum) > 0 {
			if enums == nil {
				enums = map[string][]string{}
			}
			enums[i.Name] = i.Enum
		}
	}
	if enums == nil {
		return
	}
	for _, p := range list.Parameters {
		if p.Enum == nil {
			check(pass, p.Value, enums[p.Name.Text()], nil, of, lint.Warning)
		}
	}
}

// unreplaced reports a value that is compared with its own enum as it stands.
// When Argo compares, nothing is substituted in spec.arguments, and in those of
// a step or task what its template and the workflow bring.
func unreplaced(pass *lint.Pass, list workflow.Passed, p *workflow.Parameter, severity lint.Severity) {
	allowed := texts(p.Enum)
	if len(allowed) == 0 || list.Hook != nil || slices.Contains(allowed, p.Value.Value) {
		return
	}
	if list.Call != nil {
		for t := range expr.Tags(p.Value.Value) {
			text := t.Text(p.Value.Value)
			if t.Expression || strings.HasPrefix(text, "inputs.") || strings.HasPrefix(text, "workflow.") {
				return
			}
		}
	}
	pass.Report(lint.Finding{
		Node: p.Value, Severity: severity, Related: []lint.Related{lint.At(p.Enum, "the enum")},
		Message: fmt.Sprintf("%q is compared with the enum before it is replaced, and so refused; remove the enum here and write it at the input", p.Value),
	})
}

func texts(enum *manifest.Node) []string {
	var out []string
	for _, e := range enum.Items() {
		out = append(out, workflow.ValueText(e))
	}
	return out
}

// check reports a value that is not among those allowed.
func check(pass *lint.Pass, value *manifest.Node, allowed []string, enum *manifest.Node, of string, severity lint.Severity) {
	if !value.Scalar() || len(allowed) == 0 || strings.Contains(value.Value, "{{") {
		return
	}
	have := workflow.ValueText(value)
	for _, a := range allowed {
		if a == have || strings.Contains(a, "{{") {
			return
		}
	}
	f := lint.Finding{Node: value, Severity: severity}
	f.Message = fmt.Sprintf("%q is not in the enum%s: %s", have, of, choices(allowed))
	if enum != nil {
		f.Related = []lint.Related{lint.At(enum, "the enum")}
	}
	if hint, ok := near.Name(have, allowed[:min(len(allowed), mostHints)]); ok {
		f.Message += fmt.Sprintf("; did you mean %q?", hint)
		f.Fix = &lint.Fix{Message: "write " + hint, Edits: []lint.Edit{{Node: value, Value: hint}}}
	}
	pass.Report(f)
}

// mostHints bounds the values that a misspelt one is compared with.
const mostHints = 200

func choices(allowed []string) string {
	var b strings.Builder
	for i, a := range allowed {
		if i == 8 {
			b.WriteString(", ...")
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q", a)
	}
	return "it has " + b.String()
}
