// Package tagrootunknown finds tags that are misspelt so far that Argo does not
// take them for its own.
package tagrootunknown

import (
	_ "embed"
	"fmt"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/scope"
)

//go:embed tag-root-unknown.txtar
var page string

// Rule is the tag-root-unknown rule: docs/argo.md N, tag-typo-root. Tags of
// other languages, which only pass through Argo, are none of its concern.
var Rule = &lint.Rule{Name: "tag-root-unknown", Severity: lint.Warning, Topic: "tag", Page: page, Run: run}

// most is how many tags of one text are reported: who has more of them
// wants to see the first ones.
const most = 10

func run(pass *lint.Pass) {
	uses := pass.Tags().Uses
	var last *manifest.Node
	found := 0
	for i := range uses {
		u := &uses[i]
		if u.State != scope.Unchecked || u.Expr {
			continue
		}
		hint := meant(u)
		if hint == "" {
			continue
		}
		if u.Node != last {
			last, found = u.Node, 0
		}
		if found++; found > most {
			continue
		}
		f := lint.Finding{Node: u.Node, Span: u.Node.Range(u.From, u.To)}
		f.Message = fmt.Sprintf("{{%s}} is no variable of Argo, which leaves it as it is; did you mean {{%s}}?", u.Name, hint)
		if n := u.Node; n.Key != nil || n.Parent != nil && n.Parent.Kind == manifest.List {
			f.Fix = &lint.Fix{Message: "write {{" + hint + "}}", Edits: []lint.Edit{{Node: n, Value: n.Value[:u.From] + "{{" + hint + "}}" + n.Value[u.To:]}}}
		}
		pass.Report(f)
	}
}
