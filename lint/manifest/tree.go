package manifest

import (
	"fmt"
	"slices"

	"github.com/tiphys-dev/tiphys/lint/source"
)

// A builder makes the nodes of the documents of one file, many at a time.
type builder struct {
	file *source.File
	// placeless nodes have no file.
	placeless bool
	doc       *Document
	fatal     *Problem // why the document has no Root

	nodes []Node  // free
	slots []*Node // free
	stack []*Node // children of the collections that are still open
	seen  map[string]int

	size    int // of the next slab
	made    int
	cloned  int
	copied  int // bytes of the scalars of clones
	aliases int
	depth   int
}

func (b *builder) begin(start, end int) {
	b.doc = &Document{File: b.file, Start: start, End: end}
	b.fatal, b.stack, b.depth = nil, b.stack[:0], 0
}

// fail records why the document cannot be read. The first problem counts.
func (b *builder) fail(kind ProblemKind, start, end int, message string) {
	if b.fatal == nil {
		b.fatal = &Problem{Kind: kind, Message: message, Span: b.span(start, end)}
	}
}

func (b *builder) span(start, end int) source.Span {
	size := len(b.file.Bytes)
	start = min(max(start, 0), size)
	return source.Span{File: b.file, Start: start, End: min(max(end, start), size)}
}

// finish makes root the root of the document, unless there was a problem.
func (b *builder) finish(root *Node) *Document {
	if b.fatal != nil {
		b.doc.Problems = append(b.doc.Problems, *b.fatal)
	} else {
		b.doc.Root = root
	}
	slices.SortStableFunc(b.doc.Problems, func(a, b Problem) int { return a.Span.Start - b.Span.Start })
	return b.doc
}

func (b *builder) node(kind Kind, style Style, start, end int) *Node {
	if len(b.nodes) == 0 {
		b.size = min(max(2*b.size, len(b.file.Bytes)/24, 8), 360)
		b.nodes = make([]Node, b.size)
	}
	if b.made++; b.made > maxNodes {
		b.fail(Limit, start, end, "more than 4 million values in one file: split it")
	}
	n := &b.nodes[0]
	b.nodes = b.nodes[1:]
	n.Kind, n.Style, n.Start, n.End = kind, style, start, end
	if !b.placeless {
		n.File = b.file
	}
	return n
}

// take moves the nodes of the stack from base on into a slice of their own.
func (b *builder) take(base int) []*Node {
	n := len(b.stack) - base
	if n == 0 {
		return nil
	}
	s := b.pointers(n)
	copy(s, b.stack[base:])
	b.stack = b.stack[:base]
	return s
}

func (b *builder) pointers(n int) []*Node {
	if n > len(b.slots) {
		b.slots = make([]*Node, max(n, min(len(b.file.Bytes)/32, 256)))
	}
	s := b.slots[:n:n]
	b.slots = b.slots[n:]
	return s
}

// list closes a list whose items are on the stack from base on.
func (b *builder) list(n *Node, base int) {
	n.Children = b.take(base)
	for i, c := range n.Children {
		c.Parent, c.index = n, int32(i)
	}
}

// object closes a map whose values are on the stack from base on. Values that
// came by a merge have its "<<" as their parent until then.
func (b *builder) object(n *Node, base int) {
	known := len(b.doc.Problems)
	b.stack = append(b.stack[:base], b.unique(b.stack[base:])...)
	n.Children = b.take(base)
	for i, c := range n.Children {
		c.Parent, c.index = n, int32(i)
	}
	for _, p := range b.doc.Problems[known:] {
		p.First.Parent = n // so that it has a path
	}
}

// fewKeys is up to where comparing all keys beats hashing them.
const fewKeys = 12

// unique reports keys that are there twice and keeps the last of each. It
// works in place.
func (b *builder) unique(values []*Node) []*Node {
	repeated := false
	if len(values) <= fewKeys {
		for i, v := range values {
			for j := range i {
				if values[j] != nil && values[j].Key.Value == v.Key.Value {
					b.repeat(values[j], v)
					values[j], repeated = nil, true
				}
			}
		}
	} else {
		if b.seen == nil || len(values) > 1024 {
			b.seen = make(map[string]int, len(values))
		}
		for i, v := range values {
			if j, ok := b.seen[v.Key.Value]; ok {
				b.repeat(values[j], v)
				values[j], repeated = nil, true
			}
			b.seen[v.Key.Value] = i
		}
		if clear(b.seen); len(values) > 1024 {
			b.seen = nil // clearing it each time would cost its size
		}
	}
	if !repeated {
		return values
	}
	kept := values[:0]
	for _, v := range values {
		if v != nil {
			kept = append(kept, v)
		}
	}
	return kept
}

// repeat reports that two values have the same key.
func (b *builder) repeat(first, later *Node) {
	if len(b.doc.Problems) >= maxRepeats {
		return
	}
	p := Problem{Kind: DuplicateKey, Span: later.Key.Span(), First: first, Node: later}
	at := b.file.Position(first.Key.Start).Line
	switch {
	case later.Parent != nil:
		p.Span = later.Parent.Span() // the "<<" is where it goes wrong
		p.Message = fmt.Sprintf("the merge sets %q again after line %d, and strict readers such as argo refuse that: keep one of the two", later.Key.Value, at)
	case first.Parent != nil:
		p.Message = fmt.Sprintf("key %q is already set by the merge on line %d, and strict readers such as argo refuse that: keep one of the two",
			later.Key.Value, b.file.Position(first.Parent.Start).Line)
	default:
		p.Message = fmt.Sprintf("key %q is already set on line %d: keep one of the two", later.Key.Value, at)
	}
	b.doc.Problems = append(b.doc.Problems, p)
}

// clone copies a value for an alias at [start, end). The copies of one file
// are limited, because a few lines can ask for billions.
func (b *builder) clone(n *Node, start, end int) *Node {
	if b.fatal != nil {
		return n
	}
	if b.depth > maxDepth {
		b.fail(Limit, start, end, "nested deeper than 1000 levels")
		return n
	}
	b.cloned++
	b.copied += len(n.Value)
	if written := b.made - b.cloned + b.aliases; b.cloned > maxClones || b.cloned > 1000 && b.cloned > 100*written || b.copied > maxCloned {
		b.fail(Limit, start, end, "the aliases of this file stand for too many values: write them out")
		return n
	}
	c := b.node(n.Kind, n.Style, n.Start, n.End)
	c.Value, c.indent, c.Alias = n.Value, n.indent, true
	if len(n.Children) == 0 {
		return c
	}
	b.depth++
	c.Children = b.pointers(len(n.Children))
	for i, v := range n.Children {
		w := b.clone(v, start, end)
		if b.fatal != nil {
			return n
		}
		if v.Key != nil {
			w.Key = b.clone(v.Key, start, end)
		}
		w.Parent, w.index = c, int32(i)
		c.Children[i] = w
	}
	b.depth--
	return c
}
