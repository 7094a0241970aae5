// Package metricnameinvalid finds names of metrics that Prometheus cannot have.
package metricnameinvalid

import (
	_ "embed"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/names"
)

//go:embed metric-name-invalid.txtar
var page string

// Rule is the metric-name-invalid rule: docs/argo.md J 163, M 198. Outside
// of templates Argo only logs it: a warning.
var Rule = &lint.Rule{Name: "metric-name-invalid", Severity: lint.Error, Topic: "metric", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, m := range pass.Workflow.Metrics() {
		name := m.Name.Text()
		if strings.Contains(name, "{{") || m.Name != nil && !m.Name.Scalar() {
			continue
		}
		f := lint.Finding{Node: m.Name}
		reason, at, ok := names.Metric(name)
		switch {
		case ok:
			continue
		case name == "":
			f.Message = m.Title() + " has no name"
			f.Node = m.Anchor()
		default:
			_, size := utf8.DecodeRuneInString(name[at:])
			f.Span = m.Name.Range(at, at+size)
			f.Message = fmt.Sprintf("metric name %q %s", name, reason)
			f.Fix = fix(m.Name)
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

// mended puts underscores in place of what a name cannot hold.
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
