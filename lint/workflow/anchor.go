package workflow

import "github.com/tiphys-dev/tiphys/lint/manifest"

// Anchor is the node to point at when the workflow as a whole is meant: where
// it begins to run, else its name.
func (w *Workflow) Anchor() *manifest.Node {
	for _, n := range []*manifest.Node{w.Entrypoint, w.Ref.at(), w.Name, w.GenerateName, w.Spec} {
		if n.Set() {
			return n
		}
	}
	return w.Root
}

func (r *Ref) at() *manifest.Node {
	if r == nil {
		return nil
	}
	return r.Name
}
