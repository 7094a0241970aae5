package patch

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/manifest"
)

// Tree returns the tree with the edits made: the tree itself where there are
// none, or a copy that shares no node with it, since nodes know their parents.
// What was not edited keeps its place in the text.
func (s *Edits) Tree() *manifest.Node {
	if len(s.at) == 0 {
		return s.root
	}
	size := count(s.root)
	c := copier{at: s.at, nodes: make([]manifest.Node, size), slots: make([]*manifest.Node, size)}
	return c.edited(s.root)
}

func count(n *manifest.Node) int {
	sum := 1
	for _, c := range n.Children {
		sum += count(c)
	}
	return sum
}

// A copier copies a tree into nodes that are allocated at once.
type copier struct {
	at    map[*manifest.Node]change
	nodes []manifest.Node
	slots []*manifest.Node
}

func (c *copier) plain(n *manifest.Node) *manifest.Node {
	m := &c.nodes[0]
	c.nodes = c.nodes[1:]
	*m = *n
	m.Parent = nil
	if k := len(n.Children); k > 0 {
		m.Children, c.slots = c.slots[:k:k], c.slots[k:]
		for i, v := range n.Children {
			m.Children[i] = c.plain(v)
		}
		m.SetChildren(m.Children)
	}
	return m
}

func (c *copier) edited(n *manifest.Node) *manifest.Node {
	e, ok := c.at[n]
	if !ok {
		return c.plain(n)
	}
	if e.kind == replaced {
		m := Node(e.value)
		m.Key = n.Key
		return c.named(m, e)
	}
	m := &c.nodes[0]
	c.nodes = c.nodes[1:]
	*m = *n
	m.Parent = nil
	if len(e.fields) > 0 {
		m.Kind = manifest.Map
	}
	children := make([]*manifest.Node, 0, len(n.Children)+len(e.fields))
	for _, v := range n.Children {
		if e.below == 0 {
			children = append(children, c.plain(v))
		} else if c.at[v].kind != removed {
			children = append(children, c.edited(v))
		}
	}
	for _, f := range e.fields {
		v := Node(f.value)
		v.Key = &manifest.Node{Kind: manifest.String, Value: f.key}
		children = append(children, v)
	}
	m.SetChildren(children)
	return c.named(m, e)
}

func (c *copier) named(m *manifest.Node, e change) *manifest.Node {
	if e.rename {
		m.Key = &manifest.Node{Kind: manifest.String, Value: e.name}
	}
	return m
}

// Node returns the tree of a value as edits have it: a string, boolean or
// number, nil, or map[string]any and []any of them. The keys of a map are sorted.
func Node(v any) *manifest.Node {
	switch v := v.(type) {
	case string:
		return &manifest.Node{Kind: manifest.String, Style: manifest.DoubleQuoted, Value: v}
	case bool:
		return &manifest.Node{Kind: manifest.Bool, Value: strconv.FormatBool(v)}
	case int:
		return &manifest.Node{Kind: manifest.Int, Value: strconv.Itoa(v)}
	case int64:
		return &manifest.Node{Kind: manifest.Int, Value: strconv.FormatInt(v, 10)}
	case float64:
		return number(strconv.FormatFloat(v, 'g', -1, 64))
	case json.Number:
		return number(string(v))
	case []any:
		n := &manifest.Node{Kind: manifest.List, Style: manifest.Flow}
		children := make([]*manifest.Node, len(v))
		for i, e := range v {
			children[i] = Node(e)
		}
		n.SetChildren(children)
		return n
	case map[string]any:
		n := &manifest.Node{Kind: manifest.Map, Style: manifest.Flow}
		children := make([]*manifest.Node, 0, len(v))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			c := Node(v[k])
			c.Key = &manifest.Node{Kind: manifest.String, Value: k}
			children = append(children, c)
		}
		n.SetChildren(children)
		return n
	}
	return &manifest.Node{}
}

func number(s string) *manifest.Node {
	kind := manifest.Int
	if strings.ContainsAny(s, ".eE") {
		kind = manifest.Float
	}
	return &manifest.Node{Kind: kind, Value: s}
}

// Value returns what Node makes a tree of, which is what JSON has: a number that
// JSON cannot write is the text of it.
func Value(n *manifest.Node) any {
	if n == nil {
		return nil
	}
	switch n.Kind {
	case manifest.Bool:
		return n.Value == "true"
	case manifest.Int, manifest.Float:
		if json.Valid([]byte(n.Value)) {
			return json.Number(n.Value)
		}
		return n.Value
	case manifest.String:
		return n.Value
	case manifest.List:
		l := make([]any, len(n.Children))
		for i, c := range n.Children {
			l[i] = Value(c)
		}
		return l
	case manifest.Map:
		m := make(map[string]any, len(n.Children))
		for _, c := range n.Children {
			m[c.Key.Value] = Value(c)
		}
		return m
	}
	return nil
}

// merge returns a value that holds two, and whether there is one: maps that say
// nothing different of one key, or the same twice.
func merge(a, b any) (any, bool) {
	x, ok := a.(map[string]any)
	y, also := b.(map[string]any)
	if !ok || !also {
		return a, Equal(Node(a), Node(b))
	}
	out := maps.Clone(x)
	for k, v := range y {
		if have, there := x[k]; there {
			if v, ok = merge(have, v); !ok {
				return nil, false
			}
		}
		out[k] = v
	}
	return out, true
}

// Equal reports whether two trees mean the same in JSON: the order of keys does
// not matter.
func Equal(a, b *manifest.Node) bool { return len(Diff(a, b)) == 0 }
