package rego

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// maxEdges bounds the edges of one graph: two groups of thousands of steps have
// millions.
const maxEdges = 100_000

// A web is the graph of a template: its calls by index, and what waits for what.
type web struct {
	template *workflow.Template
	needs    [][]int // by call: the calls that it waits for
	edges    int
	// order has the calls so that each comes after what it needs; it is shorter
	// than the calls where some of them wait for each other.
	order []int
	depth []int // the calls on the longest chain that ends with the call
}

func (in *Input) graphs() (*ast.Term, error) {
	var terms []*ast.Term
	for i, w := range in.Workflows {
		s := sizes{flow: w}
		for _, t := range w.All {
			if t.Type != workflow.TypeDAG && t.Type != workflow.TypeSteps {
				continue
			}
			g, err := webOf(t)
			if err != nil {
				return nil, err
			}
			terms = append(terms, g.term(i, &s))
		}
	}
	return ast.ArrayTerm(terms...), nil
}

func webOf(t *workflow.Template) (*web, error) {
	g := &web{template: t, needs: make([][]int, len(t.Calls))}
	if t.Type == workflow.TypeSteps {
		g.steps()
	} else {
		g.tasks()
	}
	for _, n := range g.needs {
		g.edges += len(n)
	}
	if g.edges > maxEdges {
		return nil, fmt.Errorf("make input.tiphys.graphs: %s has more than %d edges", t.Title(), maxEdges)
	}
	g.sort()
	return g, nil
}

// steps lets each step wait for the group before its own. Groups share the list.
func (g *web) steps() {
	var before, group []int
	for i, c := range g.template.Calls {
		if len(group) > 0 && g.template.Calls[group[0]].Group != c.Group {
			before, group = group, nil
		}
		group = append(group, i)
		g.needs[i] = before
	}
}

func (g *web) tasks() {
	for i, c := range g.template.Calls {
		seen := map[string]bool{}
		for _, n := range c.Needs {
			if to := g.template.Call(n.Task); to != nil && !seen[n.Task] {
				seen[n.Task] = true
				g.needs[i] = append(g.needs[i], to.Index)
			}
		}
	}
}

// sort orders the calls (Kahn) and finds how deep each of them is.
func (g *web) sort() {
	waits := make([]int, len(g.needs))
	next := make([][]int, len(g.needs))
	for i, needs := range g.needs {
		waits[i] = len(needs)
		for _, n := range needs {
			next[n] = append(next[n], i)
		}
		if len(needs) == 0 {
			g.order = append(g.order, i)
		}
	}
	g.depth = make([]int, len(g.needs))
	for at := 0; at < len(g.order); at++ {
		i := g.order[at]
		g.depth[i]++
		for _, n := range next[i] {
			g.depth[n] = max(g.depth[n], g.depth[i])
			if waits[n]--; waits[n] == 0 {
				g.order = append(g.order, n)
			}
		}
	}
}

func (g *web) cyclic() bool { return len(g.order) < len(g.needs) }

// path returns the longest chain of calls; of several, the one that the text
// has first. It is nil where calls wait for each other.
func (g *web) path() []int {
	if g.cyclic() || len(g.order) == 0 {
		return nil
	}
	last := 0
	for i, d := range g.depth {
		if d > g.depth[last] {
			last = i
		}
	}
	chain := make([]int, g.depth[last])
	for i := len(chain) - 1; ; i-- {
		chain[i] = last
		if i == 0 {
			return chain
		}
		for _, n := range g.needs[last] {
			if g.depth[n] == i {
				last = n
				break
			}
		}
	}
}

// width is how many calls may run side by side: the most that are equally deep.
func (g *web) width() int {
	count, most := map[int]int{}, 0
	for _, d := range g.depth {
		count[d]++
		most = max(most, count[d])
	}
	return most
}

func (g *web) term(flow int, s *sizes) *ast.Term {
	calls := g.template.Calls
	names := make([]*ast.Term, len(calls))
	for i, c := range calls {
		names[i] = text(c.Name.Text())
	}
	tasks := make([]*ast.Term, len(calls))
	edges := make([]*ast.Term, 0, g.edges)
	for i, c := range calls {
		needs := make([]*ast.Term, len(g.needs[i]))
		for j, n := range g.needs[i] {
			needs[j] = names[n]
			edges = append(edges, ast.ArrayTerm(names[n], names[i]))
		}
		tasks[i] = callTerm(c, names[i], needs, g.depth[i])
	}
	critical := []*ast.Term{}
	for _, i := range g.path() {
		critical = append(critical, names[i])
	}
	return object(
		pair("workflow", ast.InternedTerm(flow)),
		pair("template", text(g.template.Name.Text())),
		pair("title", text(g.template.Title())),
		pair("type", text(g.template.Type.String())),
		pair("path", text(g.template.Node.Path())),
		pair("tasks", ast.ArrayTerm(tasks...)),
		pair("edges", ast.ArrayTerm(edges...)),
		pair("critical_path", ast.ArrayTerm(critical...)),
		pair("width", ast.InternedTerm(g.width())),
		pair("cyclic", ast.InternedTerm(g.cyclic())),
		pair("pods", number(s.pods(g.template))),
	)
}

func callTerm(c *workflow.Call, name *ast.Term, needs []*ast.Term, depth int) *ast.Term {
	template, library := c.Template.Text(), ""
	if c.Ref != nil {
		template, library = c.Ref.Template.Text(), c.Ref.Name.Text()
	}
	return object(
		pair("name", name),
		pair("path", text(c.Node.Path())),
		pair("template", text(template)),
		pair("library", text(library)),
		pair("needs", ast.ArrayTerm(needs...)),
		pair("depth", ast.InternedTerm(depth)),
		pair("conditional", ast.InternedTerm(c.Conditional())),
		pair("items", number(items(c))),
	)
}

// number is a count, or null where it is not known.
func number(n int, known bool) *ast.Term {
	if !known {
		return ast.InternedNullTerm
	}
	return ast.InternedTerm(n)
}
