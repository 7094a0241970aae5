// Package artifactparametermismatch finds parameters where artifacts are needed,
// and the reverse.
package artifactparametermismatch

import (
	_ "embed"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/expr"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed artifact-parameter-mismatch.txtar
var page string

// Rule is the artifact-parameter-mismatch rule: docs/argo.md N,
// "artifact passed where a parameter is needed and vice versa".
var Rule = &lint.Rule{Name: "artifact-parameter-mismatch", Severity: lint.Error, Topic: "artifact", Page: page, Run: run}

func run(pass *lint.Pass) {
	for list := range pass.Workflow.Passed() {
		for _, a := range list.Artifacts {
			from(pass, a)
		}
		for _, p := range list.Parameters {
			value(pass, p.Value)
		}
	}
	for _, t := range pass.Workflow.All {
		if t.Type != workflow.TypeSteps && t.Type != workflow.TypeDAG {
			continue
		}
		for _, a := range t.Outputs.Artifacts {
			from(pass, a)
		}
		for _, p := range t.Outputs.Parameters {
			value(pass, p.Value)
			value(pass, p.ValueFrom.Get("parameter"))
		}
	}
}

// kind is what a variable stands for.
type kind uint8

const (
	other kind = iota // it may be anything
	parameter
	artifact
	path // the path of an artifact
)

// kindOf tells what a variable stands for by its name alone.
func kindOf(name string) kind {
	part := strings.Split(name, ".")
	at := func(i int) string {
		if i < len(part) {
			return part[i]
		}
		return ""
	}
	i := 0
	switch part[0] {
	case "inputs":
		i = 1
	case "steps", "tasks":
		if at(2) != "outputs" {
			return other
		}
		i = 3
	case "workflow":
		i = 1
		if at(1) == "outputs" {
			i = 2
		}
	default:
		return other
	}
	switch at(i) {
	case "parameters", "result":
		return parameter
	case "artifacts":
		if at(i+2) == "path" {
			return path
		}
		return artifact
	}
	return other
}

// from checks that an artifact is taken from one. What else stands there fails
// when the step is to begin.
func from(pass *lint.Pass, a *workflow.Artifact) {
	if a.From.Text() == "" || a.From.Kind != manifest.String {
		return
	}
	f := lint.Finding{Node: a.From}
	if a.Optional {
		f.Severity = lint.Warning // Argo goes on without it
	}
	text := strings.TrimSpace(a.From.Value)
	if !expr.Tagged(text) {
		if kindOf(text) != artifact {
			f.Message = "from: " + quote(text) + " names no artifact: write a tag such as {{inputs.artifacts.NAME}} or {{steps.NAME.outputs.artifacts.NAME}}"
			pass.Report(f)
		}
		return
	}
	for t := range expr.Tags(text) {
		if _, nested := t.Nested(text); nested || t.Unclosed || t.Expression {
			return
		}
		name := t.Text(text)
		switch k := kindOf(name); {
		case k == parameter && strings.Contains(name, "outputs."):
			f.Message = "from needs an artifact, but {{" + name + "}} is a parameter: pass it as a parameter, or make the output an artifact"
		case k == parameter:
			f.Severity = lint.Warning // its value could be the name of an artifact
			f.Message = "from needs an artifact, but {{" + name + "}} is a parameter"
		case k == path:
			f.Message = "from needs an artifact, but {{" + name + "}} is the path of one: leave out .path"
		case k == artifact && t.End-t.Start < len(text):
			f.Message = "from holds more than the tag {{" + name + "}}: an artifact is passed as a whole; subPath names a file in it"
		default:
			return
		}
		pass.Report(f)
		return
	}
}

// value finds artifacts in the value of a parameter. Argo does not replace the
// tag, so that the step gets it as it is written.
func value(pass *lint.Pass, n *manifest.Node) {
	if n == nil || n.Kind != manifest.String {
		return
	}
	for t := range expr.Tags(n.Value) {
		if _, nested := t.Nested(n.Value); nested || t.Unclosed || t.Expression || kindOf(t.Text(n.Value)) != artifact {
			continue
		}
		pass.Report(lint.Finding{
			Node: n, Span: n.Range(t.Start, t.End), Severity: lint.Warning,
			Message: "{{" + t.Text(n.Value) + "}} is an artifact, which has no text to put into a parameter: pass it as an artifact",
		})
	}
}

func quote(s string) string {
	if len(s) > 60 {
		s = s[:60] + "..."
	}
	return `"` + s + `"`
}
