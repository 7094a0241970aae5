// Package dagunknowndependency finds dependencies on tasks that do not exist.
package dagunknowndependency

import (
	_ "embed"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/names"
	"github.com/tiphys-dev/tiphys/lint/near"
)

//go:embed dag-unknown-dependency.txtar
var page string

// Rule is the dag-unknown-dependency rule: docs/argo.md H 130.
var Rule = &lint.Rule{Name: "dag-unknown-dependency", Severity: lint.Error, Topic: "dag", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		var tasks []string
		var at manifest.Mapping // of the last node: one depends may name thousands of tasks
		var last *manifest.Node
		for _, c := range t.Calls {
			for _, n := range c.Needs {
				if t.Call(n.Task) != nil || strings.Contains(n.Task, "{{") {
					continue
				}
				if tasks == nil {
					for _, o := range t.Calls {
						tasks = append(tasks, o.Name.Text())
					}
				}
				if n.Node != last {
					last, at = n.Node, n.Node.Mapping()
				}
				f := lint.Finding{Node: n.Node, Span: at.Range(n.From, n.To)}
				f.Message = c.Title() + " depends on \"" + n.Task + "\", which is not a task of " + t.Title()
				if hint, ok := near.Name(n.Task, tasks); ok {
					f.Message += "; did you mean \"" + hint + "\"?"
					if _, _, ok := names.Template(hint); ok { // depends cannot hold any other name
						f.Fix = &lint.Fix{Message: "write " + hint, Edits: []lint.Edit{{Node: n.Node, Value: n.Node.Value[:n.From] + hint + n.Node.Value[n.To:]}}}
					}
				}
				pass.Report(f)
			}
		}
	}
}
