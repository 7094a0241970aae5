// Package expressioninvalid finds expressions that cannot be evaluated: those
// in tags, {{=...}}, and the fields that are expressions.
package expressioninvalid

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/expr"
	"github.com/tiphys-dev/tiphys/lint/manifest"
)

//go:embed expression-invalid.txtar
var page string

// Rule is the expression-invalid rule: docs/argo.md N, and the last
// section but one of docs/argo.md.
var Rule = &lint.Rule{Name: "expression-invalid", Severity: lint.Error, Topic: "expression", Page: page, Run: run, Object: binding}

func run(pass *lint.Pass) {
	var last *manifest.Node
	found := 0
	for _, e := range pass.Tags().Expressions {
		if e.Node != last {
			last, found = e.Node, 0
		}
		if found < most {
			report(pass, e.Node, e.Problems)
		}
		found += len(e.Problems)
	}
	w := pass.Workflow
	cron(pass, w.Cron)
	for _, f := range w.Spec.At("workflowMetadata", "labelsFrom").Fields() {
		field(pass, f.Get("expression"), expr.LabelsFrom)
	}
	for _, r := range w.Retries() {
		field(pass, r.Get("expression"), expr.Retry)
	}
	hooks(pass, w.Hooks)
	for _, t := range w.All {
		template(pass, t)
	}
}

// most is how many problems of one text are reported: who has more of them
// wants to see the first ones.
const most = 10

// field looks at a field that is an expression as a whole.
func field(pass *lint.Pass, n *manifest.Node, env expr.Env) {
	if n.Text() != "" && n.Kind == manifest.String {
		report(pass, n, expr.Parse(n.Value, env).Problems)
	}
}

func report(pass *lint.Pass, n *manifest.Node, problems []expr.Problem) {
	for _, p := range problems[:min(len(problems), most)] {
		f := lint.Finding{Node: n, Span: n.Range(p.From, p.To), Message: p.Message}
		switch {
		case p.Kind == expr.TooLong:
			f.Severity = lint.Info
		case p.Suspicious:
			f.Severity = lint.Warning
		}
		if p.Instead != "" && n.Parent != nil && (n.Key != nil || n.Parent.Kind == manifest.List) {
			f.Fix = &lint.Fix{Message: "write " + p.Instead, Edits: []lint.Edit{{Node: n, Value: n.Value[:p.From] + p.Instead + n.Value[p.To:]}}}
		}
		pass.Report(f)
	}
}
