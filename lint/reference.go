package lint

import (
	"strings"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// A Reference is a field of a workflow that names an object of another kind. It is
// kept when the workflow is forgotten, until it is known what there is.
type Reference struct {
	Object Object
	// Kind is one of resolve.Kinds, Name its name, Key the key in it, "" where
	// the whole object is meant.
	Kind, Namespace, Name, Key string
	Optional                   bool
	// NameAt and KeyAt are where name and key stand.
	NameAt, KeyAt Place

	keep  *document
	terms *Terms
}

// A Place is where something stands.
type Place struct {
	Path string
	Span source.Span

	order int
}

func placeOf(n *manifest.Node) Place {
	if n == nil {
		return Place{}
	}
	return Place{Path: n.Path(), Span: n.Token().Clip(), order: n.Start}
}

// references collects what a workflow refers to.
func (b *batch) references(u *unit, w *workflow.Workflow) {
	all := resolve.References(w.Spec)
	if len(all) == 0 {
		return
	}
	created := map[string]bool{}
	for _, kind := range resolve.Kinds() {
		created[kind] = resolve.Creates(w, kind)
	}
	for _, r := range all {
		if r.Name.Text() == "" || created[r.Kind] {
			continue // it may be there by the time it is needed
		}
		b.wanted = append(b.wanted, Reference{
			Object: objectOf(u.object), Namespace: strings.Clone(w.Namespace.Text()),
			Kind: r.Kind, Name: strings.Clone(r.Name.Text()), Key: strings.Clone(r.Key.Text()), Optional: r.Optional,
			NameAt: placeOf(r.Name), KeyAt: placeOf(r.Key), keep: u.keep, terms: u.terms,
		})
	}
}

// References returns what the workflows of the run refer to, of resolve.Kinds.
// It is for Rule.Finish.
func (p *Pass) References() []Reference { return p.references }

// ReportReference reports f about a reference: at its key, or at its name.
func (p *Pass) ReportReference(r *Reference, f Finding, key bool) {
	at := r.NameAt
	if key {
		at = r.KeyAt
	}
	f.Object, f.Path, f.Span, f.order, f.keep, f.terms = r.Object, at.Path, at.Span, at.order, r.keep, r.terms
	p.Report(f)
}
