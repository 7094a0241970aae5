package render

import (
	"maps"
	"slices"
	"text/template/parse"

	"helm.sh/helm/v3/pkg/chart"
)

// A reader knows what the dot and the variables stand for at a place of a
// template: paths that begin at the root, such as Values, jobs, [].
type reader struct {
	partials *partials
	dot      []string // nil when it is not known
	root     []string // what $ is: in a partial, what it was called with
	vars     map[string][]string
}

// element is the step of a path that stands for any item or field.
const element = "[]"

// into is what is known inside of with or range over the pipe.
func (r reader) into(pipe *parse.PipeNode, items bool) reader {
	path := r.simple(pipe)
	if path != nil && items {
		path = append(slices.Clone(path), element)
	}
	in := r
	in.dot = path
	if n := len(pipe.Decl); n > 0 { // the last one is the item, the one before the key
		in = in.with(pipe.Decl[n-1].Ident[0], path)
	}
	return in
}

// declare notes {{ $x := .Values.a }}.
func (r reader) declare(pipe *parse.PipeNode) reader {
	return r.with(pipe.Decl[0].Ident[0], r.simple(pipe))
}

func (r reader) with(name string, path []string) reader {
	vars := make(map[string][]string, len(r.vars)+1)
	for k, v := range r.vars {
		vars[k] = v
	}
	vars[name] = path
	r.vars = vars
	return r
}

// simple returns the path that a pipe stands for when it is nothing but one,
// possibly with a default behind it.
func (r reader) simple(pipe *parse.PipeNode) []string {
	if pipe == nil || len(pipe.Cmds) == 0 || len(pipe.Cmds[0].Args) != 1 {
		return nil
	}
	for _, c := range pipe.Cmds[1:] {
		if f, ok := c.Args[0].(*parse.IdentifierNode); !ok || f.Ident != "default" {
			return nil
		}
	}
	return r.path(pipe.Cmds[0].Args[0])
}

// path returns what one argument stands for, or nil.
func (r reader) path(n parse.Node) []string {
	switch n := n.(type) {
	case *parse.DotNode:
		return r.dot
	case *parse.FieldNode:
		if r.dot == nil {
			return nil
		}
		return append(slices.Clone(r.dot), n.Ident...)
	case *parse.VariableNode:
		if n.Ident[0] == "$" {
			if r.root == nil {
				return nil
			}
			return append(append([]string{}, r.root...), n.Ident[1:]...)
		}
		if at := r.vars[n.Ident[0]]; at != nil {
			return append(slices.Clone(at), n.Ident[1:]...)
		}
	case *parse.ChainNode:
		if p, ok := n.Node.(*parse.PipeNode); ok {
			if at := r.simple(p); at != nil {
				return append(slices.Clone(at), n.Field...)
			}
		}
	case *parse.PipeNode:
		return r.simple(n)
	}
	return nil
}

// paths returns the paths below .Values that an action reads, in the partials
// that it includes too.
func (r reader) paths(n parse.Node, pipe *parse.PipeNode) [][]string {
	c := collector{seen: map[string]bool{}}
	if t, ok := n.(*parse.TemplateNode); ok {
		c.enter(r, t.Name, r.simple(t.Pipe))
	}
	c.pipe(r, pipe)
	return c.found
}

// direct reports whether an action prints a value that it names in full, as it
// is.
func (r reader) direct(n parse.Node, pipe *parse.PipeNode) bool {
	if _, ok := n.(*parse.ActionNode); !ok || len(pipe.Cmds[0].Args) != 1 {
		return false
	}
	switch first := pipe.Cmds[0].Args[0].(type) {
	case *parse.FieldNode:
		if r.dot == nil || len(r.dot) > 0 {
			return false
		}
	case *parse.VariableNode:
		if first.Ident[0] != "$" {
			return false
		}
	default:
		return false
	}
	for _, c := range pipe.Cmds[1:] {
		f, ok := c.Args[0].(*parse.IdentifierNode)
		if !ok || !slices.Contains([]string{"quote", "squote", "toString", "trim", "indent", "nindent"}, f.Ident) {
			return false
		}
	}
	return true
}

// most bounds the paths of one action: a partial may read all there is.
const most = 200

type collector struct {
	found [][]string
	seen  map[string]bool // partials
}

func (c *collector) add(path []string) {
	if len(path) > 1 && path[0] == "Values" && len(c.found) < most {
		c.found = append(c.found, path[1:])
	}
}

func (c *collector) pipe(r reader, p *parse.PipeNode) {
	if p == nil {
		return
	}
	for _, cmd := range p.Cmds {
		if name, ok := included(cmd); ok {
			c.enter(r, name, r.path(cmd.Args[2]))
		}
		for _, a := range cmd.Args {
			if p, ok := a.(*parse.PipeNode); ok {
				c.pipe(r, p)
				continue
			}
			c.add(r.path(a))
		}
	}
}

// enter looks into a partial that is called with what stands at dot.
func (c *collector) enter(r reader, name string, dot []string) {
	tree := r.partials.get(name)
	if tree == nil || c.seen[name] {
		return
	}
	c.seen[name] = true
	c.list(reader{partials: r.partials, dot: dot, root: dot}, tree.Root)
}

func (c *collector) list(r reader, l *parse.ListNode) {
	if l == nil {
		return
	}
	for _, n := range l.Nodes {
		switch n := n.(type) {
		case *parse.ActionNode:
			c.pipe(r, n.Pipe)
			if len(n.Pipe.Decl) > 0 {
				r = r.declare(n.Pipe)
			}
		case *parse.TemplateNode:
			c.enter(r, n.Name, r.simple(n.Pipe))
		case *parse.IfNode:
			c.list(r, n.List)
			c.list(r, n.ElseList)
		case *parse.WithNode:
			c.list(r.into(n.Pipe, false), n.List)
			c.list(r, n.ElseList)
		case *parse.RangeNode:
			c.list(r.into(n.Pipe, true), n.List)
			c.list(r, n.ElseList)
		}
	}
}

// included returns the name of the partial that a command includes, where it is
// written out.
func included(cmd *parse.CommandNode) (string, bool) {
	if len(cmd.Args) < 3 {
		return "", false
	}
	f, is := cmd.Args[0].(*parse.IdentifierNode)
	name, named := cmd.Args[1].(*parse.StringNode)
	if !is || !named || f.Ident != "include" {
		return "", false
	}
	return name.Text, true
}

// partials are the named templates of a chart, those of its files among them.
type partials struct{ trees map[string]*parse.Tree }

// parsed reads the templates of a chart; whole is false when one of them cannot
// be read.
func parsed(all map[string]*chart.File) (known *partials, whole bool) {
	known, whole = &partials{trees: map[string]*parse.Tree{}}, true
	for _, name := range slices.Sorted(maps.Keys(all)) { // of two by one name, the last
		t := parse.New(name)
		t.Mode = parse.SkipFuncCheck
		set := map[string]*parse.Tree{}
		if _, err := t.Parse(string(all[name].Data), "", "", set); err != nil {
			whole = false
			continue
		}
		maps.Copy(known.trees, set)
	}
	return known, whole
}

func (p *partials) get(name string) *parse.Tree {
	if p == nil {
		return nil
	}
	return p.trees[name]
}
