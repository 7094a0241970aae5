// Package graph draws workflows: the tasks and steps of their templates, what
// waits for what, and the findings on the nodes that they belong to.
//
// A picture is first drawn as data, the same for all formats, and then written
// as text, Mermaid, Graphviz or SVG. Drawing is a pure function of documents and
// findings; it always ends and takes time and memory that are nearly linear in
// the size of the documents: recursion becomes a reference back, and templates
// are drawn inside each other only as far as depth and size allow.
package graph

import (
	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// A Picture is what is drawn of some documents.
type Picture struct {
	Flows []*Flow
	// Templates are the names of all templates, sorted.
	Templates []string
	// Rest are the findings in documents that hold no workflow, such as those
	// that do not parse.
	Rest []lint.Finding
}

// A Flow is one workflow of the picture.
type Flow struct {
	Kind, Namespace, Name string
	Drawings              []*Drawing
	// Marks are the findings that belong to no node.
	Marks []Mark
}

// Role is why a drawing is there.
type Role uint8

// The roles of drawings.
const (
	Called   Role = iota // called by something, but not drawn inside it
	Entry                // where the workflow begins
	Ending               // exit handlers and hooks of the workflow
	Uncalled             // called by nothing here
	Inside               // drawn inside a node
)

// A Drawing is a template with its tasks or steps, or a row of single nodes.
type Drawing struct {
	// Template is the name of the template, "" for a row.
	Template string
	Type     workflow.Type
	Role     Role
	// Nodes are in the order of the text; hooks hang on their owners.
	Nodes []*Node
	// Marks are the findings about the template rather than one of its nodes.
	Marks []Mark
}

// Kind is what a node is.
type Kind uint8

// The kinds of nodes.
const (
	Task Kind = iota
	Step
	Whole // a template on its own
	Exit  // an exit handler
	Hook  // another lifecycle hook
	Ghost // a task that others wait for and that is not there
)

// Target is what is known of the template that a node calls.
type Target uint8

// The targets.
const (
	Local    Target = iota // it does its work itself, or is drawn inside
	Folded                 // it has nodes of its own that are not drawn here
	Back                   // it is drawn around this node: recursion
	External               // it is in an object that is not given, or named by a tag
	Missing                // it does not exist
)

// A Node is one box of a drawing.
type Node struct {
	// ID counts the nodes of the picture from 1.
	ID   int
	Name string
	Kind Kind
	// Calls names the template, "lib/clean" for one of another object.
	Calls  string
	Type   workflow.Type
	Target Target
	// When is the condition: of a task, or the expression of a hook.
	When string
	// Loop is how often the node runs, like 3, or N where that is not known.
	Loop string
	// Layer counts from 0 how many nodes must have run before.
	Layer int
	Needs []Need
	Hooks []*Node
	// Inner is what the node calls, drawn inside it; nil if that is folded.
	Inner *Drawing
	// Folds is how many nodes are not drawn when Target is Folded.
	Folds int
	Marks []Mark
}

// A Need is a node that another waits for.
type Need struct {
	Node *Node
	// Status is what depends asks for, "" for a task alone.
	Status string
	// Cyclic is set when the two wait for each other.
	Cyclic bool
}

// A Mark is a finding on the picture.
type Mark struct {
	Severity      lint.Severity
	Message, Rule string
}

// Options are the choices of a picture. The zero value works.
type Options struct {
	// Depth is how many levels of templates are drawn inside each other: with 1
	// each template is drawn by itself. Zero is DefaultDepth.
	Depth int
	// Template is the only template to draw, if it is not "".
	Template string
	// Show is the least severity of findings to mark.
	Show lint.Severity
}

// DefaultDepth is what most workflows need to be one picture.
const DefaultDepth = 3

// worst returns the highest severity of marks, Off without any.
func worst(marks []Mark) lint.Severity {
	s := lint.Off
	for _, m := range marks {
		s = max(s, m.Severity)
	}
	return s
}

// title names the flow: CronWorkflow data/nightly-etl.
func (f *Flow) title() string {
	name := f.Name
	if f.Namespace != "" {
		name = f.Namespace + "/" + name
	}
	return f.Kind + " " + name
}

// about says what a drawing is, for its header: dag, entrypoint.
func (d *Drawing) about() string {
	if d.Template == "" {
		return ""
	}
	switch d.Role {
	case Entry:
		return d.Type.String() + ", entrypoint"
	case Uncalled:
		return d.Type.String() + ", not called here"
	}
	return d.Type.String()
}

// heading names a drawing.
func (d *Drawing) heading() string {
	switch {
	case d.Template != "":
		return d.Template
	case d.Role == Ending:
		return "when the workflow ends or changes"
	case d.Role == Entry:
		return "entrypoint"
	case d.Role == Uncalled:
		return "templates that nothing calls here"
	}
	return "template"
}

// each calls do for every node of the drawing, hooks and inner nodes included.
func (d *Drawing) each(do func(*Node)) {
	var visit func(*Node)
	visit = func(n *Node) {
		do(n)
		for _, h := range n.Hooks {
			visit(h)
		}
		if n.Inner != nil {
			n.Inner.each(do)
		}
	}
	for _, n := range d.Nodes {
		visit(n)
	}
}

// each calls do for every node of the picture.
func (p *Picture) each(do func(*Node)) {
	for _, f := range p.Flows {
		for _, d := range f.Drawings {
			d.each(do)
		}
	}
}
