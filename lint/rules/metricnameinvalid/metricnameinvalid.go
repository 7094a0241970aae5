// Package metricnameinvalid finds names of metrics that Prometheus can not have.
package metricnameinvalid

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
)

//go:embed metric-name-invalid.txtar
var page string

// Rule is the metric-name-invalid rule: shared/argo/rules.md J 163, M 198. Outside
// of templates Argo only logs it: a warning.
var Rule = &lint.Rule{Name: "metric-name-invalid", Severity: lint.Error, Topic: "metric", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, m := range pass.Workflow.Metrics() {
		name := m.Name.Text()
		if strings.Contains(name, "{{") || m.Name != nil && !m.Name.Scalar() {
			continue
		}
		f := lint.Finding{Node: m.Name}
		switch {
		case name == "":
			f.Message = m.Title() + " has no name"
			f.Node = m.Anchor()
		case !valid(name):
			f.Message = fmt.Sprintf("metric name %q has more in it than letters, digits and underscores, or begins with a digit; write %q", name, mended(name))
			f.Fix = fix(m.Name)
		default:
			continue
		}
		if m.Template == nil {
			f.Severity = lint.Warning
		}
		pass.Report(f)
	}
}

func fix(name *manifest.Node) *lint.Fix {
	want := mended(name.Text())
	return &lint.Fix{Message: "write " + want, Edits: []lint.Edit{{Node: name, Value: want}}}
}

func valid(name string) bool { return name == mended(name) }

// mended puts underscores in place of what a name can not hold.
func mended(name string) string {
	out := strings.Map(func(r rune) rune {
		if r == '_' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return '_'
	}, name)
	if out[0] >= '0' && out[0] <= '9' {
		return "_" + out
	}
	return out
}
