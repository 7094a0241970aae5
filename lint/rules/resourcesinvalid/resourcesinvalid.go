// Package resourcesinvalid finds resources that Argo or the API server refuses.
package resourcesinvalid

import (
	_ "embed"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/pod"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed resources-invalid.txtar
var page string

// Rule is the resources-invalid rule: docs/argo.md A 10, and, of N,
// quantities. What relates requests to limits is the API server's validation
// of a pod.
var Rule = &lint.Rule{Name: "resources-invalid", Severity: lint.Error, Topic: "pod", Page: page, Run: run}

func run(pass *lint.Pass) {
	w := pass.Workflow
	for _, t := range w.All {
		p := pod.Of(t)
		for c := range p.Containers() {
			budget{pass, &p, ofContainer}.check(c.Fields("resources", "requests"), c.Fields("resources", "limits"))
		}
		volumes(pass, t.Node.Get("volumes"))
		whole(pass, t.Node)
	}
	if w.Defaults != nil {
		n := w.Defaults.Node
		for _, r := range []*manifest.Node{n.At("container", "resources"), n.At("script", "resources")} {
			budget{pass, nil, ofContainer}.check(r.Get("requests").Fields(), r.Get("limits").Fields())
		}
		for _, c := range w.Defaults.Containers {
			if r := c.Node.Get("resources"); c.Role != workflow.Main {
				budget{pass, nil, ofContainer}.check(r.Get("requests").Fields(), r.Get("limits").Fields())
			}
		}
		whole(pass, n)
	}
	whole(pass, w.Spec)
	volumes(pass, w.Spec.Get("volumes"))
	for _, claim := range w.Spec.Get("volumeClaimTemplates").Items() {
		volume(pass, claim)
	}
}

// whole checks the resources of a pod as a whole, whose names are the business
// of pod-resources-invalid.
func whole(pass *lint.Pass, n *manifest.Node) {
	r := n.Get("podResources")
	budget{pass, nil, ofPod}.check(r.Get("requests").Fields(), r.Get("limits").Fields())
}

func volumes(pass *lint.Pass, list *manifest.Node) {
	for _, v := range list.Items() {
		if n := v.At("emptyDir", "sizeLimit"); n.Set() {
			budget{pass, nil, ofVolume}.quantity(n, "sizeLimit", n)
		}
		if claim := v.At("ephemeral", "volumeClaimTemplate"); claim.Set() {
			volume(pass, claim)
		}
	}
}

// volume checks the size of a PersistentVolumeClaim.
func volume(pass *lint.Pass, claim *manifest.Node) {
	spec := claim.Get("spec")
	requests := spec.At("resources", "requests")
	budget{pass, nil, ofVolume}.check(requests.Fields(), spec.At("resources", "limits").Fields())
	if requests.Get("storage").Set() || claim.Kind != manifest.Map {
		return
	}
	for _, at := range []*manifest.Node{requests, spec.Get("resources"), claim.At("metadata", "name"), spec, claim} {
		if at.Set() {
			pass.Reportf(at, "the volume claim does not say how large it is, so the API server refuses it: write resources.requests.storage, like 10Gi")
			return
		}
	}
}
