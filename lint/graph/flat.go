package graph

import (
	"encoding/binary"
	"slices"

	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// A sheet is a drawing as the graphical formats want it: boxes and links.
type sheet struct {
	boxes []box
	links []link
}

// A box is a node, or a joint, where many links come together and part again:
// twenty nodes that wait for the same twenty are 40 links rather than 400.
type box struct {
	node *Node // nil for a joint
}

// A link is an arrow from box to box.
type link struct {
	from, to int
	status   string
	cyclic   bool
	hook     bool
}

func (d *Drawing) sheet() *sheet {
	s := &sheet{}
	index := make(map[*Node]int, len(d.Nodes))
	for _, n := range d.Nodes {
		index[n] = s.add(n)
	}
	if d.Type == workflow.TypeSteps {
		s.steps(d.Nodes, index)
	} else {
		s.needs(d.Nodes, index)
	}
	for _, n := range d.Nodes {
		for _, h := range n.Hooks {
			s.links = append(s.links, link{from: index[n], to: s.add(h), hook: true})
		}
	}
	return s
}

func (s *sheet) add(n *Node) int {
	s.boxes = append(s.boxes, box{n})
	return len(s.boxes) - 1
}

// steps links each group of steps with the next.
func (s *sheet) steps(nodes []*Node, index map[*Node]int) {
	var before, group []int
	flush := func() {
		if len(before) > 1 && len(group) > 1 {
			s.join(before, group)
		} else {
			for _, a := range before {
				for _, b := range group {
					s.links = append(s.links, link{from: a, to: b})
				}
			}
		}
		before, group = group, nil
	}
	for i, n := range nodes {
		if i > 0 && n.Layer != nodes[i-1].Layer {
			flush()
		}
		group = append(group, index[n])
	}
	flush()
}

func (s *sheet) join(from, to []int) {
	j := s.add(nil)
	for _, a := range from {
		s.links = append(s.links, link{from: a, to: j})
	}
	for _, b := range to {
		s.links = append(s.links, link{from: j, to: b})
	}
}

// needs links what waits with what it waits for.
func (s *sheet) needs(nodes []*Node, index map[*Node]int) {
	same := map[string][]int{} // the nodes that wait for the same
	key := func(n *Node) string {
		var all []int
		for _, e := range n.Needs {
			if e.Status != "" || e.Cyclic {
				return ""
			}
			all = append(all, index[e.Node])
		}
		slices.Sort(all)
		var b []byte
		for _, i := range all {
			b = binary.AppendUvarint(b, uint64(i))
		}
		return string(b)
	}
	keys := make([]string, len(nodes))
	for i, n := range nodes {
		if keys[i] = key(n); keys[i] != "" {
			same[keys[i]] = append(same[keys[i]], index[n])
		}
	}
	for i, n := range nodes {
		group := same[keys[i]]
		if k, m := len(n.Needs), len(group); k*m > k+m+2 {
			if group[0] != index[n] {
				continue // joined with the first
			}
			var from []int
			for _, e := range n.Needs {
				from = append(from, index[e.Node])
			}
			s.join(from, group)
			continue
		}
		for _, e := range n.Needs {
			s.links = append(s.links, link{from: index[e.Node], to: index[n], status: e.Status, cyclic: e.Cyclic})
		}
	}
}

// marks are the findings to show on a node, the worst first: with those of the
// template that is drawn inside it.
func (n *Node) marks() []Mark {
	if n.Inner == nil {
		return ranked(n.Marks)
	}
	return ranked(append(slices.Clip(n.Marks), n.Inner.Marks...))
}

// ranked sorts marks, the worst first.
func ranked(marks []Mark) []Mark {
	marks = slices.Clone(marks)
	slices.SortStableFunc(marks, func(a, b Mark) int { return int(b.Severity) - int(a.Severity) })
	return marks
}
