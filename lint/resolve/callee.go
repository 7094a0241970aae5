package resolve

import (
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// A Callee is a template as one of its callers sees it.
type Callee struct {
	*Template
	// Library is what the template belongs to, nil for the caller's own object.
	Library *Library
	Inline  bool
}

// Title names the template in messages: template "echo" of WorkflowTemplate "lib".
func (c Callee) Title() string {
	switch {
	case c.Inline:
		return "the inline template"
	case c.Library != nil:
		return fmt.Sprintf("template %q of %s %q", c.Name, c.Library.Kind, c.Library.Name)
	}
	return fmt.Sprintf("template %q", c.Name)
}

// Callees finds what a workflow calls. It keeps the signatures it has made, so
// that a thousand calls of one template cost one.
type Callees struct {
	workflow *workflow.Workflow
	index    *Index
	made     map[*workflow.Template]*Template
}

// Callees returns what finds the callees of w.
func (x *Index) Callees(w *workflow.Workflow) *Callees {
	return &Callees{workflow: w, index: x, made: map[*workflow.Template]*Template{}}
}

// Of returns what a step or task calls, and whether that is known. What does
// not exist is for other rules to say: here it is not known.
func (c *Callees) Of(call *workflow.Call) (Callee, bool) {
	if call.Inline != nil {
		return Callee{Template: c.signature(call.Inline), Inline: true}, true
	}
	return c.Named(call.Template, call.Ref)
}

// Named returns the template that a name or a reference means; where both are
// given, neither is right.
func (c *Callees) Named(name *manifest.Node, ref *workflow.Ref) (Callee, bool) {
	switch {
	case ref != nil && name != nil:
		return Callee{}, false
	case ref != nil:
		return c.of(ref, ref.Template)
	case name.Text() == "":
		return Callee{}, false
	}
	if t := c.workflow.Template(name.Text()); t != nil {
		return Callee{Template: c.signature(t)}, true
	}
	if c.workflow.Ref != nil {
		return c.of(c.workflow.Ref, name)
	}
	return Callee{}, false
}

// of looks name up in the library that ref means.
func (c *Callees) of(ref *workflow.Ref, name *manifest.Node) (Callee, bool) {
	lib, state := c.index.Library(c.workflow.Namespace.Text(), ref.Name.Text(), ref.Cluster)
	if state != Known || name.Text() == "" || strings.Contains(name.Text(), "{{") {
		return Callee{}, false
	}
	t := lib.Template(name.Text())
	return Callee{Template: t, Library: lib}, t != nil
}

// Base returns the library behind workflowTemplateRef. It is nil without one;
// known is false where it is not given.
func (c *Callees) Base() (lib *Library, known bool) {
	ref := c.workflow.Ref
	if ref == nil {
		return nil, true
	}
	lib, state := c.index.Library(c.workflow.Namespace.Text(), ref.Name.Text(), ref.Cluster)
	return lib, state == Known
}

// Entrypoint returns the template that the workflow begins with.
func (c *Callees) Entrypoint() (Callee, bool) {
	w := c.workflow
	if w.Entrypoint != nil || w.Ref == nil {
		return c.Named(w.Entrypoint, nil)
	}
	lib, known := c.Base()
	if !known {
		return Callee{}, false
	}
	t := lib.Template(lib.Entrypoint)
	return Callee{Template: t, Library: lib}, t != nil
}

func (c *Callees) signature(t *workflow.Template) *Template {
	s := c.made[t]
	if s == nil {
		s = Of(t)
		c.made[t] = s
	}
	return s
}
