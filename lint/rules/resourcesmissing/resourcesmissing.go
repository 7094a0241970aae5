// Package resourcesmissing finds containers that do not say what they need.
package resourcesmissing

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/pod"
)

var (
	//go:embed resources-missing.txtar
	page string
	//go:embed parameters.json
	parameters string
)

// Rule is the resources-missing rule: docs/argo.md N, "resource limits set".
var Rule = &lint.Rule{Name: "resources-missing", Severity: lint.Warning, Topic: "reliability", Page: page, Parameters: parameters, Run: run}

// usual is what a container needs unless a policy says otherwise. A limit on cpu
// only slows a container down.
var usual = []string{"requests.cpu", "requests.memory", "limits.memory"}

func run(pass *lint.Pass) {
	require := pass.Texts("require")
	asked := require != nil
	if !asked {
		require = usual
	}
	for _, t := range pass.Workflow.All {
		if len(t.Containers) == 0 {
			continue
		}
		p := pod.Of(t)
		if p.Open {
			if asked { // a tag in a patch must not be a way round
				pass.Reportf(t.Anchor(), "what the containers of %s need cannot be told before the tags of podSpecPatch are filled in; write resources in the template, and tags only inside of strings", t.Title())
			}
			continue
		}
		for c := range p.Containers() {
			if what, unrequested := missing(&p, c, require); what != "" {
				pass.Report(lint.Finding{Node: c.Anchor(), Message: fmt.Sprintf("%s has no %s: %s; write resources, here or for all in templateDefaults",
					c.Title(), what, why(what, unrequested))})
			}
		}
	}
}

func why(what, unrequested string) string {
	switch {
	case unrequested == "request of cpu": // what is short of cpu is slow, and not killed
		return "the scheduler may put it on a full node, and there it gets what others leave"
	case unrequested != "":
		return "the scheduler may put it on a full node, and there it is the first to be killed"
	case strings.Contains(what, "memory"):
		return "one large input, and it takes the memory of all others on its node"
	}
	return "it may take all that its node has, and slow down or evict what runs beside it"
}

// missing says what of requests and limits a container should have and has not,
// and which requests are among it.
// A limit is a request too when there is none, and what a pod has as a whole
// all of its containers have.
func missing(p *pod.Pod, c pod.Container, require []string) (what, unrequested string) {
	has := func(kind, name string) bool {
		return c.At("resources", kind, name) != nil || p.At("podResources", kind, name) != nil
	}
	var list []string
	for _, kind := range [...]string{"requests", "limits"} {
		var names []string
		for _, r := range require {
			name, ok := strings.CutPrefix(r, kind+".")
			if !ok || has("limits", name) || kind == "requests" && has("requests", name) {
				continue
			}
			names = append(names, name)
		}
		switch one := strings.TrimSuffix(kind, "s"); len(names) {
		case 0:
		case 1:
			list = append(list, one+" of "+names[0])
		default:
			last := len(names) - 1
			list = append(list, kind+" of "+strings.Join(names[:last], ", ")+" and "+names[last])
		}
		if kind == "requests" && len(list) > 0 {
			unrequested = list[0]
		}
	}
	return strings.Join(list, " and no "), unrequested
}
