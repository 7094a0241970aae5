// Package secretasparameter finds parameters that carry credentials.
package secretasparameter

import (
	_ "embed"
	"fmt"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/credential"
	"github.com/tiphys-dev/tiphys/lint/expr"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed secret-as-parameter.txtar
var page string

// Rule is the secret-as-parameter rule. Argo looks at no name: docs/argo.md N.
var Rule = &lint.Rule{Name: "secret-as-parameter", Severity: lint.Warning, Topic: "security", Page: page, Run: run}

// run reports each name once, where it is first declared: what passes it on
// cannot be mended but there.
func run(pass *lint.Pass) {
	w := pass.Workflow
	c := checker{pass: pass}
	c.list("workflow parameter", w.Arguments.Parameters)
	for _, t := range w.All {
		c.list("input parameter", t.Inputs.Parameters)
		c.list("output parameter", t.Outputs.Parameters)
	}
}

type checker struct {
	pass *lint.Pass
	seen map[string]bool
}

func (c *checker) list(what string, all []*workflow.Parameter) {
	for _, p := range all {
		name := p.Name.Text()
		if credential.Named(name) != credential.Value || c.seen[name] || setting(p) {
			continue
		}
		if c.seen == nil {
			c.seen = map[string]bool{}
		}
		c.seen[name] = true
		if literal(p.Value) || literal(p.Default) {
			continue // secret-literal speaks of it
		}
		c.pass.Report(lint.Finding{Node: p.Name, Message: fmt.Sprintf(
			"%s %q carries a credential: Argo shows parameters in its UI and keeps them in the workflow's status; read it from a Secret where it is needed, with env valueFrom.secretKeyRef", what, name)})
	}
}

// setting reports whether the value shows that the parameter is no credential
// but says where one is, or whether there is one.
func setting(p *workflow.Parameter) bool {
	for _, v := range []*manifest.Node{p.Value, p.Default} {
		if v.Text() != "" && !tagged(v) && !literal(v) {
			return true
		}
	}
	return p.Enum.Set()
}

func literal(v *manifest.Node) bool {
	return v.Scalar() && credential.Literal(credential.Value, v.Value)
}

func tagged(v *manifest.Node) bool { return expr.Tagged(v.Text()) }
