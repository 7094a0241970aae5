// Package podresourcesinvalid finds resources that a pod as a whole cannot have.
package podresourcesinvalid

import (
	_ "embed"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/near"
)

//go:embed pod-resources-invalid.txtar
var page string

// Rule is the pod-resources-invalid rule: docs/argo.md B 40 41.
var Rule = &lint.Rule{Name: "pod-resources-invalid", Severity: lint.Error, Topic: "pod", Page: page, Run: run}

func run(pass *lint.Pass) {
	w := pass.Workflow
	check(pass, w.Spec.Get("podResources"))
	if w.Defaults != nil {
		check(pass, w.Defaults.Node.Get("podResources"))
	}
	for _, t := range w.All {
		check(pass, t.Node.Get("podResources"))
	}
}

func check(pass *lint.Pass, resources *manifest.Node) {
	if claims := resources.Get("claims"); len(claims.Items()) > 0 {
		pass.Report(lint.Finding{Node: claims.Key, Path: claims.Path(), Message: "podResources has claims, which only a container can have: name them in the resources of the container"})
	}
	for _, part := range []string{"requests", "limits"} {
		for _, f := range resources.Get(part).Fields() {
			name := f.Key.Text()
			if name == "cpu" || name == "memory" || strings.HasPrefix(name, "hugepages-") || strings.Contains(name, "{{") {
				continue
			}
			msg := "podResources has " + part + " of \"" + name + "\", but a pod as a whole has only cpu, memory and hugepages-*"
			if hint, ok := near.Name(name, []string{"cpu", "memory"}); ok {
				msg += "; did you mean \"" + hint + "\"?"
			} else {
				msg += ": put it in the resources of the container"
			}
			pass.Report(lint.Finding{Node: f.Key, Path: f.Path(), Message: msg})
		}
	}
}
