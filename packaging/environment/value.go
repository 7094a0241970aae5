package environment

import (
	"strconv"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// A Value is a node of merged values that remembers where it came from. A nil
// Value is an absent one: every method works on it.
type Value struct {
	Kind manifest.Kind
	// Text is a scalar as manifest.Node.Value has it, "" for a secret.
	Text string
	// Key is the key in the map Parent, "" for the root and for items of lists.
	Key    string
	Parent *Value
	// Fields are the values of a map: first those that the chart has, in the
	// order of its values.yaml, then those that others add. Items are those of
	// a list.
	Fields, Items []*Value
	// Secret is set for what must not be shown: all of a file of secrets, and
	// whatever SOPS encrypted. Encrypted is set for the latter alone: Kind is
	// then the type that the plaintext has.
	Secret, Encrypted bool

	index  int
	node   *manifest.Node
	from   *document
	fields map[string]*Value
}

// Get returns the field called key, or nil.
func (v *Value) Get(key string) *Value {
	if v == nil {
		return nil
	}
	return v.fields[key]
}

// set adds or replaces a field; a replaced one keeps its place.
func (v *Value) set(c *Value) {
	c.Parent = v
	if old := v.fields[c.Key]; old != nil {
		c.index = old.index
		v.Fields[old.index] = c
	} else {
		c.index = len(v.Fields)
		v.Fields = append(v.Fields, c)
	}
	if v.fields == nil {
		v.fields = map[string]*Value{}
	}
	v.fields[c.Key] = c
}

// keep drops the fields that are not wanted.
func (v *Value) keep(want func(*Value) bool) {
	old := v.Fields
	v.Fields, v.fields = nil, nil
	for _, c := range old {
		if want(c) {
			v.set(c)
		}
	}
}

// Leaf reports whether the value has nothing below it.
func (v *Value) Leaf() bool { return len(v.Fields)+len(v.Items) == 0 }

// Leaves calls do for each leaf, in order.
func (v *Value) Leaves(do func(*Value)) {
	if v == nil {
		return
	}
	for _, c := range v.Fields {
		c.leaves(do)
	}
}

func (v *Value) leaves(do func(*Value)) {
	if v.Leaf() {
		do(v)
	}
	for _, c := range v.Fields {
		c.leaves(do)
	}
	for _, c := range v.Items {
		c.leaves(do)
	}
}

// Path returns the path from the root: image.tag, jobs[0].name.
func (v *Value) Path() string {
	var parts []string
	for ; v != nil && v.Parent != nil; v = v.Parent {
		if v.Parent.Kind == manifest.List {
			parts = append(parts, "["+strconv.Itoa(v.index)+"]")
		} else {
			parts = append(parts, manifest.Field(v.Parent.Parent == nil, v.Key))
		}
	}
	var b strings.Builder
	for i := len(parts) - 1; i >= 0; i-- {
		b.WriteString(parts[i])
	}
	return b.String()
}

// File returns the name of the file that the value came from, "" when there is none.
func (v *Value) File() string {
	if v == nil || v.from == nil {
		return ""
	}
	return v.from.file.Name
}

// Position returns where in the file the value stands.
func (v *Value) Position() source.Position {
	if v == nil || v.from == nil {
		return source.Position{}
	}
	at := v.node.Start
	if v.node.Start == v.node.End && v.node.Key != nil { // a null that is written as nothing
		at = v.node.Key.Start
	}
	return v.from.file.Position(at)
}

// At returns the value at a path of keys, or nil.
func (v *Value) At(path ...string) *Value {
	for _, key := range path {
		v = v.Get(key)
	}
	return v
}

// Find returns the value at a path as Path has it, or nil.
func (v *Value) Find(path string) *Value {
	var found *Value
	v.Each(func(c *Value) {
		if found == nil && c.Path() == path {
			found = c
		}
	})
	return found
}

// AnyKey points at the key of the value at a path, which need not be a leaf;
// unknown when there is none.
func (v *Value) AnyKey(path string) source.Span {
	if v == nil || path == "" {
		return source.Span{}
	}
	for _, c := range v.Fields {
		at := c.Path()
		if at == path {
			return c.keySpan()
		}
		if rest, ok := strings.CutPrefix(path, at); ok && (rest[0] == '.' || rest[0] == '[') {
			if found := c.AnyKey(path); found.Known() {
				return found
			}
		}
	}
	return source.Span{}
}

// Each calls do for each leaf of the value, which may be one itself.
func (v *Value) Each(do func(*Value)) {
	if v != nil {
		v.leaves(do)
	}
}

// Span is what to point at, in text that may be shown; unknown for nil.
func (v *Value) Span() source.Span { return v.span() }

// span is what to point at, in text that may be shown.
func (v *Value) span() source.Span {
	if v == nil || v.from == nil {
		return source.Span{}
	}
	if v.Secret && v.node.Key != nil {
		return v.from.at(v.node.Key.Span())
	}
	return v.from.span(v.node)
}

// KeySpan points at the key, in text that may be shown.
func (v *Value) KeySpan() source.Span { return v.keySpan() }

// keySpan points at the key.
func (v *Value) keySpan() source.Span {
	if v == nil || v.from == nil || v.node.Key == nil {
		return v.span()
	}
	return v.from.at(v.node.Key.Span())
}

// empty reports whether the value is absent or says nothing.
func (v *Value) empty() bool {
	switch {
	case v == nil, v.Kind == manifest.Null:
		return true
	case v.Kind == manifest.String:
		return v.Text == "" && !v.Secret
	}
	return v.Kind >= manifest.List && v.Leaf()
}

// valueOf converts a tree of a document.
func valueOf(d *document, n *manifest.Node) *Value {
	v := &Value{Kind: n.Kind, Text: n.Value, node: n, from: d, Secret: d.secret}
	if n.Key != nil {
		v.Key = n.Key.Value
	}
	if kind, ok := encrypted(n); ok {
		v.Kind, v.Secret, v.Encrypted = kind, true, true
	}
	if v.Secret {
		v.Text = ""
	}
	for i, c := range n.Children {
		w := valueOf(d, c)
		if n.Kind == manifest.Map {
			v.set(w)
			continue
		}
		w.Parent, w.index = v, i
		v.Items = append(v.Items, w)
	}
	return v
}
