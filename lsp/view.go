package lsp

import (
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/schema"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// A view is what a request sees around an offset of a document.
type view struct {
	server   *server
	document *document
	part     *part // nil where nothing is known
	index    *resolve.Index
}

// look returns what is seen around an offset. With the text as it is, part is
// nil where the YAML document does not parse; else it may be an older one.
func (s *server) look(d *document, p *part) *view {
	v := &view{server: s, document: d, part: p}
	var b resolve.Builder
	others, _ := s.others(d)
	b.Know(others...)
	b.Know(d.parsed().entries...)
	v.index = b.Index(false)
	return v
}

// flowOf returns the workflow that holds a node, or nil.
func (v *view) flowOf(n *manifest.Node) *workflow.Workflow {
	if v.part == nil {
		return nil
	}
	for _, w := range v.part.flows {
		if n.Under(w.Root) {
			return w
		}
	}
	return nil
}

// templateOf returns the innermost template that holds a node, or nil.
func templateOf(w *workflow.Workflow, n *manifest.Node) *workflow.Template {
	var in *workflow.Template
	for _, t := range w.All { // inline templates come after what holds them
		if n.Under(t.Node) && (in == nil || t.Node.Under(in.Node)) {
			in = t
		}
	}
	return in
}

// callOf returns the step or task of t that holds a node, or nil.
func callOf(t *workflow.Template, n *manifest.Node) *workflow.Call {
	if t == nil {
		return nil
	}
	for _, c := range t.Calls {
		if n.Under(c.Node) {
			return c
		}
	}
	return nil
}

// hookOf returns the hook of w or c that holds a node, or nil.
func hookOf(w *workflow.Workflow, c *workflow.Call, n *manifest.Node) *workflow.Hook {
	hooks := w.Hooks
	if c != nil {
		hooks = c.Hooks
	}
	for _, h := range hooks {
		if n.Under(h.Node) {
			return h
		}
	}
	return nil
}

// nodeAt returns the innermost node around an offset, and whether the offset
// is at the key of the node.
func nodeAt(root *manifest.Node, off int) (n *manifest.Node, key bool) {
	n = root
	for {
		next := (*manifest.Node)(nil)
		for _, c := range n.Fields() {
			if !c.Key.Alias && c.Key.Start <= off && off <= c.Key.End {
				return c, true
			}
		}
		if n != nil {
			for _, c := range n.Children {
				if !c.Alias && c.Start <= off && off <= c.End {
					next = c
				}
			}
		}
		if next == nil {
			return n, false
		}
		n = next
	}
}

// object returns the object that holds an offset.
func (p *part) object(off int) *manifest.Node {
	for _, o := range p.objects {
		if o.Start <= off && off <= o.End {
			return o
		}
	}
	return p.Root
}

// fieldOf returns the field of the schema that a node is a value of, nil where
// the schema has none.
func fieldOf(n *manifest.Node) *schema.Field {
	if n == nil || n.Key == nil {
		return nil
	}
	if t := typeOf(n.Parent); t != nil && t.Shape == schema.Object {
		return t.Field(n.Key.Value)
	}
	return nil
}

// typeOf returns the type that the schema gives a node, or nil.
func typeOf(n *manifest.Node) *schema.Type {
	switch {
	case n == nil:
		return nil
	case n.Parent == nil:
		return schema.Lookup(n.Get("kind").Text())
	}
	t := typeOf(n.Parent)
	switch {
	case t == nil:
		return nil
	case t.Shape == schema.List || t.Shape == schema.Map:
		t = t.Elem()
	case t.Shape == schema.Object && n.Key != nil:
		f := t.Field(n.Key.Value)
		if f == nil {
			return nil
		}
		t = f.Type()
	default:
		return nil
	}
	if t.Shape == schema.Embedded {
		return schema.Lookup(n.Get("kind").Text())
	}
	return t
}
