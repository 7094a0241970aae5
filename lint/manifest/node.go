// Package manifest parses Kubernetes manifests, YAML or JSON, into one kind of
// tree that remembers where each value was written.
//
// Scalars mean what sigs.k8s.io/yaml makes of them, because that is what
// kubectl and Helm send to the API server: yes is true, 010 is 8.
// A document that does not parse becomes a Problem with its position; the
// other documents of the file are returned all the same.
package manifest

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/source"
)

// Kind is the JSON type of a node.
type Kind uint8

// The kinds, with integers kept apart from other numbers.
const (
	Null Kind = iota
	Bool
	Int
	Float
	String
	List
	Map
)

// String names the kind as messages do.
func (k Kind) String() string {
	return [...]string{"null", "boolean", "integer", "number", "string", "list", "object"}[k]
}

// Style is how a node was written.
type Style uint8

// The styles of scalars and collections.
const (
	Plain        Style = iota // YAML plain scalar, JSON number, true, false, null
	SingleQuoted              // YAML '...'
	DoubleQuoted              // YAML "...", JSON string
	Literal                   // YAML |
	Folded                    // YAML >
	Block                     // YAML collection by indentation
	Flow                      // YAML or JSON [...] and {...}
)

// A Node is one value of a manifest. A nil Node is an absent value: every
// method works on it and answers "nothing".
//
// Nodes are not changed once parsed, so they may be shared between goroutines.
type Node struct {
	// Value is the value of a scalar as JSON would have it: the decoded text of
	// a string, "true" or "false", a number in JSON syntax, "" for null.
	Value string
	// Key is the key under which the node is stored in its parent, nil for
	// the root of a document and for list items.
	Key *Node
	// Parent is the collection that holds the node, nil for a root.
	Parent *Node
	// Children are the values of a map, in the order of the text and each with
	// its Key, or the items of a list.
	Children []*Node
	// File is the text that the node was read from, nil when there is none.
	File *source.File
	// Start and End are the byte offsets of the node in File. A quoted scalar
	// includes its quotes, a block scalar its header, a flow collection its
	// brackets. A block collection ends where its last child ends. A null that
	// is written as nothing is empty: Start == End.
	Start, End int

	index int32 // position in Parent.Children
	Kind  Kind
	Style Style
	// Alias is set on nodes that stand in the tree by a YAML alias or a merge
	// key; their span is that of the anchored text.
	Alias bool

	indent uint8 // column of the lines of a block scalar, noIndent when it is larger
}

// Get returns the field called key, or nil.
func (n *Node) Get(key string) *Node {
	if n == nil || n.Kind != Map {
		return nil
	}
	for _, c := range n.Children {
		if c.Key.Value == key {
			return c
		}
	}
	return nil
}

// At follows keys from n: n.At("spec", "arguments") is n.Get("spec").Get("arguments").
func (n *Node) At(keys ...string) *Node {
	for _, k := range keys {
		n = n.Get(k)
	}
	return n
}

// Items returns the elements of a list, nil for anything else.
func (n *Node) Items() []*Node {
	if n == nil || n.Kind != List {
		return nil
	}
	return n.Children
}

// Fields returns the values of a map, nil for anything else.
func (n *Node) Fields() []*Node {
	if n == nil || n.Kind != Map {
		return nil
	}
	return n.Children
}

// Text returns the value of a scalar, "" for anything else.
func (n *Node) Text() string {
	if n == nil {
		return ""
	}
	return n.Value
}

// String makes a node print as its scalar value in messages.
func (n *Node) String() string { return n.Text() }

// Set reports whether the node is there and not null.
func (n *Node) Set() bool { return n != nil && n.Kind != Null }

// Scalar reports whether the node is there and neither map, list nor null.
func (n *Node) Scalar() bool { return n != nil && n.Kind > Null && n.Kind < List }

// True reports whether the node is the boolean true.
func (n *Node) True() bool { return n != nil && n.Kind == Bool && n.Value == "true" }

// Int returns the value of an integer, and whether it is one.
func (n *Node) Int() (int64, bool) {
	if n == nil || n.Kind != Int {
		return 0, false
	}
	i, err := strconv.ParseInt(n.Value, 10, 64)
	return i, err == nil
}

// Index returns the position of the node in its parent.
func (n *Node) Index() int {
	if n == nil {
		return 0
	}
	return int(n.index)
}

// Root returns the root of the document.
func (n *Node) Root() *Node {
	for n != nil && n.Parent != nil {
		n = n.Parent
	}
	return n
}

// Under reports whether n is top or lies below it.
func (n *Node) Under(top *Node) bool {
	for ; n != nil; n = n.Parent {
		if n == top {
			return true
		}
	}
	return false
}

// Path returns the field path from the root, like
// spec.templates[0].dag.tasks[1].depends; keys that are no plain words are
// quoted: metadata.labels["app.kubernetes.io/name"].
func (n *Node) Path() string {
	var b strings.Builder
	n.writePath(&b)
	return b.String()
}

// Find returns the node at a path below n, as Path has it, or nil.
func (n *Node) Find(path string) *Node {
	if n == nil || path == "" {
		return n
	}
	return n.find(path, true)
}

func (n *Node) find(path string, first bool) *Node {
	for _, c := range n.Children {
		step := "[" + strconv.Itoa(int(c.index)) + "]"
		if c.Key != nil {
			step = Field(first, c.Key.Value)
		}
		rest, ok := strings.CutPrefix(path, step)
		switch {
		case !ok, rest != "" && rest[0] != '.' && rest[0] != '[':
		case rest == "":
			return c
		default:
			if found := c.find(rest, false); found != nil {
				return found
			}
		}
	}
	return nil
}

func (n *Node) writePath(b *strings.Builder) {
	if n == nil || n.Parent == nil {
		return
	}
	n.Parent.writePath(b)
	if n.Key == nil {
		b.WriteByte('[')
		b.WriteString(strconv.Itoa(int(n.index)))
		b.WriteByte(']')
		return
	}
	b.WriteString(Field(b.Len() == 0, n.Key.Value))
}

// Field formats one key as an element of a field path.
func Field(first bool, key string) string {
	plain := key != ""
	for i := 0; i < len(key) && plain; i++ {
		c := key[i]
		plain = c == '_' || c == '-' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
	}
	switch {
	case !plain:
		return "[" + strconv.Quote(key) + "]"
	case first:
		return key
	}
	return "." + key
}

// Span returns where the node stands in the text.
func (n *Node) Span() source.Span {
	if n == nil || n.File == nil {
		return source.Span{}
	}
	return source.Span{File: n.File, Start: n.Start, End: n.End}
}

// Token returns the span to put a caret under: the text of a scalar (the first
// line of a block scalar), the key of a collection, the first key of an object
// that has no key of its own.
func (n *Node) Token() source.Span {
	switch {
	case n == nil || n.File == nil:
		return source.Span{}
	case n.Kind < List && (n.Start < n.End || n.Key == nil):
		s := n.Span()
		if n.Style == Literal || n.Style == Folded {
			if i := bytes.IndexAny(s.Text(), "\r\n"); i >= 0 {
				s.End = s.Start + i
			}
		}
		return s
	case n.Key != nil:
		return n.Key.Span()
	case n.Kind == Map && len(n.Children) > 0:
		return n.Children[0].Key.Span()
	case n.Kind == List && len(n.Children) > 0:
		return n.Children[0].Token()
	}
	return n.Span()
}
