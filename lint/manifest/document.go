package manifest

import "github.com/tiphys-dev/tiphys/lint/source"

// A Document is one YAML document or one JSON value of a file.
type Document struct {
	File *source.File
	// Root is nil for a document that is empty or does not parse.
	Root *Node
	// Start and End are the byte offsets of the document in File, without the
	// "---" lines around it.
	Start, End int
	// Problems are in the order of the text.
	Problems []Problem
	// Comments are those that hold "tiphys:", the directives.
	Comments []Comment
}

// ProblemKind tells what is wrong with the text of a document.
type ProblemKind uint8

// The kinds of problems.
const (
	Syntax       ProblemKind = iota // not YAML, not JSON: the document has no Root
	DuplicateKey                    // a key twice in one map; the later one wins, as in YAML 1.1 readers
	Limit                           // too deep, too many aliases, too large: the document has no Root
	Encoding                        // not UTF-8: the document has no Root
)

// A Problem is what is wrong with the text of a document.
type Problem struct {
	Kind    ProblemKind
	Span    source.Span
	Message string // in the words of house style: lower case, no full stop
	// First and Node are the earlier and the later of two values that have the
	// same key. First is no longer among the children of its parent.
	First *Node
	Node  *Node
}

// A Comment is a YAML comment from its "#" to the end of the line.
type Comment struct {
	Span source.Span
	Text string // without "#" and surrounding spaces
	// Alone is set when nothing but the comment stands on its line.
	Alone bool
}

// Objects returns the Kubernetes objects of the document: its root, or the
// items of a root of kind List, each the root of a tree of its own.
func (d *Document) Objects() []*Node {
	if d.Root == nil || d.Root.Kind != Map {
		return nil
	}
	if k := d.Root.Get("kind").Text(); k != "List" {
		return []*Node{d.Root}
	}
	items := d.Root.Get("items").Items()
	for _, n := range items {
		if n.Parent != nil {
			n.Parent = nil
		}
	}
	return items
}
