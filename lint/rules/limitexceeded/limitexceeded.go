// Package limitexceeded finds lists that are longer than the full CRDs allow.
package limitexceeded

import (
	_ "embed"
	"fmt"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed limit-exceeded.txtar
var page string

// Rule is the limit-exceeded rule: docs/argo.md M 179 183 196 198.
var Rule = &lint.Rule{Name: "limit-exceeded", Severity: lint.Warning, Topic: "workflow", Page: page, Run: run}

// What the full CRDs allow.
const (
	maxTemplates  = 200
	maxParameters = 500
	maxTasks      = 200
	maxMetrics    = 100
)

func run(pass *lint.Pass) {
	w := pass.Workflow
	check(pass, w.Spec.Get("templates"), maxTemplates, "the workflow has %d templates, more than the %d that API servers with Argo's full CRDs accept: move some to a WorkflowTemplate")
	parameters(pass, w.Arguments)
	metrics(pass, w.Spec)
	if w.Defaults != nil {
		metrics(pass, w.Defaults.Node)
	}
	for _, t := range w.All {
		parameters(pass, t.Inputs)
		metrics(pass, t.Node)
		if t.Type == workflow.TypeDAG {
			check(pass, t.Body.Get("tasks"), maxTasks, "the DAG has %d tasks, more than the %d that API servers with Argo's full CRDs accept: move some to a DAG of their own, or use withItems")
		}
		for _, c := range t.Calls {
			parameters(pass, c.Arguments)
		}
	}
}

func parameters(pass *lint.Pass, a workflow.Arguments) {
	check(pass, a.Node.Get("parameters"), maxParameters, "there are %d parameters, more than the %d that API servers with Argo's full CRDs accept: pass some as one JSON value or as an artifact")
}

func metrics(pass *lint.Pass, n *manifest.Node) {
	check(pass, n.At("metrics", "prometheus"), maxMetrics, "there are %d metrics, more than the %d that API servers with Argo's full CRDs accept")
}

func check(pass *lint.Pass, list *manifest.Node, most int, format string) {
	if n := len(list.Items()); n > most {
		pass.Report(lint.Finding{Node: list.Key, Path: list.Path(), Message: fmt.Sprintf(format, n, most)})
	}
}
