// Package outputwithoutdependency finds tasks that use what another task gives
// without waiting for it.
package outputwithoutdependency

import (
	_ "embed"
	"fmt"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
)

//go:embed output-without-dependency.txtar
var page string

// Rule is the output-without-dependency rule: docs/argo.md H 142 143,
// and, of N, the uses that Argo does not see.
var Rule = &lint.Rule{Name: "output-without-dependency", Severity: lint.Error, Topic: "dag", Page: page, Run: run}

func run(pass *lint.Pass) {
	a := pass.Tags()
	var at manifest.Mapping // of the last node: one text may hold thousands of tags
	var last *manifest.Node
	for i := range a.Uses {
		u := &a.Uses[i]
		if u.NoDependency == nil || u.Guarded {
			continue
		}
		from := u.NoDependency
		cure := "add it to depends"
		if u.Call.Depends == nil && len(u.Call.Dependencies) > 0 {
			cure = "add it to dependencies"
		}
		if from.Group >= 0 {
			cure = "the steps of one group run at once, move this one to a later group"
		}
		if u.Node != last {
			last, at = u.Node, u.Node.Mapping()
		}
		f := lint.Finding{Node: u.Node, Span: at.Range(u.From, u.To)}
		f.Message = fmt.Sprintf("%s uses %s without waiting for %s: %s", u.Call.Title(), u.Name, from.Title(), cure)
		f.Related = []lint.Related{lint.At(from.Anchor(), "%s is here", from.Title())}
		pass.Report(f)
	}
}
