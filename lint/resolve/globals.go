package resolve

import (
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/expr"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// mostGlobals bounds the names that are kept of a template.
const mostGlobals = 100

// globalsOf returns the names under workflow. that Argo looks up when it looks
// at a template and that not every workflow has: "parameters.region". What
// callers fill in, the values and places of inputs, is not looked at.
func globalsOf(t *workflow.Template) []string {
	var out []string
	note := func(text string) {
		for tag := range expr.Tags(text) {
			name, ok := strings.CutPrefix(tag.Text(text), "workflow.")
			if !ok || tag.Expression || tag.Unclosed || !varies(name) {
				continue
			}
			if !slices.Contains(out, name) && len(out) < mostGlobals {
				out = append(out, name)
			}
		}
	}
	for _, f := range t.Node.Fields() {
		switch {
		case f.Key.Value == "inputs":
			if t.Type != workflow.TypeSteps && t.Type != workflow.TypeDAG {
				for _, p := range t.Inputs.Parameters {
					eachText(p.Default, note)
				}
			}
		case t.Type != workflow.TypeSteps && t.Type != workflow.TypeDAG, f == t.Body, f.Key.Value == "outputs":
			eachText(f, note)
		}
	}
	return out
}

// varies reports whether a name is there in some workflows only.
func varies(name string) bool {
	kind, key, dotted := strings.Cut(name, ".")
	switch kind {
	case "parameters":
		return true
	case "labels", "annotations":
		return dotted && key != "json"
	}
	return name == "priority" || name == "failures"
}

// eachText calls f for every scalar and key from n down that may hold a tag.
func eachText(n *manifest.Node, f func(string)) {
	if n == nil {
		return
	}
	if n.Scalar() && strings.Contains(n.Value, "{{") {
		f(n.Value)
	}
	for _, c := range n.Items() {
		eachText(c, f)
	}
	for _, c := range n.Fields() {
		if strings.Contains(c.Key.Value, "{{") {
			f(c.Key.Value)
		}
		eachText(c, f)
	}
}
