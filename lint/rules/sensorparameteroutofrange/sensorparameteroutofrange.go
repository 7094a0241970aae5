// Package sensorparameteroutofrange finds parameters of Sensor triggers that
// write behind the end of a list.
package sensorparameteroutofrange

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed sensor-parameter-out-of-range.txtar
var page string

// Rule is the sensor-parameter-out-of-range rule: docs/argo.md, kinds.
var Rule = &lint.Rule{Name: "sensor-parameter-out-of-range", Severity: lint.Warning, Topic: "sensor", Page: page, Run: run}

func run(pass *lint.Pass) {
	w := pass.Workflow
	var all []*manifest.Node
	for _, field := range []string{"argoWorkflow", "k8s"} {
		if t := w.Trigger.At("template", field); w.Root != nil && w.Root == t.At("source", "resource") {
			for _, p := range t.Get("parameters").Items() {
				if d := p.Get("dest"); d.Text() != "" && d.Kind == manifest.String && !strings.Contains(d.Value, `\`) {
					all = append(all, d)
				}
			}
		}
	}
	written := make(map[string]bool, len(all))
	for _, d := range all {
		written[d.Value] = true
	}
	for _, d := range all {
		dest(pass, w, d, written)
	}
}

// dest follows a path such as spec.arguments.parameters.0.value.
func dest(pass *lint.Pass, w *workflow.Workflow, d *manifest.Node, written map[string]bool) {
	at, from := w.Root, 0
	for rest, more := d.Value, true; more && at != nil; {
		var name string
		name, rest, more = strings.Cut(rest, ".")
		to := from + len(name)
		if at.Kind != manifest.List {
			at, from = at.Get(name), to+1
			continue
		}
		i, err := strconv.Atoi(name)
		if err != nil || i < 0 {
			return // -1 appends
		}
		have := len(at.Children)
		if i < have {
			at, from = at.Children[i], to+1
			continue
		}
		// One item more is fine if it is whole: a word, or an object with its name.
		if i == have && (!more || written[d.Value[:to]+".name"]) {
			return
		}
		what := "what the Sensor appends has no name, and Argo refuses the workflow"
		if i > have {
			what = "the Sensor fills the gap with nulls, and Argo refuses the workflow"
		}
		pass.Report(lint.Finding{
			Node: d, Span: d.Range(from, to),
			Message: fmt.Sprintf("dest writes to item %d of %s, which has %s: %s", i, d.Value[:max(from-1, 0)], items(have), what),
			Related: []lint.Related{lint.At(at, "the list is here")},
		})
		return
	}
}

func items(n int) string {
	switch n {
	case 0:
		return "no item"
	case 1:
		return "one item, number 0"
	}
	return fmt.Sprintf("%d items, number 0 to %d", n, n-1)
}
