package schema

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/near"
)

// ProblemKind tells what is wrong with a value.
type ProblemKind uint8

// The kinds of problems.
const (
	UnknownField ProblemKind = iota // the object has no such field
	RemovedField                    // the version of Argo Workflows has the field no more
	NewField                        // the version of Argo Workflows does not have the field yet
	WrongType                       // the value does not decode
	BadValue                        // the string is none of those that the field takes
	LostValue                       // an object or list that is decoded as "", silently
)

// A Problem is what is wrong with one field.
type Problem struct {
	Kind ProblemKind
	// Node is the value; its key is the field.
	Node *manifest.Node
	// Message is in house style: lower case, no full stop.
	Message string
	// Ignored is set when nobody refuses the field and it does nothing: what Argo
	// Events does not know, and values that are lost.
	Ignored bool
	// In is the type of the object with an unknown, removed or new field.
	In *Type
	// Want is the type that the value should have.
	Want *Type
	// Suggestion is what was likely meant: another name for the field, which may
	// be a path into a field of the same object (container.image), or another
	// value. "" if nothing is near.
	Suggestion string
	// Value is what should stand in place of a value of the wrong type, when
	// that is plain: a string, int, bool or []any. Nil if it is not.
	Value any
}

// mostHints is how many unknown fields of an object are searched for where they
// belong; who has more has another problem.
const mostHints = 50

func (c *Checker) unknownField(n *manifest.Node, t *Type) {
	p := Problem{Kind: UnknownField, Node: n, In: t, Ignored: strings.HasPrefix(c.above[0].typ.Name, "events.")}
	p.Message = fmt.Sprintf("unknown field %s in %s", quote(n.Key.Value), title(n.Parent, t))
	// A file of nothing but unknown fields must not take quadratic time.
	if c.hints++; c.hints <= mostHints {
		c.hint(&p)
	}
	c.Report(p)
}

// hint adds where the field of p belongs, or how it is spelt.
func (c *Checker) hint(p *Problem) {
	if inside := c.child(p.Node, p.In); inside != "" {
		p.Suggestion = inside
	} else if above := c.ancestor(p.Node); above != nil {
		p.Message += fmt.Sprintf("; it belongs further up, in %s", title(above.node, above.typ))
	} else if name, ok := near.Name(p.Node.Key.Value, c.names(p.In)); ok {
		p.Suggestion = name
	}
	if p.Suggestion != "" {
		p.Message += fmt.Sprintf("; did you mean %q?", p.Suggestion)
	}
}

// names lists the fields of t that exist.
func (c *Checker) names(t *Type) []string {
	var names []string
	for i, all := 0, t.Fields(); i < len(all); i++ {
		if all[i].Has(c.Argo) {
			names = append(names, all[i].Name)
		}
	}
	return names
}

// child returns the path of the field if it belongs in an object that is
// beside it: container.image for the image of a template with a container. The
// object is empty when all of its fields are indented too little.
func (c *Checker) child(n *manifest.Node, t *Type) string {
	key := n.Key.Value
	for _, beside := range n.Parent.Children {
		f := t.Field(beside.Key.Value)
		if f == nil || beside.Kind != manifest.Map && beside.Kind != manifest.Null || f.Type().Shape != Object || beside.Get(key) != nil {
			continue
		}
		if g := f.Type().Field(key); g != nil && g.Has(c.Argo) {
			return f.Name + "." + key
		}
	}
	return ""
}

// ancestor returns the nearest object around that of n in which the field is
// known and not yet set. Names that many objects have say nothing.
func (c *Checker) ancestor(n *manifest.Node) *place {
	key := n.Key.Value
	if key == "name" || key == "namespace" || key == "kind" || key == "value" {
		return nil
	}
	for i := len(c.above) - 2; i >= c.floor; i-- {
		a := &c.above[i]
		if f := a.typ.Field(key); f != nil && f.Has(c.Argo) && a.node.Get(key) == nil {
			return a
		}
	}
	return nil
}

func (c *Checker) otherVersion(n *manifest.Node, t *Type, f *Field) {
	p := Problem{Kind: RemovedField, Node: n, In: t, Want: f.Type(), Suggestion: f.Use}
	if c.Argo.before(f.Since) {
		p.Kind = NewField
		p.Message = fmt.Sprintf("%s came with Argo Workflows %d.%d: version %d.%d does not know it", quote(f.Name), f.Since.Major, f.Since.Minor, c.Argo.Major, c.Argo.Minor)
	} else {
		p.Message = fmt.Sprintf("%s was removed in Argo Workflows %d.%d", quote(f.Name), f.Until.Major, f.Until.Minor)
		if use := t.Field(f.Use); use != nil && use.Type().Shape == List && f.Type().Shape != List {
			p.Message += fmt.Sprintf("; use %s, a list", quote(f.Use))
		} else if use != nil {
			p.Message += "; use " + quote(f.Use)
		}
		if c.Argo == (Version{}) {
			p.Message += " (if you run an older version, say so: argoVersion)"
		}
	}
	c.Report(p)
}

func (c *Checker) badValue(n *manifest.Node, t *Type) {
	p := Problem{Kind: BadValue, Node: n, Want: t}
	p.Suggestion, _ = near.Name(n.Value, t.Enum)
	p.Message = fmt.Sprintf("%s %s is none of %s", plain(n), quote(n.Value), strings.Join(t.Enum, ", "))
	if len(t.Enum) > 10 {
		p.Message = fmt.Sprintf("%s %s is none of its %d values, such as %s", plain(n), quote(n.Value), len(t.Enum), t.Enum[0])
	}
	if p.Suggestion != "" {
		p.Message += fmt.Sprintf("; did you mean %q?", p.Suggestion)
	}
	c.Report(p)
}

func (c *Checker) lostValue(n *manifest.Node, t *Type) {
	c.Report(Problem{Kind: LostValue, Node: n, Ignored: true, Want: t, Message: fmt.Sprintf(
		"%s must be a string, number or boolean: Argo makes an empty string of %s; write it as JSON text", label(n), got(n))})
}

func (c *Checker) wrongType(n *manifest.Node, t *Type) {
	p := Problem{Kind: WrongType, Node: n, Want: t, Value: meant(n, t)}
	what := label(n)
	if n.Key == nil && t.Title != "" {
		what = t.Title
	}
	switch {
	case t.Shape == OneKey && n.Kind == manifest.Map:
		p.Message = fmt.Sprintf("%s must have exactly one key, not %d", what, len(n.Children))
	case t.Shape.integral() && number(n) && !strings.ContainsAny(n.Value, ".eE"):
		p.Message = fmt.Sprintf("%s must be %s: %s is out of its range", what, t.Shape, short(n.Value))
	default:
		p.Message = fmt.Sprintf("%s must be %s, not %s", what, t.Shape, got(n))
	}
	switch {
	case p.Value != nil:
		p.Message += "; write " + p.Written()
	case strings.Contains(n.Value, "{{") && t.Shape.integral():
		p.Message += ": a tag cannot stand here"
	case t.Shape == List && n.Kind == manifest.Map && n.Key == nil:
		p.Message += `; begin it with "- - ": it is a list in a list`
	case t.Shape == List && n.Kind == manifest.Map && t.Elem().Shape == Object:
		p.Message += `; begin each item with a dash, "- "`
	}
	c.Report(p)
}

// Written returns Value as it would be written in YAML.
func (p *Problem) Written() string {
	switch v := p.Value.(type) {
	case string:
		return quote(v)
	case []any:
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = quote(fmt.Sprint(item))
		}
		return "[" + strings.Join(items, ", ") + "]"
	default:
		return fmt.Sprint(v)
	}
}

// written returns the text of a scalar as its author wrote it: the yes of a true.
func written(n *manifest.Node) string {
	if text := n.Span().Text(); n.Style == manifest.Plain && len(text) > 0 {
		return string(text)
	}
	return n.Value
}

// meant returns the value of type t that the author evidently meant by n.
func meant(n *manifest.Node, t *Type) any {
	switch {
	case !n.Scalar():
		return nil
	case t.Shape == String && t.allows(n.Value):
		return written(n)
	case t.Shape == List && t.Elem().Shape == String && n.Kind == manifest.String:
		return []any{n.Value}
	case n.Kind != manifest.String:
		return nil
	case t.Shape == Bool && (n.Value == "true" || n.Value == "false"):
		return n.Value == "true"
	case t.Shape.integral():
		if i, err := strconv.Atoi(n.Value); err == nil && t.takes(&manifest.Node{Kind: manifest.Int, Value: n.Value}) {
			return i
		}
	}
	return nil
}
