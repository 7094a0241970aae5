// Package scope says what each tag of a workflow stands for: {{inputs.parameters.x}},
// {{=tasks.a.outputs.result}} and their kin, by the place where they stand.
//
// The sets of names are those that Argo's own validation keeps; where it does
// not look, but the name can never have a value, the answer says so too.
package scope

import (
	"strings"

	"github.com/tiphys-dev/tiphys/lint/expr"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// Part is the part of a workflow in which a tag stands.
type Part uint8

// The parts.
const (
	Spec    Part = iota // outside of templates
	Leaf                // in a template that does work itself, or suspends
	CallOf              // in a step or task
	Outputs             // in the outputs of a steps or dag template
	Rest                // elsewhere in a steps or dag template
)

// A Site is where a tag stands.
type Site struct {
	Part     Part
	Template *workflow.Template // nil in Spec
	Call     *workflow.Call     // set in CallOf
	// Replaced is set in the value or the location of an input where a caller's
	// argument takes its place before Argo looks.
	Replaced bool
	// Argument is set in CallOf for the value or the from of an argument.
	Argument *manifest.Node
}

// A Use is one variable used in one place.
type Use struct {
	Site
	// Node is the scalar, or the key, that holds the tag.
	Node *manifest.Node
	// From and To are the bytes of Node.Value to point at: the whole tag, or in
	// an expression the path of the variable.
	From, To int
	// Name is the variable: inputs.parameters.x. In an expression, the path
	// with its fields joined by dots.
	Name string
	// Expr is set for a variable of an expression {{=...}}.
	Expr bool
	// Guarded is set where the expression itself cares for an absent value.
	Guarded bool
	Answer
}

// State is what is known of a variable.
type State uint8

// The states of a variable.
const (
	// Unchecked is a name that Argo does not look at.
	Unchecked State = iota
	// Known has a value when it is needed.
	Known
	// Open may have a value: that depends on what is not given.
	Open
	// Missing has no value here.
	Missing
)

// An Answer is what is known of a variable, and why.
type Answer struct {
	State State
	// Strict is set when Argo refuses a workflow for a Missing variable.
	Strict bool
	// Reason says why a variable is Missing, as the end of a sentence that
	// begins with the tag.
	Reason string
	// Near are names that may be meant, in place of Word.
	Word string
	Near []string
	// NoDependency is set when the value is there, but only after a task that
	// this one does not wait for.
	NoDependency *workflow.Call
}

// An Expression is an expression with what is wrong with it.
type Expression struct {
	Site
	Node     *manifest.Node
	From, To int
	Problems []expr.Problem
}

// An Unclosed is a "{{" without its "}}".
type Unclosed struct {
	Site
	Node     *manifest.Node
	From, To int
}

// An Analysis is what is known of the tags of one workflow.
type Analysis struct {
	Uses        []Use
	Expressions []Expression
	Unclosed    []Unclosed
	Foreign     []Foreign
}

// Analyze looks at every tag of w, in the order of the text.
func Analyze(w *workflow.Workflow, index *resolve.Index) *Analysis {
	a := &analyzer{w: w, index: index, out: &Analysis{}}
	a.globals = a.globalsOf()
	a.spec()
	for _, t := range w.Templates {
		a.template(t)
	}
	a.firstInline()
	a.foreign()
	return a.out
}

type analyzer struct {
	w       *workflow.Workflow
	index   *resolve.Index
	globals globals
	out     *Analysis

	ancestors  map[*workflow.Call]calls
	signatures map[*workflow.Template]*resolve.Template
	order      *order // made when first needed

	// What a thousand tags ask for is made once.
	lists  map[list][]string
	items  map[*workflow.Call]map[string]bool
	gives  map[given]map[string]bool
	before map[*workflow.Template][][]int32 // the calls that each call waits for
}

// A list names the things of one kind that something has.
type list struct {
	of   any
	kind string
}

// have returns the names of a list, once made.
func (a *analyzer) have(of any, kind string, names func() []string) []string {
	k := list{of, kind}
	l, ok := a.lists[k]
	if !ok {
		if a.lists == nil {
			a.lists = map[list][]string{}
		}
		l = names()
		a.lists[k] = l
	}
	return l
}

// spec looks at what stands outside of templates.
func (a *analyzer) spec() {
	for _, f := range a.w.Spec.Fields() {
		if f.Key.Value != "templates" {
			a.walk(f, Site{Part: Spec})
		}
	}
	a.walk(a.w.Metadata, Site{Part: Spec})
}

func (a *analyzer) template(t *workflow.Template) {
	if t.Type != workflow.TypeSteps && t.Type != workflow.TypeDAG {
		a.leaf(t)
		return
	}
	for _, f := range t.Node.Fields() {
		switch {
		case f == t.Body:
			a.calls(t)
		case f.Key.Value == "outputs":
			a.walk(f, Site{Part: Outputs, Template: t})
		default:
			a.walk(f, Site{Part: Rest, Template: t})
		}
	}
}

// leaf looks at a template that does work itself. What its inputs say of their
// own values gives way to the arguments of a caller; only what the workflow
// begins with has none.
func (a *analyzer) leaf(t *workflow.Template) {
	in := map[*manifest.Node]bool{}
	first := !a.w.IsLibrary() && t.Caller == nil && t.Name.Text() == a.w.Entrypoint.Text()
	for _, p := range t.Inputs.Parameters {
		if p.Value != nil && (!first || a.w.Arguments.Parameter(p.Name.Text()) != nil) {
			in[p.Value] = true
		}
	}
	for _, p := range t.Inputs.Artifacts {
		if !first || a.w.Arguments.Artifact(p.Name.Text()) != nil {
			for _, l := range p.Locations {
				in[l] = true
			}
		}
	}
	a.walkBut(t.Node, Site{Part: Leaf, Template: t}, in, func(s *Site, _ *manifest.Node) { s.Replaced = true })
}

func (a *analyzer) calls(t *workflow.Template) {
	if t.Type == workflow.TypeDAG {
		for _, f := range t.Body.Fields() {
			if f.Key.Value != "tasks" {
				a.walk(f, Site{Part: Outputs, Template: t}) // dag.target sees what outputs see
			}
		}
	}
	for _, c := range t.Calls {
		s := Site{Part: CallOf, Template: t, Call: c}
		if t.Type != workflow.TypeDAG {
			a.walk(c.Node, s)
			continue
		}
		args := map[*manifest.Node]bool{}
		for _, p := range c.Arguments.Parameters {
			if p.Value != nil {
				args[p.Value] = true
			}
		}
		for _, p := range c.Arguments.Artifacts {
			if p.From != nil {
				args[p.From] = true
			}
		}
		a.walkBut(c.Node, s, args, func(s *Site, n *manifest.Node) { s.Argument = n })
	}
}

// firstInline looks at the inline template that Argo validates as a template:
// only the first of a resource, and where a DAG holds several it is chance
// which one that is.
func (a *analyzer) firstInline() {
	var inline []*workflow.Template
	for _, t := range a.w.All {
		if t.Caller != nil {
			inline = append(inline, t)
		}
	}
	if len(inline) == 0 || len(inline) > 1 && inline[0].Caller.Group < 0 {
		return
	}
	before := len(a.out.Uses)
	a.template(inline[0])
	type place struct {
		node *manifest.Node
		from int
	}
	seen := map[place]int{}
	for i, u := range a.out.Uses[:before] {
		if u.State == Missing {
			seen[place{u.Node, u.From}] = i
		}
	}
	keep := a.out.Uses[:before]
	for _, u := range a.out.Uses[before:] {
		if u.State != Missing {
			continue
		}
		switch i, ok := seen[place{u.Node, u.From}]; {
		case !ok:
			keep = append(keep, u)
		case u.Strict && !keep[i].Strict:
			keep[i] = u
		}
	}
	a.out.Uses = keep
}

// walk looks at every scalar and key from n down.
func (a *analyzer) walk(n *manifest.Node, s Site) { a.walkBut(n, s, nil, nil) }

// walkBut is walk where the nodes of some have a site of their own.
func (a *analyzer) walkBut(n *manifest.Node, s Site, some map[*manifest.Node]bool, change func(*Site, *manifest.Node)) {
	if n == nil {
		return
	}
	if some[n] {
		change(&s, n)
	}
	switch n.Kind {
	case manifest.String:
		if strings.Contains(n.Value, "{{") {
			a.scalar(n, s)
		}
	case manifest.List:
		for _, c := range n.Children {
			a.walkBut(c, s, some, change)
		}
	case manifest.Map:
		for _, c := range n.Children {
			if strings.Contains(c.Key.Value, "{{") {
				a.scalar(c.Key, s)
			}
			a.walkBut(c, s, some, change)
		}
	}
}
