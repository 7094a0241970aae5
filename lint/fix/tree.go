package fix

import (
	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
)

// here returns the edit of another parse of the document that d is a parse of,
// or an edit without a node.
func here(d *manifest.Document, e lint.Edit) lint.Edit {
	if n := keyed(d.Root, e.Node); n != nil {
		e.Node = n.Key
		return e
	}
	n := d.Root
	for _, k := range whole(d, e.Node) {
		switch k := k.(type) {
		case string:
			n = n.Get(k)
		case int:
			if k >= len(n.Items()) {
				n = nil
				break
			}
			n = n.Items()[k]
		}
	}
	e.Node = n
	return e
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
