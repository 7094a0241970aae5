package policies

import (
	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/page"
)

func parameterNames(r *lint.Rule) []string {
	var all []string
	for _, p := range page.Parameters(r.Parameters) {
		all = append(all, p.Name)
	}
	return all
}

// parameterDoc is the sentence about the parameter that a node is, or is in.
func parameterDoc(r *lint.Rule, n *manifest.Node) string {
	for ; n != nil; n = n.Parent {
		for _, p := range page.Parameters(r.Parameters) {
			if n.Key != nil && n.Key.Value == p.Name {
				return p.Doc
			}
		}
	}
	return "see tiphys explain " + r.Name
}
