// Package volumeduplicate finds volumes that are declared twice.
package volumeduplicate

import (
	_ "embed"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
)

//go:embed volume-duplicate.txtar
var page string

// Rule is the volume-duplicate rule: docs/argo.md N. Argo takes the
// first volume of a name, and those of a template before those of the spec.
var Rule = &lint.Rule{Name: "volume-duplicate", Severity: lint.Warning, Topic: "volume", Page: page, Run: run}

func run(pass *lint.Pass) {
	w := pass.Workflow
	var names []*manifest.Node
	for _, v := range w.Spec.Get("volumes").Items() {
		names = append(names, v.Get("name"))
	}
	for _, c := range w.Spec.Get("volumeClaimTemplates").Items() {
		names = append(names, c.At("metadata", "name"))
	}
	check(pass, names, "spec")
	for _, t := range w.All {
		names = names[:0]
		for _, v := range t.Node.Get("volumes").Items() {
			names = append(names, v.Get("name"))
		}
		if len(names) > 1 {
			check(pass, names, t.Title())
		}
	}
}

func check(pass *lint.Pass, names []*manifest.Node, where string) {
	first := make(map[string]*manifest.Node, len(names))
	for _, n := range names {
		name := n.Text()
		switch {
		case name == "" || strings.Contains(name, "{{"):
		case first[name] == nil:
			first[name] = n
		default:
			pass.Report(lint.Finding{
				Node:    n,
				Message: `volume "` + name + `" is declared twice in ` + where + ": the first one is mounted, this one is forgotten",
				Related: []lint.Related{lint.At(first[name], "the first one")},
			})
		}
	}
}
