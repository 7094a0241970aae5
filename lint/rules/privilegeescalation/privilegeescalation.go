// Package privilegeescalation finds containers whose programs may become more
// than they were started as.
package privilegeescalation

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/pod"
)

//go:embed privilege-escalation.txtar
var page string

// Rule is the privilege-escalation rule. It speaks only where somebody wrote
// it: Kubernetes' default is the same, but root-user is the better word there.
var Rule = &lint.Rule{Name: "privilege-escalation", Severity: lint.Info, Topic: "security", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		if len(t.Containers) == 0 {
			continue
		}
		p := pod.Of(t)
		for c := range p.Containers() {
			n := c.At("securityContext", "allowPrivilegeEscalation")
			if n.True() && !c.At("securityContext", "privileged").True() {
				place, span := p.Place(n)
				pass.Report(lint.Finding{Node: place, Span: span, Message: c.Title() +
					" allows privilege escalation: a program in it may become root with sudo or a setuid file; write allowPrivilegeEscalation: false unless it must"})
			}
		}
	}
}
