package fix

import (
	"encoding/json"
	"reflect"
	"strconv"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
)

// value turns a tree into plain Go values: map[string]any, []any, string, bool,
// json.Number, nil.
func value(n *manifest.Node) any {
	if n == nil {
		return nil
	}
	switch n.Kind {
	case manifest.Bool:
		return n.Value == "true"
	case manifest.Int, manifest.Float:
		return json.Number(n.Value)
	case manifest.String:
		return n.Value
	case manifest.List:
		l := make([]any, 0, len(n.Children))
		for _, c := range n.Children {
			l = append(l, value(c))
		}
		return l
	case manifest.Map:
		m := make(map[string]any, len(n.Children))
		for _, c := range n.Children {
			m[c.Key.Value] = value(c)
		}
		return m
	}
	return nil
}

// whole returns the way to a node from the root of its document, list items of
// a "kind: List" included, which are roots of their own.
func whole(d *manifest.Document, n *manifest.Node) []any {
	var way []any
	for ; n.Parent != nil; n = n.Parent {
		way = append([]any{step(n)}, way...)
	}
	if n != d.Root && d.Root.Get("kind").Text() == "List" {
		for i, item := range d.Root.Get("items").Items() {
			if item.Start == n.Start {
				way = append([]any{"items", i}, way...)
			}
		}
	}
	return way
}

func step(n *manifest.Node) any {
	if n.Key != nil {
		return n.Key.Value
	}
	return n.Index()
}

// edit makes an edit in plain values.
func edit(v any, way []any, e lint.Edit) any {
	if len(way) == 0 {
		if e.Key == "" {
			return plain(e.Value)
		}
		m, _ := v.(map[string]any)
		if m == nil {
			m = map[string]any{}
		}
		m[e.Key] = plain(e.Value)
		return m
	}
	gone := len(way) == 1 && e.Key == "" && e.Value == nil
	switch k := way[0].(type) {
	case string:
		m, ok := v.(map[string]any)
		if !ok {
			return v
		}
		if gone {
			delete(m, k)
			return m
		}
		m[k] = edit(m[k], way[1:], e)
	case int:
		l, ok := v.([]any)
		if !ok || k >= len(l) {
			return v
		}
		if gone {
			return append(append([]any{}, l[:k]...), l[k+1:]...)
		}
		l[k] = edit(l[k], way[1:], e)
	}
	return v
}

// plain brings the value of an edit into the form of value.
func plain(v any) any {
	switch v := v.(type) {
	case int:
		return json.Number(strconv.Itoa(v))
	case int64:
		return json.Number(strconv.FormatInt(v, 10))
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, e := range v {
			m[k] = plain(e)
		}
		return m
	case []any:
		l := make([]any, 0, len(v))
		for _, e := range v {
			l = append(l, plain(e))
		}
		return l
	}
	return v
}

func equal(a, b any) bool { return reflect.DeepEqual(a, b) }

// keyed returns the value whose key stands where n stands, or nil: a key has no
// place in the tree of its own, and top may be the tree of another parse.
func keyed(top, n *manifest.Node) *manifest.Node {
	if top == nil {
		return nil
	}
	for _, c := range top.Children {
		if c.Key != nil && c.Key.Start == n.Start && c.Key.End == n.End {
			return c
		}
		if c.Start <= n.Start && n.End <= c.End {
			if found := keyed(c, n); found != nil {
				return found
			}
		}
	}
	return nil
}

// rename gives the value at the end of the way another key.
func rename(v any, way []any, key any) any {
	name, ok := key.(string)
	at := v
	for i, k := range way {
		last := i == len(way)-1
		switch k := k.(type) {
		case string:
			m, isMap := at.(map[string]any)
			if !isMap {
				return v
			}
			if last && ok {
				old := m[k]
				delete(m, k)
				m[name] = old
			}
			at = m[k]
		case int:
			l, isList := at.([]any)
			if !isList || k >= len(l) {
				return v
			}
			at = l[k]
		}
	}
	return v
}
