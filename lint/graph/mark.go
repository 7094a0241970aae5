package graph

import (
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// mark puts the findings that lie in an object on the nodes that their paths
// lead to, and returns the others.
func (d *drawer) mark(object *manifest.Node, flows []*workflow.Workflow, findings []lint.Finding) []lint.Finding {
	if len(flows) == 0 || len(findings) == 0 {
		return findings
	}
	var owners map[string]*manifest.Node
	rest := findings[:0:0]
	for _, f := range findings {
		if !within(&f, object) {
			rest = append(rest, f)
			continue
		}
		if f.Severity < d.options.Show {
			continue
		}
		if owners == nil {
			owners = ownersOf(flows)
		}
		at := owner(owners, f.Path)
		if at == nil {
			at = flows[0].Root
		}
		d.marks[at] = append(d.marks[at], Mark{f.Severity, f.Message, f.Rule.Name})
	}
	return rest
}

// within reports whether a finding is about an object. Two objects of a file
// may have the same name, so it is the place that counts.
func within(f *lint.Finding, object *manifest.Node) bool {
	if !f.Span.Known() || object.File == nil {
		return true
	}
	at := f.Span.Offset()
	return f.Span.File.Name == object.File.Name && object.Start <= at && at <= object.End
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
