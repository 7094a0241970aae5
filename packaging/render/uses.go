package render

import (
	"regexp"
	"slices"
	"strings"
	"text/template/parse"

	"helm.sh/helm/v3/pkg/chart"
)

// Uses are the values that the templates of a chart read, as far as their text
// tells. When in doubt, a value is used.
type Uses struct {
	// All is set when the values are handed on as a whole.
	All bool

	paths    [][]string
	floating map[string]bool // fields of what is not known
}

// Exact reports whether the value at the path is read, alone or as a part of
// what is.
func (u *Uses) Exact(path []string) bool {
	if u.All || u.floating[path[len(path)-1]] {
		return true
	}
	return slices.ContainsFunc(u.paths, func(p []string) bool { return len(p) <= len(path) && alike(p, path) })
}

// Below reports whether something below the path is read.
func (u *Uses) Below(path []string) bool {
	return slices.ContainsFunc(u.paths, func(p []string) bool { return len(p) > len(path) && alike(p, path) })
}

// alike reports whether the paths agree as far as both go.
func alike(a, b []string) bool {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] && a[i] != element {
			return false
		}
	}
	return true
}

// valuesInText finds what text that goes through tpl may read.
var valuesInText = regexp.MustCompile(`\.Values((?:\.[A-Za-z_][A-Za-z0-9_]*)+)`)

// Uses reads the templates.
func (c *Chart) Uses() (*Uses, error) {
	loaded, err := c.load()
	if err != nil {
		return nil, err
	}
	u := &Uses{floating: map[string]bool{}}
	u.read("global")
	for _, d := range loaded.Metadata.Dependencies { // their values are theirs to judge
		name := d.Name
		if d.Alias != "" {
			name = d.Alias
		}
		u.read(name)
		u.read("tags")
		for _, condition := range strings.Split(d.Condition, ",") {
			if condition != "" {
				u.paths = append(u.paths, strings.Split(strings.TrimSpace(condition), "."))
			}
		}
	}
	for _, d := range loaded.Dependencies() {
		u.read(d.Name())
	}
	for _, f := range c.files { // tpl may read any of them
		if !strings.HasPrefix(f.Name, "charts/") {
			for _, m := range valuesInText.FindAllSubmatch(f.Data, -1) {
				u.paths = append(u.paths, strings.Split(string(m[1][1:]), "."))
			}
		}
	}
	u.templates(loaded)
	return u, nil
}

func (u *Uses) read(path ...string) { u.paths = append(u.paths, path) }

func (u *Uses) templates(c *chart.Chart) {
	all := map[string]*chart.File{}
	collect(c, all)
	known, whole := parsed(all)
	if !whole {
		u.All = true
		return
	}
	var roots []*parse.Tree
	for name := range all {
		if tree := known.trees[name]; tree != nil && strings.HasPrefix(name, c.Name()+"/templates/") {
			roots = append(roots, tree)
		}
	}
	walk := useCollector{uses: u, seen: map[string]bool{}, partials: known}
	for _, t := range roots {
		walk.list(reader{partials: known, dot: []string{}, root: []string{}}, t.Root)
	}
	for name, t := range known.trees { // reached in a way that is not followed
		if !walk.seen[name] && !slices.Contains(roots, t) {
			walk.list(reader{partials: known}, t.Root)
		}
	}
}

type useCollector struct {
	uses     *Uses
	seen     map[string]bool
	partials *partials
}

func (c *useCollector) list(r reader, l *parse.ListNode) {
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
			c.pipe(r, n.Pipe)
			c.enter(r, n.Name, r.simple(n.Pipe))
		case *parse.IfNode:
			c.pipe(r, n.Pipe)
			c.list(r, n.List)
			c.list(r, n.ElseList)
		case *parse.WithNode:
			c.inside(r, &n.BranchNode, false)
		case *parse.RangeNode:
			c.inside(r, &n.BranchNode, true)
		}
	}
}

// inside reads with and range: what they stand on counts as used only where it
// is not followed further.
func (c *useCollector) inside(r reader, n *parse.BranchNode, items bool) {
	if path := r.simple(n.Pipe); len(path) < 2 || path[0] != "Values" {
		c.pipe(r, n.Pipe)
	} else if items {
		c.uses.read(path[1:]...) // its keys are read
	}
	c.list(r.into(n.Pipe, items), n.List)
	c.list(r, n.ElseList)
}

func (c *useCollector) pipe(r reader, p *parse.PipeNode) {
	if p == nil {
		return
	}
	for _, cmd := range p.Cmds {
		include, _ := included(cmd)
		for i, a := range cmd.Args {
			if i == 2 && include != "" && c.partials.get(include) != nil {
				path := r.path(a)
				if path != nil {
					c.enter(r, include, path)
					continue
				}
			}
			c.argument(r, a)
		}
	}
}

func (c *useCollector) argument(r reader, a parse.Node) {
	if p, ok := a.(*parse.PipeNode); ok {
		c.pipe(r, p)
		return
	}
	path := r.path(a)
	switch {
	case path == nil:
		if f, ok := a.(*parse.FieldNode); ok {
			c.float(f.Ident)
		}
		if v, ok := a.(*parse.VariableNode); ok {
			c.float(v.Ident[1:])
		}
	case len(path) == 1 && path[0] == "Values", len(path) == 0 && !wholeDot(a):
		c.uses.All = true
	case len(path) > 1 && path[0] == "Values":
		c.uses.read(path[1:]...)
	}
}

// float notes fields of something that is not known: they may be anybody's.
func (c *useCollector) float(fields []string) {
	if len(fields) > 1 && fields[0] == "Values" {
		c.uses.read(fields[1:]...)
		return
	}
	if len(fields) > 0 && fields[len(fields)-1] == "Values" { // handed on as a whole
		c.uses.All = true
	}
	for _, f := range fields {
		c.uses.floating[f] = true
	}
}

// wholeDot reports whether an argument is the root itself, as in tpl TEXT . or
// include "name" $: what text reads of it is looked for elsewhere.
func wholeDot(a parse.Node) bool {
	switch n := a.(type) {
	case *parse.DotNode:
		return true
	case *parse.VariableNode:
		return len(n.Ident) == 1
	}
	return false
}

func (c *useCollector) enter(r reader, name string, dot []string) {
	key := name + "\x00" + strings.Join(dot, "\x00")
	tree := r.partials.get(name)
	if tree == nil || c.seen[key] {
		return
	}
	c.seen[name], c.seen[key] = true, true
	c.list(reader{partials: r.partials, dot: dot, root: dot}, tree.Root)
}
