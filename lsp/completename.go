package lsp

import (
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/expr/depends"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/schema"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// list is the field that the value at the cursor belongs to: the last key.
func (c *completer) list() string {
	if c.last(0) == "" {
		return c.last(1)
	}
	return c.last(0)
}

// names offers the names that other parts of the workflow have given.
func (c *completer) names() (offers []offer, ok bool) {
	if c.key && c.last(0) != "" || len(c.path) == 0 {
		return nil, false
	}
	switch field, parent := c.last(0), c.last(1); {
	case c.list() == "dependencies" && c.calls >= 0:
		return c.tasks(), true
	case (field == "depends" && c.calls >= 0) || field == "target" && parent == "dag":
		return c.depends(), true
	case c.key:
		return nil, false
	case field == "template" && parent == "templateRef":
		return templatesOf(c.library(c.at(len(c.path) - 1))), true
	case field == "template" && (c.calls >= 0 || c.within("hooks")), field == "entrypoint", field == "onExit":
		return c.templates(), true
	case field == "name" && (parent == "templateRef" || parent == "workflowTemplateRef"):
		return c.libraries(c.at(len(c.path) - 1)), true
	case field == "name" && c.within("arguments"):
		return c.arguments()
	case field == "value" && c.within("arguments"):
		return c.allowed()
	}
	return nil, false
}

func (c *completer) within(key string) bool {
	return slices.ContainsFunc(c.path, func(s step) bool { return s.key == key })
}

// enum offers the values that the schema allows.
func (c *completer) enum() (offers []offer, ok bool) {
	if len(c.path) == 1 && c.last(0) == "kind" {
		return offersOf(schema.Kinds(), kindEnum), true
	}
	if len(c.path) == 1 && c.last(0) == "apiVersion" {
		return offersOf([]string{"argoproj.io/v1alpha1"}, kindEnum), true
	}
	if c.key && c.last(0) != "" {
		return nil, false
	}
	t := c.typ(c.path)
	switch {
	case t == nil:
		return nil, false
	case t.Enum != nil:
		return offersOf(t.Enum, kindEnum), true
	case t.Shape == schema.Bool:
		return offersOf([]string{"true", "false"}, kindValue), true
	}
	return nil, false
}

func offersOf(names []string, kind int) []offer {
	var out []offer
	for _, name := range names {
		if name != "" {
			out = append(out, offer{name: name, kind: kind})
		}
	}
	return out
}

// templates offers those of the same object, or of the one that it runs.
func (c *completer) templates() []offer {
	var out []offer
	for _, t := range c.flow.Templates {
		if name := t.Name.Text(); name != "" {
			out = append(out, offer{name, kindFunction, t.Type.String(), describeTemplate(resolve.Callee{Template: resolve.Of(t)})})
		}
	}
	if lib, ok := c.index.Callees(c.flow).Base(); ok {
		out = append(out, templatesOf(lib)...)
	}
	return out
}

func templatesOf(lib *resolve.Library) []offer {
	var out []offer
	if lib == nil {
		return nil
	}
	for _, t := range lib.Templates {
		out = append(out, offer{t.Name, kindFunction, t.Type.String(), describeTemplate(resolve.Callee{Template: t, Library: lib})})
	}
	return out
}

// libraries offers the objects that a reference with these fields can name.
func (c *completer) libraries(ref map[string]field) []offer {
	kind := workflow.KindWorkflowTemplate
	if ref["clusterScope"].value == "true" {
		kind = workflow.KindClusterWorkflowTemplate
	}
	var out []offer
	for _, e := range c.index.Entries() {
		if e.Kind == kind && e.Library != nil && e.Name != "" && !slices.ContainsFunc(out, func(o offer) bool { return o.name == e.Name }) {
			out = append(out, offer{e.Name, kindReference, kind, describeLibrary(e.Library)})
		}
	}
	return out
}

// library returns what a reference with these fields names, or nil.
func (c *completer) library(ref map[string]field) *resolve.Library {
	lib, _ := c.index.Library(c.flow.Namespace.Text(), ref["name"].value, ref["clusterScope"].value == "true")
	return lib
}

// tasks offers the other tasks of the DAG.
func (c *completer) tasks() []offer {
	var out []offer
	if c.template == nil {
		return nil
	}
	for _, t := range c.template.Calls {
		if name := t.Name.Text(); name != "" && t != c.call {
			out = append(out, offer{name: name, kind: kindReference, detail: t.Word()})
		}
	}
	return out
}

// depends offers tasks, or behind the dot of one the statuses.
func (c *completer) depends() []offer {
	word := c.word[1+strings.LastIndexAny(c.word, " ()&|!"):]
	if i := strings.LastIndexByte(word, '.'); i >= 0 && c.template != nil && c.template.Call(word[:i]) != nil {
		return offersOf(depends.Statuses(), kindEnum)
	}
	return c.tasks()
}

// callee returns what the arguments around the cursor are for: a template, or
// with workflowTemplateRef a whole library.
func (c *completer) callee() (t *resolve.Template, lib *resolve.Library) {
	for i := len(c.path) - 1; i >= 0; i-- {
		if c.path[i].key != "arguments" {
			continue
		}
		owner := c.at(i)
		if ref, ok := owner["templateRef"]; ok {
			fields := c.below(ref)
			return c.library(fields).Template(fields["template"].value), nil
		}
		if ref, ok := owner["workflowTemplateRef"]; ok {
			return nil, c.library(c.below(ref))
		}
		name := owner["template"].value
		if own := c.flow.Template(name); own != nil {
			return resolve.Of(own), nil
		}
		if lib, ok := c.index.Callees(c.flow).Base(); ok && name != "" {
			return lib.Template(name), nil
		}
		return nil, nil
	}
	return nil, nil
}

// arguments offers the names that the callee takes and that are not given yet.
func (c *completer) arguments() (offers []offer, ok bool) {
	t, lib := c.callee()
	given := c.given()
	add := func(name, detail string) {
		if name != "" && (name == c.word || !slices.Contains(given, name)) {
			offers = append(offers, offer{name: name, kind: kindVariable, detail: detail})
		}
	}
	parameters, artifacts := []resolve.Parameter(nil), []resolve.Artifact(nil)
	switch {
	case t != nil:
		parameters, artifacts = t.Inputs, t.InFiles
	case lib != nil:
		parameters, artifacts = lib.Parameters, lib.Artifacts
	default:
		return nil, false
	}
	switch {
	case c.last(2) == "parameters":
		for _, p := range parameters {
			add(p.Name, strings.TrimPrefix(need(p.Filled), ", "))
		}
	case c.last(2) == "artifacts":
		for _, a := range artifacts {
			add(a.Name, strings.TrimPrefix(need(a.Filled), ", "))
		}
	}
	return offers, true
}

// given are the names of the other items of the list at the cursor.
func (c *completer) given() []string {
	var names []string
	item := c.path[len(c.path)-2]
	for _, from := range []int{-1, 1} {
		for l := item.line + from; l >= 0 && l < c.lines.count(); l += from {
			toks, _ := tokens(c.lines.line(l))
			if len(toks) == 0 || toks[0].col > item.col {
				continue
			}
			if toks[0].col < item.col || !toks[0].dash {
				break
			}
			other := place{lines: c.lines, line: l, path: []step{{line: l, col: toks[0].col}}}
			names = append(names, other.at(0)["name"].value)
		}
	}
	return names
}

// allowed offers the values that the callee allows for the argument.
func (c *completer) allowed() (offers []offer, ok bool) {
	t, lib := c.callee()
	var all []resolve.Parameter
	switch {
	case t != nil:
		all = t.Inputs
	case lib != nil:
		all = lib.Parameters
	}
	for _, p := range all {
		if p.Name == c.fields["name"].value && len(p.Enum) > 0 {
			return offersOf(p.Enum, kindEnum), true
		}
	}
	return nil, false
}
