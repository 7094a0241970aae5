// Package dagtargetunknown finds targets of a DAG that are no tasks.
package dagtargetunknown

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/expr"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed dag-target-unknown.txtar
var page string

// Rule is the dag-target-unknown rule: docs/argo.md H 139.
var Rule = &lint.Rule{Name: "dag-target-unknown", Severity: lint.Error, Topic: "dag", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		if t.Type != workflow.TypeDAG {
			continue
		}
		if target := t.Body.Get("target"); target.Text() != "" && target.Kind == manifest.String {
			names(pass, t, target)
			filled(pass, t, target)
		}
	}
}

// most is how many targets of one DAG are reported: who has more of them
// wants to see the first ones.
const most = 10

// names looks at the targets one by one. Argo cuts them at every single space.
func names(pass *lint.Pass, t *workflow.Template, target *manifest.Node) {
	var have []string
	blank, found := false, 0
	for from, rest, more := 0, masked(target.Value), true; more; {
		var name string
		name, rest, more = strings.Cut(rest, " ")
		to := from + len(name)
		switch {
		case t.Call(name) != nil || strings.Contains(name, tag):
		case strings.TrimSpace(name) != "":
			if have == nil {
				have = tasks(t)
			}
			if found++; found > most {
				return
			}
			unknown(pass, t, target, from, to, have)
		case !blank:
			blank = true
			pass.ReportRange(target, max(from-1, 0), min(to+1, len(target.Value)), "a space too many: Argo looks for a task without a name here; write one space between tasks")
		}
		from = to + len(" ")
	}
}

func tasks(t *workflow.Template) []string {
	names := make([]string, 0, len(t.Calls))
	for _, c := range t.Calls {
		names = append(names, c.Name.Text())
	}
	return names
}

// filled looks at a target that is one parameter of the workflow: Argo looks
// for tasks after it has put the value in its place.
func filled(pass *lint.Pass, t *workflow.Template, target *manifest.Node) {
	for tag := range expr.Tags(target.Value) {
		name, ok := strings.CutPrefix(tag.Text(target.Value), "workflow.parameters.")
		p := pass.Workflow.Arguments.Parameter(name)
		if !ok || tag.Expression || tag.Start > 0 || tag.End < len(target.Value) || p == nil || expr.Tagged(p.Value.Text()) {
			return
		}
		if p.Value == nil {
			pass.Reportf(target, "target {{workflow.parameters.%s}} has no value when Argo looks for its tasks: give the parameter a value that names tasks", name)
			return
		}
		for _, task := range strings.Split(workflow.ValueText(p.Value), " ") {
			if t.Call(task) == nil {
				pass.Reportf(target, "target {{workflow.parameters.%s}} is %q, which is not a task of %s", name, task, t.Title())
				return
			}
		}
	}
}

// tag stands in place of each byte of a tag, whose spaces do not part targets.
const tag = "\x00"

func masked(s string) string {
	if !expr.Tagged(s) {
		return s
	}
	b := []byte(s)
	for t := range expr.Tags(s) {
		for i := t.Start; i < t.End; i++ {
			b[i] = tag[0]
		}
	}
	return string(b)
}

func unknown(pass *lint.Pass, t *workflow.Template, target *manifest.Node, from, to int, have []string) {
	name := target.Value[from:to]
	f := lint.Finding{Node: target, Span: target.Range(from, to)}
	f.Message = fmt.Sprintf("target %q is not a task of %s", name, t.Title())
	if strings.ContainsAny(name, ",;\n\t") {
		f.Message += "; write one space between tasks"
	} else if hint, ok := near.Name(name, have); ok {
		f.Message += fmt.Sprintf("; did you mean %q?", hint)
		f.Fix = &lint.Fix{Message: "write " + hint, Edits: []lint.Edit{{Node: target, Value: target.Value[:from] + hint + target.Value[to:]}}}
	}
	pass.Report(f)
}
