package manifest

import "strings"

// SetChildren makes children those of n, which is being made and not yet seen
// by anybody else. The values of a map must have their Key.
func (n *Node) SetChildren(children []*Node) {
	n.Children = children
	for i, c := range children {
		c.Parent, c.index = n, int32(i)
	}
}

// Detach returns a copy of the tree n that keeps nothing of its text in memory:
// it has no positions, and n may be forgotten. Fields of n itself, when it is a
// map, are left out where keep says no; nil keeps all.
func (n *Node) Detach(keep func(key string) bool) *Node {
	if n == nil {
		return nil
	}
	c := &Node{Value: strings.Clone(n.Value), Kind: n.Kind, Style: n.Style}
	children := make([]*Node, 0, len(n.Children))
	for _, v := range n.Children {
		if v.Key != nil && keep != nil && !keep(v.Key.Value) {
			continue
		}
		w := v.Detach(nil)
		if v.Key != nil {
			w.Key = &Node{Value: strings.Clone(v.Key.Value), Kind: v.Key.Kind, Style: v.Key.Style}
		}
		children = append(children, w)
	}
	c.SetChildren(children)
	return c
}
