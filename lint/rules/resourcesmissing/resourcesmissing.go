// Package resourcesmissing finds containers that do not say what they need.
package resourcesmissing

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/pod"
)

//go:embed resources-missing.txtar
var page string

// Rule is the resources-missing rule: docs/argo.md N, "resource limits set".
var Rule = &lint.Rule{Name: "resources-missing", Severity: lint.Warning, Topic: "reliability", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		if len(t.Containers) == 0 {
			continue
		}
		p := pod.Of(t)
		if p.Open {
			continue // what the patch brings is not known yet
		}
		for c := range p.Containers() {
			missing, unrequested := missing(&p, c)
			if missing == "" {
				continue
			}
			why := "one large input, and it takes the memory of all others on its node"
			if unrequested {
				why = "the scheduler may put it on a full node, and there it is the first to be killed"
			}
			pass.Report(lint.Finding{Node: c.Anchor(), Message: fmt.Sprintf(
				"%s has no %s: %s; write resources, here or for all in templateDefaults", c.Title(), missing, why)})
		}
	}
}

// missing says what of requests and limits a container should have and has not,
// and whether a request is among it.
// A limit is a request too when there is none, and what a pod has as a whole
// all of its containers have. A limit on cpu only slows a container down.
func missing(p *pod.Pod, c pod.Container) (what string, unrequested bool) {
	has := func(kind, name string) bool {
		return c.At("resources", kind, name) != nil || p.At("podResources", kind, name) != nil
	}
	cpu := has("requests", "cpu") || has("limits", "cpu")
	memory := has("requests", "memory") || has("limits", "memory")
	limit := has("limits", "memory")
	var list []string
	switch {
	case !cpu && !memory:
		list = append(list, "requests of cpu and memory")
	case !cpu:
		list = append(list, "request of cpu")
	case !memory:
		list = append(list, "request of memory")
	}
	if !limit {
		list = append(list, "limit of memory")
	}
	return strings.Join(list, " and no "), !cpu || !memory
}
