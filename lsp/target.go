package lsp

import (
	"strings"

	"github.com/tiphys-dev/tiphys/lint/expr"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// A target is what a name in the text means.
type target struct {
	// at is the name.
	at source.Span
	// about is Markdown, what there is to know of it.
	about string
	// node is where it is declared in the same document.
	node *manifest.Node
	// library and template say where it is declared in another object; template
	// is "" for the object itself.
	library  *resolve.Library
	template string
}

// target returns what the name at an offset means, or nil.
func (v *view) target(off int) *target {
	if v.part == nil {
		return nil
	}
	n, key := nodeAt(v.part.object(off), off)
	w := v.flowOf(n)
	if w == nil || n.Kind != manifest.String {
		return nil
	}
	t := templateOf(w, n)
	c := callOf(t, n)
	if !key {
		if x := v.tag(w, t, n, off); x != nil {
			return x
		}
	} else {
		return nil
	}
	if x := v.callee(w, c, n); x != nil {
		return x
	}
	if c == nil {
		return v.passed(w, nil, n)
	}
	for _, need := range c.Needs {
		span := need.Node.Range(need.From, need.To)
		if need.Node != n || off < span.Start || span.End < off {
			continue
		}
		if task := t.Call(need.Task); task != nil {
			return v.task(w, task, need.Node.Range(need.From, need.From+len(need.Task)))
		}
	}
	return v.passed(w, c, n)
}

// callee is what a field means that names a template, or the object of one.
func (v *view) callee(w *workflow.Workflow, c *workflow.Call, n *manifest.Node) *target {
	if n == w.Entrypoint || n == w.OnExit {
		return v.named(w, n, nil, n)
	}
	refs := []*workflow.Ref{w.Ref}
	if c != nil {
		if n == c.Template || n == c.OnExit {
			return v.named(w, n, nil, n)
		}
		refs = append(refs, c.Ref)
	}
	if h := hookOf(w, c, n); h != nil {
		if n == h.Template {
			return v.named(w, n, nil, n)
		}
		refs = append(refs, h.Ref)
	}
	for _, ref := range refs {
		switch {
		case ref == nil:
		case n == ref.Template:
			return v.named(w, nil, ref, n)
		case n == ref.Name:
			lib, state := v.index.Library(w.Namespace.Text(), ref.Name.Text(), ref.Cluster)
			if state == resolve.Known {
				return &target{at: n.Token(), about: describeLibrary(lib), library: lib}
			}
		}
	}
	return nil
}

// named is what the name of a template means, or a reference to one; at is
// where it stands.
func (v *view) named(w *workflow.Workflow, name *manifest.Node, ref *workflow.Ref, at *manifest.Node) *target {
	callee, ok := v.index.Callees(w).Named(name, ref)
	if !ok {
		return nil
	}
	x := &target{at: at.Token(), about: describeTemplate(callee)}
	if callee.Library != nil {
		x.library, x.template = callee.Library, callee.Name
		return x
	}
	if t := w.Template(callee.Name); t != nil {
		x.node = t.Anchor()
	}
	return x
}

// task is what the name of a step or task means.
func (v *view) task(w *workflow.Workflow, c *workflow.Call, at source.Span) *target {
	about := "**" + c.Title() + "**"
	if callee, ok := v.index.Callees(w).Of(c); ok {
		about += " calls " + describeTemplate(callee)
	}
	return &target{at: at, about: about, node: c.Anchor()}
}

// passed is what the name of an argument means to the template that is called.
func (v *view) passed(w *workflow.Workflow, c *workflow.Call, n *manifest.Node) *target {
	if n.Key == nil || n.Key.Value != "name" {
		return nil
	}
	for p := range w.Passed() {
		if p.Call != c || p.Call == nil && p.Hook == nil || !n.Under(p.Arguments.Node) {
			continue
		}
		callee, ok := resolve.Callee{}, false
		if p.Hook != nil {
			callee, ok = v.index.Callees(w).Named(p.Hook.Template, p.Hook.Ref)
		} else {
			callee, ok = v.index.Callees(w).Of(c)
		}
		if !ok {
			return nil
		}
		x := &target{at: n.Token(), about: "argument of " + describeTemplate(callee), library: callee.Library, template: callee.Name}
		if callee.Library == nil {
			if t := w.Template(callee.Name); t != nil && !callee.Inline {
				x.node = input(t, n.Value, n.Parent.Parent.Key.Text())
			}
		}
		return x
	}
	return nil
}

// input returns the declaration of an input.
func input(t *workflow.Template, name, list string) *manifest.Node {
	if list == "artifacts" {
		if a := t.Inputs.Artifact(name); a != nil {
			return a.Anchor()
		}
	} else if p := t.Inputs.Parameter(name); p != nil {
		return p.Anchor()
	}
	return nil
}

// tag is what the variable of a tag at the offset means.
func (v *view) tag(w *workflow.Workflow, t *workflow.Template, n *manifest.Node, off int) *target {
	if !expr.Tagged(n.Value) {
		return nil
	}
	where := n.Mapping()
	for tag := range expr.Tags(n.Value) {
		if span := where.Range(tag.Start, tag.End); off < span.Start || span.End < off {
			continue
		}
		if nested, ok := tag.Nested(n.Value); ok {
			tag = nested
		}
		if !tag.Expression {
			return v.variable(w, t, tag.Ref(n.Value), where)
		}
		for _, ref := range tag.Parse(n.Value, expr.Template).Refs {
			if span := where.Range(ref.From, ref.To); span.Start <= off && off <= span.End {
				return v.variable(w, t, ref, where)
			}
		}
	}
	return nil
}

// variable is what the variable of a tag means.
func (v *view) variable(w *workflow.Workflow, t *workflow.Template, ref expr.Ref, where manifest.Mapping) *target {
	at := where.Range(ref.From, ref.To)
	switch {
	case ref.Has("inputs", "parameters") && t != nil:
		if p := t.Inputs.Parameter(ref.Rest(2)); p != nil {
			return &target{at: at, about: describeParameter(p, "input of "+t.Title()), node: p.Anchor()}
		}
	case ref.Has("inputs", "artifacts") && t != nil:
		if a := t.Inputs.Artifact(strings.TrimSuffix(ref.Rest(2), ".path")); a != nil {
			return &target{at: at, about: "artifact `" + a.Name.Text() + "`, input of " + t.Title(), node: a.Anchor()}
		}
	case ref.Has("workflow", "parameters"):
		if p := w.Arguments.Parameter(ref.Rest(2)); p != nil {
			return &target{at: at, about: describeParameter(p, "argument of the workflow"), node: p.Anchor()}
		}
	case (ref.Root() == "tasks" || ref.Root() == "steps") && t != nil:
		if c := t.Call(ref.At(1)); c != nil {
			return v.task(w, c, at)
		}
	}
	return nil
}
