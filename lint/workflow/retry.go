package workflow

import "github.com/tiphys-dev/tiphys/lint/manifest"

// Retry returns the retryStrategy that holds for the template: its own, that of
// spec.templateDefaults, or that of the spec. It is nil where nothing is
// tried again.
func (t *Template) Retry() *manifest.Node {
	spec := t.Workflow.Spec
	for _, owner := range []*manifest.Node{t.Node, spec.Get("templateDefaults"), spec} {
		if n := owner.Get("retryStrategy"); n.Set() {
			return n
		}
	}
	return nil
}

// Retries returns every retryStrategy that is written in the workflow.
func (w *Workflow) Retries() []*manifest.Node {
	var all []*manifest.Node
	add := func(owner *manifest.Node) {
		if n := owner.Get("retryStrategy"); n.Set() {
			all = append(all, n)
		}
	}
	add(w.Spec)
	add(w.Spec.Get("templateDefaults"))
	for _, t := range w.All {
		add(t.Node)
	}
	return all
}
