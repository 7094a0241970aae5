// Package patch makes the edits of fixes in the tree of an object, and tells the
// difference of two trees as a JSON Patch (RFC 6902).
//
// It is for objects that are no file, as they come to an admission webhook. A
// tree that was parsed is not changed: edits make a new one.
package patch

import (
	"errors"
	"fmt"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
)

// Apply returns a copy of a tree with the edits made, all of them or none.
func Apply(root *manifest.Node, edits ...lint.Edit) (*manifest.Node, error) {
	s := Edits{root: root}
	if err := s.Add(edits...); err != nil {
		return nil, err
	}
	return s.Tree(), nil
}

// Edits are edits of one tree that go together. Paths and indexes are those of
// the tree as it was, so their order does not matter.
type Edits struct {
	root *manifest.Node
	at   map[*manifest.Node]change
	keys map[*manifest.Node]*manifest.Node // values by key, once a key is edited
	undo []undo
}

// A change is what is to become of one node.
type change struct {
	kind   kind
	value  any     // of a replaced node
	name   string  // the new key, of a renamed one
	rename bool    // it has one
	fields []field // to be added
	below  int     // edits of nodes below
}

type kind uint8

const (
	kept kind = iota
	replaced
	removed
)

type field struct {
	key   string
	value any
}

type undo struct {
	node *manifest.Node
	was  change
}

// Of returns no edits of a tree yet.
func Of(root *manifest.Node) *Edits { return &Edits{root: root} }

// Empty reports whether nothing was added.
func (s *Edits) Empty() bool { return len(s.at) == 0 }

// Add adds edits, all of them or, with an error, none: those that contradict an
// edit that is there already, or that cannot be made.
func (s *Edits) Add(edits ...lint.Edit) error {
	s.undo = s.undo[:0]
	for _, e := range edits {
		if err := s.add(e); err != nil {
			for i := len(s.undo) - 1; i >= 0; i-- {
				s.at[s.undo[i].node] = s.undo[i].was
			}
			return err
		}
	}
	return nil
}

func (s *Edits) set(n *manifest.Node, c change) {
	if s.at == nil {
		s.at = map[*manifest.Node]change{}
	}
	was := s.at[n]
	s.undo = append(s.undo, undo{n, was})
	s.at[n] = c
}

// mark notes an edit of n in all that n lies in.
func (s *Edits) mark(n *manifest.Node) {
	for p := n.Parent; p != nil; p = p.Parent {
		c := s.at[p]
		c.below++
		s.set(p, c)
	}
}

func (s *Edits) add(e lint.Edit) error {
	n := e.Node
	if n == nil {
		return errors.New("there is nothing to edit")
	}
	if n != s.root && n.Parent == nil {
		return s.rename(e)
	}
	for p := n; ; p = p.Parent {
		if c := s.at[p]; p != n && c.kind != kept {
			return fmt.Errorf("%s is replaced or removed as a whole", p.Path())
		}
		if p.Parent == nil {
			if p != s.root {
				return errors.New("the node is of another tree")
			}
			break
		}
	}
	switch {
	case e.Key != "":
		return s.field(n, e.Key, e.Value)
	case e.Value != nil:
		return s.replace(n, e.Value)
	}
	return s.remove(n)
}

// rename gives the value of a key another one.
func (s *Edits) rename(e lint.Edit) error {
	name, ok := e.Value.(string)
	if !ok || e.Key != "" {
		return errors.New("a key can only be replaced by another key")
	}
	if s.keys == nil {
		s.keys = map[*manifest.Node]*manifest.Node{}
		keys(s.root, s.keys)
	}
	n := s.keys[e.Node]
	if n == nil {
		return errors.New("the node is of another tree")
	}
	if c := s.at[n]; c.rename && c.name == name {
		return nil
	} else if c.rename || c.kind == removed {
		return fmt.Errorf("the key of %s is edited twice", n.Path())
	}
	if s.has(n.Parent, name) {
		return fmt.Errorf("key %q would be set twice", name)
	}
	c := s.at[n]
	c.name, c.rename = name, true
	s.set(n, c)
	s.mark(n)
	return nil
}

func keys(n *manifest.Node, all map[*manifest.Node]*manifest.Node) {
	for _, c := range n.Children {
		if c.Key != nil {
			all[c.Key] = c
		}
		keys(c, all)
	}
}

// has reports whether a map has a key, or will have it.
func (s *Edits) has(n *manifest.Node, key string) bool {
	if n.Get(key) != nil {
		return true
	}
	c := s.at[n]
	for _, f := range c.fields {
		if f.key == key {
			return true
		}
	}
	if c.below > 0 {
		for _, v := range n.Children {
			if w := s.at[v]; w.rename && w.name == key {
				return true
			}
		}
	}
	return false
}

func (s *Edits) field(n *manifest.Node, key string, value any) error {
	c := s.at[n]
	if c.kind != kept {
		return fmt.Errorf("%s is replaced or removed as a whole", n.Path())
	}
	if old := n.Get(key); old != nil {
		if old.Kind >= manifest.List {
			return fmt.Errorf("%s is there and is no scalar", old.Path())
		}
		return s.replace(old, value)
	}
	if n.Kind != manifest.Map && n.Kind != manifest.Null {
		return fmt.Errorf("%s is no object", n.Path())
	}
	for i, f := range c.fields {
		if f.key != key {
			continue
		}
		both, ok := merge(f.value, value)
		if !ok {
			return fmt.Errorf("key %q of %s would be set twice", key, n.Path())
		}
		c.fields = append([]field{}, c.fields...)
		c.fields[i].value = both
		s.set(n, c)
		return nil
	}
	if s.has(n, key) {
		return fmt.Errorf("key %q of %s would be set twice", key, n.Path())
	}
	c.fields = append(c.fields[:len(c.fields):len(c.fields)], field{key, value})
	s.set(n, c)
	s.mark(n)
	return nil
}

func (s *Edits) replace(n *manifest.Node, value any) error {
	c := s.at[n]
	if c.kind == replaced {
		both, ok := merge(c.value, value)
		if !ok {
			return fmt.Errorf("%s is replaced twice", n.Path())
		}
		c.value = both
		s.set(n, c)
		return nil
	}
	if c.kind == removed || c.below > 0 || len(c.fields) > 0 {
		return fmt.Errorf("%s is replaced, and edited as well", n.Path())
	}
	c.kind, c.value = replaced, value
	s.set(n, c)
	s.mark(n)
	return nil
}

func (s *Edits) remove(n *manifest.Node) error {
	c := s.at[n]
	switch {
	case n.Parent == nil:
		return errors.New("a document cannot be removed")
	case c.kind == removed:
		return nil
	case c.kind == replaced || c.below > 0 || len(c.fields) > 0 || c.rename:
		return fmt.Errorf("%s is removed, and edited as well", n.Path())
	}
	c.kind = removed
	s.set(n, c)
	s.mark(n)
	return nil
}
