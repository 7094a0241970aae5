package graph

import (
	"slices"
	"strconv"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/graph/layered"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// mostInside bounds the nodes of a picture that are drawn inside others: a few
// lines of text can ask for more than there are atoms.
const mostInside = 400

// Draw draws the workflows of the documents, with the findings on them. It
// calls Objects of each document.
func Draw(docs []*manifest.Document, findings []lint.Finding, o Options) *Picture {
	if o.Depth <= 0 {
		o.Depth = DefaultDepth
	}
	p := &Picture{}
	d := &drawer{
		options: o, world: world{libraries: map[libraryKey][]*workflow.Workflow{}},
		marks: map[*manifest.Node][]Mark{}, drawn: map[*workflow.Template]bool{}, room: mostInside,
	}
	var flows []*workflow.Workflow
	var objects []object
	for _, doc := range docs {
		for _, o := range doc.Objects() {
			of := workflow.From(o)
			if len(of) == 0 {
				continue
			}
			flows = append(flows, of...)
			objects = append(objects, object{o, of})
			for _, f := range of {
				d.world.add(f)
			}
		}
	}
	p.Rest = d.mark(objects, findings)
	for _, f := range flows {
		for _, t := range f.All {
			if name := t.Name.Text(); name != "" {
				p.Templates = append(p.Templates, name)
			}
		}
		if flow := d.flow(f); flow != nil {
			p.Flows = append(p.Flows, flow)
		}
	}
	slices.Sort(p.Templates)
	p.Templates = slices.Compact(p.Templates)
	id := 0
	p.each(func(n *Node) { id++; n.ID = id })
	return p
}

// A drawer draws one picture.
type drawer struct {
	options Options
	world   world
	marks   map[*manifest.Node][]Mark
	// drawn are the templates that have been drawn with their nodes in this flow.
	drawn map[*workflow.Template]bool
	// open are the nodes that may still be filled, by level; room is how many
	// more nodes may be drawn inside others.
	open []*opened
	room int
}

// An opened node calls a template that has nodes of its own.
type opened struct {
	node     *Node
	template *workflow.Template
	around   *opened // the node that it is drawn in
	root     *workflow.Template
}

// inside reports whether t is drawn around the node.
func (o *opened) inside(t *workflow.Template) bool {
	for a := o.around; a != nil; a = a.around {
		if a.template == t {
			return true
		}
	}
	return o.root == t
}

// flow draws a workflow: where it begins, how it ends, and then what has not
// been drawn inside that. It is nil if there is nothing to draw.
func (d *drawer) flow(w *workflow.Workflow) *Flow {
	clear(d.drawn) // what is drawn inside another object is drawn in its own as well
	f := &Flow{Kind: w.Kind, Namespace: w.Namespace.Text(), Name: w.Name.Text()}
	if f.Name == "" {
		f.Name = w.GenerateName.Text()
	}
	if w.Trigger != nil {
		f.Kind, f.Namespace = "Sensor", w.Object.At("metadata", "namespace").Text()
		f.Name = w.Object.At("metadata", "name").Text() + ", trigger " + w.Trigger.At("template", "name").Text() + ": " + w.Kind + " " + f.Name
	}
	for _, m := range []*manifest.Node{w.Root, w.Object} {
		f.Marks = append(f.Marks, d.marks[m]...)
		delete(d.marks, m)
	}
	if d.options.Template != "" {
		for _, t := range w.All {
			if t.Name.Text() == d.options.Template {
				f.Drawings = append(f.Drawings, d.root(t, Entry))
				f.Drawings[0].Role = Called
				f.Marks = nil
				return f
			}
		}
		return nil
	}
	if e := d.entry(w); e != nil {
		f.Drawings = append(f.Drawings, e)
	}
	if e := d.ending(w); e != nil {
		f.Drawings = append(f.Drawings, e)
	}
	d.others(w, f)
	return f
}

// entry draws where a workflow begins, nil where it does not say.
func (d *drawer) entry(w *workflow.Workflow) *Drawing {
	if t := w.Template(w.Entrypoint.Text()); t != nil {
		return d.root(t, Entry)
	}
	n := &Node{Kind: Whole, Name: "entrypoint"}
	var c callee
	switch {
	case w.Entrypoint != nil:
		c = d.world.callee(w, w.Entrypoint, nil, nil)
	case w.Ref != nil:
		n.Name, c = "workflowTemplateRef", d.world.start(w)
	default:
		return nil
	}
	n.Calls, n.Target = c.label, c.target
	if c.template != nil {
		n.Type = c.template.Type
		if nests(c.template) { // drawn with the object that it belongs to
			n.Target, n.Folds = Folded, len(c.template.Calls)
		}
	}
	return &Drawing{Role: Entry, Nodes: []*Node{n}}
}

// ending draws exit handler and hooks of a workflow.
func (d *drawer) ending(w *workflow.Workflow) *Drawing {
	e := &Drawing{Role: Ending}
	if w.OnExit.Text() != "" {
		c := d.world.callee(w, w.OnExit, nil, nil)
		e.Nodes = append(e.Nodes, d.node(&Node{Kind: Exit, Name: "onExit"}, c, w.OnExit, nil, nil))
	}
	for _, h := range w.Hooks {
		e.Nodes = append(e.Nodes, d.hook(w, h, nil, nil))
	}
	if e.Nodes == nil {
		return nil
	}
	d.fill()
	return e
}

// others draws the templates that have not been drawn: first those that
// nothing calls, then those that were too deep or too many.
func (d *drawer) others(w *workflow.Workflow, f *Flow) {
	called := map[*workflow.Template]bool{}
	for _, t := range w.All {
		for _, c := range t.Calls {
			called[d.world.callee(w, c.Template, c.Ref, c.Inline).template] = true
			for _, h := range c.Hooks {
				called[d.world.callee(w, h.Template, h.Ref, nil).template] = true
			}
			if c.OnExit != nil {
				called[d.world.callee(w, c.OnExit, nil, nil).template] = true
			}
		}
	}
	for _, h := range w.Hooks {
		called[d.world.callee(w, h.Template, h.Ref, nil).template] = true
	}
	for _, n := range []*manifest.Node{w.OnExit, w.Entrypoint} {
		called[w.Template(n.Text())] = true
	}
	row := &Drawing{Role: Uncalled}
	for _, t := range w.All {
		switch {
		case called[t] || d.drawn[t]:
		case nests(t):
			f.Drawings = append(f.Drawings, d.root(t, Uncalled))
		default:
			row.Nodes = append(row.Nodes, d.whole(t))
		}
	}
	for _, t := range w.All {
		if nests(t) && !d.drawn[t] {
			f.Drawings = append(f.Drawings, d.root(t, Called))
		}
	}
	if row.Nodes != nil {
		f.Drawings = append(f.Drawings, row)
	}
}

// whole is a template that does its work itself, on its own.
func (d *drawer) whole(t *workflow.Template) *Node {
	return &Node{Kind: Whole, Name: nameOf(t), Type: t.Type, Marks: d.marks[t.Node]}
}

// root draws a template that is not inside another.
func (d *drawer) root(t *workflow.Template, role Role) *Drawing {
	if !nests(t) {
		d.drawn[t] = true
		return &Drawing{Role: role, Nodes: []*Node{d.whole(t)}}
	}
	out := d.template(t, role, &opened{root: t})
	d.fill()
	return out
}

func nameOf(t *workflow.Template) string {
	switch {
	case t.Name.Text() != "":
		return t.Name.Text()
	case t.Caller != nil && t.Caller.Name.Text() != "":
		return "inline in " + t.Caller.Name.Text()
	}
	return "template without a name"
}

// template draws the nodes of a template.
func (d *drawer) template(t *workflow.Template, role Role, around *opened) *Drawing {
	d.drawn[t] = true
	out := &Drawing{Template: nameOf(t), Type: t.Type, Role: role, Marks: d.marks[t.Node]}
	nodes := make(map[*workflow.Call]*Node, len(t.Calls))
	for i, c := range t.Calls {
		n := &Node{Kind: Task, Name: c.Name.Text(), When: c.When.Text(), Loop: loop(c)}
		if c.Group >= 0 {
			n.Kind, n.Layer = Step, c.Group
		}
		if n.Name == "" {
			n.Name = c.Word() + " " + strconv.Itoa(i+1)
		}
		d.node(n, d.world.callee(t.Workflow, c.Template, c.Ref, c.Inline), c.Node, around, t)
		if c.OnExit.Text() != "" {
			h := &Node{Kind: Exit, Name: "onExit"}
			n.Hooks = append(n.Hooks, d.node(h, d.world.callee(t.Workflow, c.OnExit, nil, nil), nil, around, t))
		}
		for _, h := range c.Hooks {
			n.Hooks = append(n.Hooks, d.hook(t.Workflow, h, around, t))
		}
		nodes[c] = n
		out.Nodes = append(out.Nodes, n)
	}
	if t.Type == workflow.TypeDAG {
		out.needs(t, nodes)
	}
	out.squeeze()
	return out
}

// squeeze closes the gaps between layers that ghosts and empty groups leave.
func (d *Drawing) squeeze() {
	var used []int
	for _, n := range d.Nodes {
		if n.Kind != Ghost {
			used = append(used, n.Layer)
		}
	}
	slices.Sort(used)
	used = slices.Compact(used)
	for _, n := range d.Nodes {
		n.Layer, _ = slices.BinarySearch(used, n.Layer)
	}
}

func (d *drawer) hook(w *workflow.Workflow, h *workflow.Hook, around *opened, root *workflow.Template) *Node {
	n := &Node{Kind: Hook, Name: h.Key.Text(), When: h.Expression.Text()}
	if n.Name == "exit" {
		n.Kind = Exit
	}
	return d.node(n, d.world.callee(w, h.Template, h.Ref, nil), h.Node, around, root)
}

// node fills in what a node calls, and queues it if that has nodes of its own.
func (d *drawer) node(n *Node, c callee, at *manifest.Node, around *opened, in *workflow.Template) *Node {
	n.Calls, n.Target, n.Marks = c.label, c.target, slices.Clone(d.marks[at])
	if c.template == nil {
		return n
	}
	n.Type = c.template.Type
	if !nests(c.template) || len(c.template.Calls) == 0 {
		n.Marks = append(n.Marks, d.marks[c.template.Node]...)
		return n
	}
	o := &opened{node: n, template: c.template, around: around, root: in}
	n.Target, n.Folds = Folded, len(c.template.Calls)
	if o.inside(c.template) {
		n.Target = Back
		return n
	}
	d.open = append(d.open, o)
	return n
}

// fill draws templates inside the nodes that call them, level by level. What is
// called so often that there is no room for all stays folded everywhere.
func (d *drawer) fill() {
	for level := 1; len(d.open) > 0; level++ {
		now := d.open
		d.open = nil
		if level >= d.options.Depth {
			return
		}
		times := map[*workflow.Template]int{}
		var order []*workflow.Template
		for _, o := range now {
			if times[o.template]++; times[o.template] == 1 {
				order = append(order, o.template)
			}
		}
		fits := map[*workflow.Template]bool{}
		for _, t := range order {
			if cost := times[t] * (1 + len(t.Calls)); cost <= d.room {
				fits[t] = true
				d.room -= cost
			}
		}
		for _, o := range now {
			if fits[o.template] {
				o.node.Target, o.node.Folds = Local, 0
				o.node.Inner = d.template(o.template, Inside, o)
			}
		}
	}
}

// needs draws what waits for what in a DAG, and finds the layers. A task that
// is waited for and is not there becomes a ghost.
func (d *Drawing) needs(t *workflow.Template, nodes map[*workflow.Call]*Node) {
	index := make(map[*Node]int, len(d.Nodes))
	for i, n := range d.Nodes {
		index[n] = i
	}
	ghosts := map[string]*Node{}
	for _, c := range t.Calls {
		n := nodes[c]
		seen := map[Need]bool{}
		for _, need := range c.Needs {
			from := nodes[t.Call(need.Task)]
			if from == nil {
				if from = ghosts[need.Task]; from == nil {
					from = &Node{Kind: Ghost, Name: need.Task, Target: Missing}
					ghosts[need.Task] = from
					index[from] = len(d.Nodes)
					d.Nodes = append(d.Nodes, from)
				}
			}
			if e := (Need{Node: from, Status: need.Status}); !seen[e] {
				seen[e] = true
				n.Needs = append(n.Needs, e)
			}
		}
	}
	var edges []layered.Edge
	for i, n := range d.Nodes {
		for _, e := range n.Needs {
			edges = append(edges, layered.Edge{From: index[e.Node], To: i})
		}
	}
	cycle := layered.Cycles(len(d.Nodes), edges)
	for i, level := range layered.Levels(len(d.Nodes), edges) {
		n := d.Nodes[i]
		n.Layer = level
		for j := range n.Needs {
			e := &n.Needs[j]
			e.Cyclic = cycle[i] > 0 && cycle[i] == cycle[index[e.Node]]
		}
	}
}
