// Package fanoutunlimited finds loops that start all their pods at once.
package fanoutunlimited

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

var (
	//go:embed fan-out-unlimited.txtar
	page string
	//go:embed parameters.json
	parameters string
)

// Rule is the fan-out-unlimited rule. Argo has no opinion on it.
var Rule = &lint.Rule{Name: "fan-out-unlimited", Severity: lint.Warning, Topic: "loop", Page: page, Parameters: parameters, Run: run}

// many is how many items of a loop may run side by side without a limit, unless a
// policy says otherwise.
const many = 50

func run(pass *lint.Pass) {
	w := pass.Workflow
	if w.Spec.Get("parallelism").Set() {
		return
	}
	if w.Defaults != nil && w.Defaults.Node.Get("parallelism").Set() {
		return
	}
	for _, t := range w.All {
		if len(t.Calls) == 0 || t.Node.Get("parallelism").Set() {
			continue
		}
		for _, c := range t.Calls {
			if c.Loops() && !guarded(w, c) {
				check(pass, t, c)
			}
		}
	}
}

// guarded reports whether what is called has a lock of its own.
func guarded(w *workflow.Workflow, c *workflow.Call) bool {
	t := c.Inline
	if t == nil && c.Ref == nil {
		t = w.Template(c.Template.Text())
	}
	return t != nil && t.Node.Get("synchronization").Set()
}

func check(pass *lint.Pass, t *workflow.Template, c *workflow.Call) {
	n, at, known := items(c)
	f := lint.Finding{Node: at.Key, Path: at.Path()}
	switch {
	case !known:
		f.Severity = lint.Info
		f.Message = fmt.Sprintf("%s runs all items of its list at once, however many there are", c.Title())
	case n > pass.Number("max", many):
		f.Message = fmt.Sprintf("%s runs %d items at once", c.Title(), n)
	default:
		return
	}
	if pass.Workflow.IsLibrary() {
		f.Severity = lint.Info // spec.parallelism of the caller may limit it
	}
	f.Message += ": set parallelism on " + t.Title() + " or in the spec"
	pass.Report(f)
}

// items returns how many items a loop has, with the field that says so. It is
// not known for lists that are made when the workflow runs.
func items(c *workflow.Call) (n int, at *manifest.Node, known bool) {
	switch {
	case len(c.WithItems.Items()) > 0:
		return len(c.WithItems.Items()), c.WithItems, true
	case c.WithParam.Text() != "":
		var list []json.RawMessage
		if !strings.Contains(c.WithParam.Text(), "{{") {
			_ = json.Unmarshal([]byte(c.WithParam.Text()), &list) // no list: with-param-invalid
			return len(list), c.WithParam, true
		}
		return 0, c.WithParam, false
	}
	s := c.WithSequence
	number := func(name string) int {
		i, err := strconv.Atoi(s.Get(name).Text())
		if err != nil {
			return 0
		}
		return i
	}
	for _, f := range s.Fields() {
		if strings.Contains(f.Text(), "{{") && f.Key.Value != "format" {
			return 0, s, false
		}
	}
	if s.Get("end").Set() {
		d := number("end") - number("start")
		return max(d, -d) + 1, s, true
	}
	return number("count"), s, true
}
