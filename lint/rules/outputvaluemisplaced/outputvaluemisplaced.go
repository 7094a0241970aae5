// Package outputvaluemisplaced finds output parameters whose value comes from
// where their template has none.
package outputvaluemisplaced

import (
	_ "embed"
	"slices"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed output-value-misplaced.txtar
var page string

// Rule is the output-value-misplaced rule: docs/argo.md I 157 158 159.
var Rule = &lint.Rule{Name: "output-value-misplaced", Severity: lint.Error, Topic: "output", Page: page, Run: run}

// sources are what an output may come from, by type of template; of other
// types Argo asks nothing.
var sources = map[workflow.Type][]string{
	workflow.TypeContainer:    {"path"},
	workflow.TypeContainerSet: {"path"},
	workflow.TypeScript:       {"path"},
	workflow.TypeResource:     {"jqFilter", "jsonPath"},
	workflow.TypeSteps:        {"parameter", "expression"},
	workflow.TypeDAG:          {"parameter", "expression"},
}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		allowed := sources[t.Type]
		for _, p := range t.Outputs.Parameters {
			if len(allowed) > 0 && p.Value == nil {
				check(pass, t, p, allowed)
			}
		}
	}
}

// check looks at the one source there is; none and two are for other rules.
func check(pass *lint.Pass, t *workflow.Template, p *workflow.Parameter, allowed []string) {
	var found []*manifest.Node
	for _, f := range p.ValueFrom.Fields() {
		switch f.Key.Value {
		case "path", "jqFilter", "jsonPath", "parameter", "expression":
			if f.Text() != "" {
				found = append(found, f)
			}
		case "supplied":
			if f.Set() {
				found = append(found, f)
			}
		}
	}
	if len(found) != 1 || slices.Contains(allowed, found[0].Key.Value) {
		return
	}
	f := lint.Finding{Node: found[0].Key, Path: found[0].Path()}
	f.Message = "valueFrom." + found[0].Key.Value + " does not work in a " + t.Type.String() + " template: output parameter \"" + p.Name.Text() + "\" needs valueFrom." + allowed[0]
	if len(allowed) > 1 {
		f.Message += " or valueFrom." + allowed[1]
	}
	pass.Report(f)
}
