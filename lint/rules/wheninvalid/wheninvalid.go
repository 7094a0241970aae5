// Package wheninvalid finds conditions that Argo cannot read.
package wheninvalid

import (
	_ "embed"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/expr/when"
	"github.com/tiphys-dev/tiphys/lint/manifest"
)

//go:embed when-invalid.txtar
var page string

// Rule is the when-invalid rule: docs/argo.md K 176, N.
var Rule = &lint.Rule{Name: "when-invalid", Severity: lint.Error, Topic: "expression", Page: page, Run: run}

func run(pass *lint.Pass) {
	w := pass.Workflow
	check(pass, w.Cron.Get("when"), lint.Error)
	for _, t := range w.All {
		for _, c := range t.Calls {
			check(pass, c.When, lint.Error)
		}
	}
	for _, m := range w.Metrics() {
		check(pass, m.Node.Get("when"), lint.Warning) // Argo logs it and goes on
	}
}

// most is how many problems of one text are reported: who has more of them
// wants to see the first ones.
const most = 10

func check(pass *lint.Pass, n *manifest.Node, severity lint.Severity) {
	if n.Text() == "" || n.Kind != manifest.String {
		return
	}
	problems := when.Check(n.Value)
	for _, p := range problems[:min(len(problems), most)] {
		f := lint.Finding{Node: n, Span: n.Range(p.From, p.To), Severity: severity, Message: p.Message}
		if p.Suspicious || strings.Contains(n.Value[p.From:p.To], "{{") {
			f.Severity = lint.Warning // the value of a tag may mend it
		}
		if p.Instead != "" {
			f.Fix = &lint.Fix{Message: "write " + p.Instead, Edits: []lint.Edit{{Node: n, Value: n.Value[:p.From] + p.Instead + n.Value[p.To:]}}}
		}
		pass.Report(f)
	}
}
