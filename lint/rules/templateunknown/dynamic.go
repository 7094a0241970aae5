package templateunknown

import (
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/expr"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// A meaning is what is known of a name with tags at the time when Argo looks
// the template up.
type meaning uint8

const (
	unreplaced meaning = iota // a tag still stands there
	unsettled                 // an input that has no value yet stands there
	unknown                   // a value that is not seen here
	plain                     // a plain name
)

// read replaces the tags of a name in template t as Argo does when it validates:
// parameters of the workflow have their values, and inputs too where the
// workflow itself hands them over. To all other templates Argo makes inputs up.
func read(w *workflow.Workflow, t *workflow.Template, name string) (string, meaning) {
	var b strings.Builder
	at, settled := 0, plain
	for tag := range expr.Tags(name) {
		value, is := "", unreplaced
		text := tag.Text(name)
		if tag.Expression {
			is = expression(text)
		} else if p, ok := strings.CutPrefix(text, "workflow.parameters."); ok {
			value, is = parameter(w, p)
		} else if p, ok := strings.CutPrefix(text, "inputs.parameters."); ok {
			value, is = input(w, t, p)
		} else if strings.HasPrefix(text, "workflow.") {
			is = unsettled
		}
		settled = min(settled, is)
		b.WriteString(name[at:tag.Start])
		b.WriteString(value)
		at = tag.End
	}
	b.WriteString(name[at:])
	return b.String(), settled
}

// expression judges an expression, which Argo evaluates with what it has, be
// it made up.
func expression(text string) meaning {
	if strings.Contains(text, "inputs") || strings.Contains(text, "workflow") {
		return unknown
	}
	return unreplaced
}

func parameter(w *workflow.Workflow, name string) (string, meaning) {
	for _, p := range w.Arguments.Parameters {
		switch {
		case p.Name.Text() != name:
		case p.Value.Set():
			return literal(p)
		default:
			return "", unsettled
		}
	}
	return "", unreplaced
}

func input(w *workflow.Workflow, t *workflow.Template, name string) (string, meaning) {
	if !handed(w, t) {
		return "", unsettled
	}
	for _, p := range w.Arguments.Parameters {
		if p.Name.Text() == name && p.Value.Set() {
			return literal(p)
		}
	}
	for _, p := range t.Inputs.Parameters {
		switch {
		case p.Name.Text() != name:
		case p.Value.Set():
			return literal(p)
		case p.Default.Set() && strings.Contains(p.Default.Text(), "{{"):
			return "", unknown
		case p.Default.Set():
			return workflow.ValueText(p.Default), plain
		}
	}
	return "", unknown
}

func literal(p *workflow.Parameter) (string, meaning) {
	if strings.Contains(p.Value.Text(), "{{") {
		return "", unknown
	}
	return workflow.ValueText(p.Value), plain
}

// handed reports whether the workflow hands its own arguments to t.
func handed(w *workflow.Workflow, t *workflow.Template) bool {
	return !w.IsLibrary() && (w.Template(w.Entrypoint.Text()) == t || w.Template(w.OnExit.Text()) == t)
}

// dynamic judges the name of the template that a call of t reads from a tag, and
// reports whether it did.
func dynamic(pass *lint.Pass, t *workflow.Template, c *workflow.Call) bool {
	if !strings.Contains(c.Template.Text(), "{{") {
		return false
	}
	name, is := read(pass.Workflow, t, c.Template.Text())
	switch {
	case is == unknown:
		return true
	case is == plain && pass.Workflow.Template(name) != nil:
		return true
	case is == plain:
		pass.Reportf(c.Template, "%s calls template %q, which is %q here: that is not there", c.Title(), c.Template, name)
		return true
	}
	return false
}

// unsettledRef reports a templateRef to an object whose name is an input that
// Argo does not know yet when it looks the object up.
func unsettledRef(pass *lint.Pass, t *workflow.Template, c *workflow.Call) {
	if _, is := read(pass.Workflow, t, c.Ref.Template.Text()); is == unreplaced {
		return // with a tag left in either name Argo looks nothing up
	}
	if _, is := read(pass.Workflow, t, c.Ref.Name.Text()); is == unsettled {
		pass.Reportf(c.Ref.Name, "%s refers to %q, which has no value yet when Argo looks it up, and so is refused; only templateRef.template may be an input", c.Title(), c.Ref.Name)
	}
}
