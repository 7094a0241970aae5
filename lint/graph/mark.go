package graph

import (
	"sort"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// An object of the documents with the workflows in it.
type object struct {
	node  *manifest.Node
	flows []*workflow.Workflow
}

// mark puts the findings that lie in objects on the nodes that their paths lead
// to, and returns the others. Two objects of a file may have the same name, so
// it is the place in the text that counts.
func (d *drawer) mark(objects []object, findings []lint.Finding) (rest []lint.Finding) {
	var owners map[string]*manifest.Node
	of := -1 // whose owners these are
	for _, f := range findings {
		i := find(objects, &f)
		if i < 0 {
			rest = append(rest, f)
			continue
		}
		if f.Severity < d.options.Show {
			continue
		}
		if i != of {
			of, owners = i, ownersOf(objects[i].flows)
		}
		at := owner(owners, f.Path)
		if at == nil {
			at = objects[i].flows[0].Root
		}
		d.marks[at] = append(d.marks[at], Mark{f.Severity, f.Message, f.Rule.Name})
	}
	return rest
}

// find returns the index of the object that a finding lies in, or -1.
func find(objects []object, f *lint.Finding) int {
	if !f.Span.Known() {
		return -1
	}
	at := f.Span.Offset()
	i := sort.Search(len(objects), func(i int) bool { return objects[i].node.Start > at }) - 1
	if i < 0 || at > objects[i].node.End {
		return -1
	}
	return i
}

// ownersOf maps paths to what is drawn: calls, hooks, templates, workflows.
func ownersOf(flows []*workflow.Workflow) map[string]*manifest.Node {
	owners := map[string]*manifest.Node{}
	add := func(n *manifest.Node) {
		if n != nil {
			owners[n.Path()] = n
		}
	}
	for _, w := range flows {
		add(w.Root)
		add(w.OnExit)
		for _, h := range w.Hooks {
			add(h.Node)
		}
		for _, t := range w.All {
			add(t.Node)
			for _, c := range t.Calls {
				add(c.Node)
				for _, h := range c.Hooks {
					add(h.Node)
				}
			}
		}
	}
	return owners
}

// owner returns what is drawn of the path, or of what it lies in.
func owner(owners map[string]*manifest.Node, path string) *manifest.Node {
	for {
		if n := owners[path]; n != nil {
			return n
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			return owners[""]
		}
		path = path[:cut]
	}
}
