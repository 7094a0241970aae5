package expressioninvalid

import (
	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/expr"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// binding looks at a WorkflowEventBinding, which is no workflow.
func binding(pass *lint.Pass) {
	o := pass.Object
	if o.Get("kind").Text() != "WorkflowEventBinding" {
		return
	}
	spec := o.Get("spec")
	field(pass, spec.At("event", "selector"), expr.EventBinding)
	for _, p := range spec.At("submit", "arguments", "parameters").Items() {
		field(pass, p.At("valueFrom", "event"), expr.EventBinding)
	}
}

// cron looks at the spec of a CronWorkflow. Its when is a condition, in which
// only the tags are expressions.
func cron(pass *lint.Pass, spec *manifest.Node) {
	field(pass, spec.At("stopStrategy", "expression"), expr.Cron)
	when := spec.Get("when")
	var problems []expr.Problem
	for t := range expr.Tags(when.Text()) {
		if t.Expression && !t.Unclosed {
			problems = append(problems, t.Parse(when.Value, expr.Cron).Problems...)
		}
	}
	report(pass, when, problems)
}

func hooks(pass *lint.Pass, all []*workflow.Hook) {
	for _, h := range all {
		field(pass, h.Expression, expr.Hook)
	}
}

func template(pass *lint.Pass, t *workflow.Template) {
	switch t.Type {
	case workflow.TypeHTTP:
		field(pass, t.Body.Get("successCondition"), expr.HTTP)
	case workflow.TypeData:
		for _, n := range t.Body.Get("transformation").Items() {
			field(pass, n.Get("expression"), expr.Data)
		}
	}
	outputs(pass, t.Outputs)
	for _, c := range t.Calls {
		artifacts(pass, c.Arguments)
		hooks(pass, c.Hooks)
	}
}

func outputs(pass *lint.Pass, a workflow.Arguments) {
	for _, p := range a.Parameters {
		field(pass, p.ValueFrom.Get("expression"), expr.Template)
	}
	artifacts(pass, a)
}

func artifacts(pass *lint.Pass, a workflow.Arguments) {
	for _, f := range a.Artifacts {
		field(pass, f.FromExpression, expr.Template)
	}
}
