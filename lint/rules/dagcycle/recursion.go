package dagcycle

import (
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/cycle"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// A spot is a template in the graph of calls: one of the workflow at hand, with
// library "", or one of a library.
type spot struct {
	library  string
	cluster  bool
	template string
}

// recursion reports templates that reach themselves over calls that always
// happen. Behind a when it is the usual way to write a loop.
func recursion(pass *lint.Pass) {
	w := pass.Workflow
	var all []spot
	for _, t := range w.Templates {
		if len(t.Calls) > 0 && t.Name.Text() != "" && w.Template(t.Name.Text()) == t {
			all = append(all, spot{template: t.Name.Text()})
		}
	}
	g := graph{pass: pass}
	for _, circle := range cycle.Find(all, g.next) {
		var names []string
		for _, s := range circle {
			names = append(names, s.String())
		}
		c := g.edge(circle[0], circle[1%len(circle)])
		if c == nil {
			continue
		}
		at := c.Template
		if c.Ref != nil {
			at = c.Ref.Template
		}
		pass.Reportf(at, "template %q calls itself without end: %s; put a when on one of the calls", names[0], strings.Join(append(names, names[0]), " -> "))
	}
}

func (s spot) String() string {
	if s.library == "" {
		return s.template
	}
	return s.library + "/" + s.template
}

type graph struct{ pass *lint.Pass }

// next returns what a template always calls.
func (g *graph) next(s spot) []spot {
	var out []spot
	if s.library == "" {
		for _, c := range certain(g.pass.Workflow.Template(s.template)) {
			out = append(out, g.target(c))
		}
		return out
	}
	w := g.pass.Workflow
	lib, state := g.pass.Index.Library(w.Namespace.Text(), s.library, s.cluster)
	if state != resolve.Known {
		return nil
	}
	t := lib.Template(s.template)
	if t == nil {
		return nil
	}
	for _, c := range t.Calls {
		switch {
		case c.Conditional || c.Template == "":
		case c.Library == "":
			out = append(out, g.home(spot{s.library, s.cluster, c.Template}))
		default:
			out = append(out, g.home(spot{c.Library, c.Cluster, c.Template}))
		}
	}
	return out
}

// home turns a library that is the workflow at hand into "".
func (g *graph) home(s spot) spot {
	w := g.pass.Workflow
	if w.IsLibrary() && s.library == w.Name.Text() && s.cluster == (w.Kind == workflow.KindClusterWorkflowTemplate) {
		return spot{template: s.template}
	}
	return s
}

func (g *graph) target(c *workflow.Call) spot {
	if c.Ref != nil {
		return g.home(spot{c.Ref.Name.Text(), c.Ref.Cluster, c.Ref.Template.Text()})
	}
	return spot{template: c.Template.Text()}
}

// edge returns the call that leads from one template of the workflow at hand
// to the next template.
func (g *graph) edge(from, to spot) *workflow.Call {
	if from.library != "" {
		return nil
	}
	for _, c := range certain(g.pass.Workflow.Template(from.template)) {
		if g.target(c) == to {
			return c
		}
	}
	return nil
}

// certain returns the calls that always happen when t runs, those of its
// inline templates included.
func certain(t *workflow.Template) []*workflow.Call {
	if t == nil {
		return nil
	}
	var out []*workflow.Call
	for _, c := range t.Calls {
		switch {
		case c.Conditional():
		case c.Inline != nil:
			out = append(out, certain(c.Inline)...)
		case c.Template != nil || c.Ref != nil:
			out = append(out, c)
		}
	}
	return out
}
