package durationinvalid

import (
	"strconv"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/expr"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// passed reports the bare numbers that reach a timeout through a tag: Argo looks
// at it with each call anew, after all is substituted.
func passed(pass *lint.Pass) {
	w := pass.Workflow
	inputs := map[*workflow.Template]string{}
	for _, t := range w.All {
		limit := t.Node.Get("timeout")
		name := only(limit.Text())
		if global, ok := strings.CutPrefix(name, "workflow.parameters."); ok {
			bare(pass, value(w.Arguments, global))
		} else if input, ok := strings.CutPrefix(name, "inputs.parameters."); ok {
			inputs[t] = input
		}
	}
	if len(inputs) == 0 {
		return
	}
	for list := range w.Passed() {
		var t *workflow.Template
		switch {
		case list.Hook != nil || list.Call == nil && w.IsLibrary():
			continue
		case list.Call == nil:
			t = w.Template(w.Entrypoint.Text())
		case list.Call.Inline != nil:
			t = list.Call.Inline
		default:
			t = w.Template(list.Call.Template.Text())
		}
		if name, ok := inputs[t]; ok {
			n := value(*list.Arguments, name)
			if n == nil {
				if n = value(t.Inputs, name); bare(pass, n) {
					delete(inputs, t) // say it once
				}
				continue
			}
			bare(pass, n)
		}
	}
}

// only returns the variable that is the whole of s, or "".
func only(s string) string {
	for t := range expr.Tags(s) {
		if t.Start == 0 && t.End == len(s) && !t.Expression {
			return t.Text(s)
		}
		break
	}
	return ""
}

// value returns the value, or the default, of the parameter of that name.
func value(a workflow.Arguments, name string) *manifest.Node {
	for _, p := range a.Parameters {
		if p.Name.Text() != name {
			continue
		}
		if p.Value.Set() {
			return p.Value
		}
		return p.Default
	}
	return nil
}

func bare(pass *lint.Pass, n *manifest.Node) bool {
	text := workflow.ValueText(n)
	if _, err := strconv.Atoi(text); n == nil || err != nil {
		return false
	}
	pass.Report(lint.Finding{
		Node: n, Message: "the timeout that is made of it has no unit, as in " + strconv.Quote(text+"s") + ", and Argo refuses the template",
		Fix: &lint.Fix{Message: "write " + text + "s", Edits: []lint.Edit{{Node: n, Value: text + "s"}}},
	})
	return true
}
