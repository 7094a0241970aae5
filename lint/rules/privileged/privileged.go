// Package privileged finds containers that own the node they run on.
package privileged

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/pod"
)

//go:embed privileged.txtar
var page string

// Rule is the privileged rule. Argo and most clusters let it pass.
var Rule = &lint.Rule{Name: "privileged", Severity: lint.Warning, Topic: "security", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		if len(t.Containers) == 0 {
			continue
		}
		p := pod.Of(t)
		for c := range p.Containers() {
			if n := c.At("securityContext", "privileged"); n.True() {
				place, span := p.Place(n)
				pass.Report(lint.Finding{Node: place, Span: span, Message: c.Title() +
					" is privileged: it is root on the node, with all that runs there; remove it, or add the one capability that is needed"})
			}
		}
	}
}
