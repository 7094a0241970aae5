// Package capabilityadded finds containers with capabilities that lead out of
// them.
package capabilityadded

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/pod"
)

//go:embed capability-added.txtar
var page string

// Rule is the capability-added rule. Argo and most clusters let it pass.
var Rule = &lint.Rule{Name: "capability-added", Severity: lint.Warning, Topic: "security", Page: page, Run: run}

// dangers are what the capabilities give that lead out of a container.
var dangers = map[string]string{
	"ALL":             "every right that root has",
	"SYS_ADMIN":       "nearly every right that root has, mounting the node's disks included",
	"SYS_MODULE":      "loading code into the kernel",
	"SYS_PTRACE":      "reading the memory of other programs",
	"SYS_RAWIO":       "writing to the node's memory and disks",
	"SYS_BOOT":        "restarting the node",
	"DAC_READ_SEARCH": "reading every file of the node",
	"NET_ADMIN":       "changing the network of the pod",
	"BPF":             "watching the kernel at work",
	"PERFMON":         "watching the kernel at work",
	"SYSLOG":          "reading the kernel's log",
	"MAC_ADMIN":       "changing the node's security policy",
}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		if len(t.Containers) == 0 {
			continue
		}
		p := pod.Of(t)
		for c := range p.Containers() {
			for _, n := range c.At("securityContext", "capabilities", "add").Items() {
				name := strings.TrimPrefix(strings.ToUpper(n.Text()), "CAP_")
				gives, ok := dangers[name]
				if !ok {
					continue
				}
				place, span := p.Place(n)
				pass.Report(lint.Finding{Node: place, Span: span, Message: fmt.Sprintf(
					"capability %s gives %s %s; leave it out, or run this step where nothing else runs", n, c.Title(), gives)})
			}
		}
	}
}
