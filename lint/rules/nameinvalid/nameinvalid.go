// Package nameinvalid finds names that Argo or the API server refuses.
package nameinvalid

import (
	_ "embed"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/expr"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/names"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed name-invalid.txtar
var page string

// Rule is the name-invalid rule: docs/argo.md B 16 17 18 19 28, C 44,
// E 68 69, F 101, G 119, H 132, I 147 148 152 161, M 181 184 186, and, of N,
// object names as DNS names. That a container's name must be a DNS label is
// the API server's word on its pod.
var Rule = &lint.Rule{Name: "name-invalid", Severity: lint.Error, Topic: "name", Page: page, Object: object, Run: run}

// syntax is one of the functions of package names.
type syntax func(string) (reason string, at int, ok bool)

func run(pass *lint.Pass) {
	w := pass.Workflow
	metadata(pass, w)
	literal(pass, w.Arguments)
	for _, t := range w.Templates {
		// Nothing is substituted in the name of a template, so a tag is no excuse.
		if t.Name.Text() != "" {
			report(pass, t.Name, "template name", names.Template)
		}
	}
	for _, t := range w.All {
		literal(pass, t.Inputs)
		arguments(pass, t.Outputs)
		for _, c := range t.Calls {
			call(pass, c)
			arguments(pass, c.Arguments)
		}
		containers(pass, t)
	}
}

// check reports a name that is there and refused. What a tag will make of it
// is not known.
func check(pass *lint.Pass, n *manifest.Node, what string, is syntax) {
	if n.Text() != "" && !strings.Contains(n.Text(), "{{") {
		report(pass, n, what, is)
	}
}

func report(pass *lint.Pass, n *manifest.Node, what string, is syntax) {
	if n.Kind != manifest.String {
		return
	}
	if reason, _, ok := is(n.Value); !ok {
		pass.Reportf(n, "%s %q %s", what, n, reason)
	}
}

// call checks the name of a step or task, in which only the inputs of its
// template and the variables of the workflow are substituted.
func call(pass *lint.Pass, c *workflow.Call) {
	n := c.Name
	if n.Text() == "" || n.Kind != manifest.String {
		return
	}
	name := n.Value
	for t := range expr.Tags(n.Value) {
		text := t.Text(n.Value)
		if t.Expression || strings.HasPrefix(text, "workflow.") {
			return
		}
		if strings.HasPrefix(text, "inputs.") {
			name = strings.Replace(name, n.Value[t.Start:t.End], "x", 1)
		}
	}
	if reason, _, ok := names.Template(name); !ok {
		pass.Reportf(n, "%s name %q %s", c.Word(), n, reason)
	}
}

// literal checks names in which nothing is substituted.
func literal(pass *lint.Pass, a workflow.Arguments) {
	for _, p := range a.Parameters {
		if expr.Tagged(p.Name.Text()) {
			report(pass, p.Name, "parameter name", names.Parameter)
		}
	}
	for _, p := range a.Artifacts {
		if expr.Tagged(p.Name.Text()) {
			report(pass, p.Name, "artifact name", names.Artifact)
		}
	}
	arguments(pass, a)
}

func arguments(pass *lint.Pass, a workflow.Arguments) {
	for _, p := range a.Parameters {
		check(pass, p.Name, "parameter name", names.Parameter)
		check(pass, p.GlobalName, "globalName", names.Parameter)
	}
	for _, p := range a.Artifacts {
		check(pass, p.Name, "artifact name", names.Artifact)
		check(pass, p.GlobalName, "globalName", names.Artifact)
	}
}

func containers(pass *lint.Pass, t *workflow.Template) {
	for _, c := range t.Containers {
		switch {
		case c.Role == workflow.Main && t.Type == workflow.TypeContainerSet:
			check(pass, c.Name, "container name", names.Label)
		case c.Role == workflow.Init:
			check(pass, c.Name, "init container name", names.Label)
		case c.Role == workflow.Sidecar:
			check(pass, c.Name, "sidecar name", names.Label)
		}
	}
}
