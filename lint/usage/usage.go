// Package usage answers whether anything uses an input or a parameter of a
// workflow. In doubt it says yes.
package usage

import (
	"strings"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/scope"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// A Usage is what the tags and expressions of one workflow name.
type Usage struct {
	templates map[*workflow.Template]*names
	// anywhere is what is named outside of templates and in fields that are
	// expressions without braces: it may mean any template.
	anywhere names
	global   names // below workflow.parameters
	words    map[string]bool
}

// names are the inputs that are named, or all of them.
type names struct {
	parameters, artifacts map[string]bool
	allParameters         bool
	allArtifacts          bool
}

// Of collects what w uses; a is the analysis of its tags.
func Of(w *workflow.Workflow, a *scope.Analysis) *Usage {
	u := &Usage{templates: map[*workflow.Template]*names{}, words: map[string]bool{}}
	for i := range a.Uses {
		u.use(&a.Uses[i])
	}
	u.fields(w.Spec)
	return u
}

// Parameter reports whether t uses its input parameter name.
func (u *Usage) Parameter(t *workflow.Template, name string) bool {
	return u.words[name] || u.anywhere.parameter(name) || u.templates[t].parameter(name)
}

// Artifact reports whether t uses its input artifact name.
func (u *Usage) Artifact(t *workflow.Template, name string) bool {
	return u.words[name] || u.anywhere.artifact(name) || u.templates[t].artifact(name)
}

// Global reports whether workflow.parameters.name is used.
func (u *Usage) Global(name string) bool { return u.words[name] || u.global.parameter(name) }

func (n *names) parameter(name string) bool {
	return n != nil && (n.allParameters || n.parameters[name])
}

func (n *names) artifact(name string) bool { return n != nil && (n.allArtifacts || n.artifacts[name]) }

// use notes one variable where it stands.
func (u *Usage) use(x *scope.Use) {
	if nested(x.Node.Value, x.From) {
		// {{inputs.parameters.{{item}}}}: the inner tag decides what is meant.
		u.all(&u.global)
		u.site(x.Site, u.all)
		return
	}
	root, rest, _ := strings.Cut(x.Name, ".")
	switch root {
	case "workflow":
		u.global.note(rest)
	case "inputs":
		u.site(x.Site, func(n *names) { n.note(rest) })
	}
}

func (u *Usage) all(n *names) { n.allParameters, n.allArtifacts = true, true }

// site calls note with what a tag at s may mean: inside of a call with an
// inline template, that one too.
func (u *Usage) site(s scope.Site, note func(*names)) {
	if s.Template == nil {
		note(&u.anywhere)
		return
	}
	note(u.of(s.Template))
	if s.Call != nil {
		u.inline(s.Call, note)
	}
}

func (u *Usage) inline(c *workflow.Call, note func(*names)) {
	if c.Inline == nil {
		return
	}
	note(u.of(c.Inline))
	for _, d := range c.Inline.Calls {
		u.inline(d, note)
	}
}

func (u *Usage) of(t *workflow.Template) *names {
	n := u.templates[t]
	if n == nil {
		n = &names{}
		u.templates[t] = n
	}
	return n
}

// note takes what follows "inputs." or "workflow.".
func (n *names) note(rest string) {
	kind, name, dotted := strings.Cut(rest, ".")
	switch {
	case rest == "":
		n.allParameters, n.allArtifacts = true, true
	case kind == "parameters":
		n.allParameters = n.allParameters || !dotted || name == "json"
		n.parameters = add(n.parameters, name)
	case kind == "artifacts":
		n.allArtifacts = n.allArtifacts || !dotted
		n.artifacts = add(n.artifacts, name)
	}
}

// add notes a name, also without what may follow it.
func add(set map[string]bool, name string) map[string]bool {
	if set == nil {
		set = map[string]bool{}
	}
	first, _, _ := strings.Cut(name, ".")
	set[name], set[first] = true, true
	return set
}

// longestTag bounds how far back the beginning of an outer tag is looked for.
const longestTag = 200

// nested reports whether the tag at from stands inside of another one.
func nested(s string, from int) bool {
	before := s[max(0, min(from, len(s))-longestTag):min(from, len(s))]
	before = strings.TrimSuffix(before, "{{")
	i := strings.LastIndex(before, "{{")
	return i >= 0 && !strings.Contains(before[i:], "}}")
}

// expressions are the fields that are expressions without braces around them.
var expressions = map[string]bool{
	"expression": true, "fromExpression": true, "successCondition": true, "failureCondition": true, "when": true,
}

// fields collects the words of expressions without braces. They are not
// parsed: each word may be a name.
func (u *Usage) fields(n *manifest.Node) {
	if n == nil {
		return
	}
	for _, c := range n.Children {
		switch {
		case c.Kind >= manifest.List:
			u.fields(c)
		case c.Kind == manifest.String && c.Key != nil && expressions[c.Key.Value]:
			u.expression(c.Value)
		}
	}
}

func (u *Usage) expression(s string) {
	var last string
	for len(s) > 0 {
		i := strings.IndexFunc(s, word)
		if i < 0 {
			break
		}
		if last == "parameters" && !strings.ContainsAny(s[:i], ".[") {
			u.whole()
		}
		s = s[i:]
		end := strings.IndexFunc(s, func(r rune) bool { return !word(r) })
		if end < 0 {
			end = len(s)
		}
		last = s[:end]
		u.words[last] = true
		s = s[end:]
	}
	if last == "parameters" {
		u.whole()
	}
}

// whole is for an expression that takes all parameters at once.
func (u *Usage) whole() { u.anywhere.allParameters, u.global.allParameters = true, true }

func word(r rune) bool {
	return r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
}
