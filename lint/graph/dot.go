package graph

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
)

// dot writes a picture for Graphviz.
type dot struct {
	*bufio.Writer
	teller
	links  []string
	joints int
	groups int
}

func writeDot(w *bufio.Writer, p *Picture) {
	d := &dot{Writer: w, teller: teller{}}
	fmt.Fprint(d, "digraph tiphys {\n"+
		"  graph [rankdir=LR, compound=true, newrank=true, fontname=\"Helvetica\", fontsize=12, labeljust=l, ranksep=0.6, nodesep=0.25];\n"+
		"  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", fontsize=11, margin=\"0.15,0.08\"];\n"+
		"  edge [color=\""+colorLine+"\", fontname=\"Helvetica\", fontsize=9, arrowsize=0.7];\n")
	for _, f := range p.Flows {
		d.open("  ", append([]string{f.title()}, d.signs(f.title(), f.Marks)...), `color="#d0d7de", bgcolor="#ffffff", fontsize=15`)
		for _, drawing := range f.Drawings {
			head := drawing.heading()
			if about := drawing.about(); about != "" {
				head += " · " + about
			}
			d.open("    ", append([]string{head}, d.signs(drawing.heading(), drawing.Marks)...), `color="#d0d7de", bgcolor="#f6f8fa"`)
			if len(drawing.Nodes) == 0 {
				d.joints++
				fmt.Fprintf(d, "      j%d [label=\"nothing to run\", shape=plaintext, style=\"\"];\n", d.joints)
			}
			d.drawing("      ", drawing)
			fmt.Fprintln(d, "    }")
		}
		fmt.Fprintln(d, "  }")
	}
	for _, l := range d.links {
		fmt.Fprintln(d, "  "+l)
	}
	fmt.Fprintln(d, "}")
}

// open begins a cluster and returns its name.
func (d *dot) open(indent string, label []string, attributes string) string {
	d.groups++
	name := "cluster_" + strconv.Itoa(d.groups)
	fmt.Fprintf(d, "%ssubgraph %s {\n%s  label=%s; graph [%s];\n", indent, name, indent, quoteDot(label...), attributes)
	return name
}

// An end is where a link meets a node: for a cluster, Graphviz wants a node in it
// as well.
type end struct{ first, last, cluster string }

func (d *dot) drawing(indent string, drawing *Drawing) end {
	s := drawing.sheet()
	ends := make([]end, len(s.boxes))
	all := end{}
	low, high := 0, -1
	for i, b := range s.boxes {
		ends[i] = d.box(indent, b.node)
		if b.node == nil {
			continue
		}
		if all.first == "" || b.node.Layer < low {
			all.first, low = ends[i].first, b.node.Layer
		}
		if b.node.Layer > high {
			all.last, high = ends[i].last, b.node.Layer
		}
	}
	for _, l := range s.links {
		var a []string
		if from := ends[l.from].cluster; from != "" {
			a = append(a, "ltail="+from)
		}
		if to := ends[l.to].cluster; to != "" {
			a = append(a, "lhead="+to)
		}
		if l.status != "" {
			a = append(a, "label="+quoteDot(l.status))
		}
		if l.hook {
			a = append(a, `style=dashed, color="`+styleHook.stroke+`"`)
		}
		if l.cyclic {
			a = append(a, `color="`+colorError+`", penwidth=2`)
		}
		if s.boxes[l.to].node == nil {
			a = append(a, "arrowhead=none")
		}
		attributes := ""
		if a != nil {
			attributes = " [" + strings.Join(a, ", ") + "]"
		}
		d.links = append(d.links, ends[l.from].last+" -> "+ends[l.to].first+attributes+";")
	}
	return all
}

func (d *dot) box(indent string, n *Node) end {
	if n == nil {
		d.joints++
		id := "j" + strconv.Itoa(d.joints)
		fmt.Fprintf(d, "%s%s [shape=point, width=0.08, color=%q];\n", indent, id, colorLine)
		return end{id, id, ""}
	}
	s := n.style()
	marks := n.marks()
	stroke, width := s.stroke, s.width
	if w := worst(marks); w >= lint.Warning {
		stroke, width = severityColor(w), 2.5
	}
	label := append(append([]string{n.head()}, n.lines()...), d.signs(n.Name, marks)...)
	if n.Inner != nil && len(n.Inner.Nodes) > 0 {
		shape := "rounded,filled"
		if s.dashed {
			shape += ",dashed"
		}
		name := d.open(indent, label, fmt.Sprintf("style=%q, color=%q, fillcolor=%q, penwidth=%g, tooltip=%s", shape, stroke, s.fill, width, quoteDot(strings.Split(n.tip(), "\n")...)))
		inner := d.drawing(indent+"  ", n.Inner)
		fmt.Fprintf(d, "%s}\n", indent)
		inner.cluster = name
		return inner
	}
	id := "n" + strconv.Itoa(n.ID)
	fmt.Fprintf(d, "%s%s [label=%s, %s, color=%q, fillcolor=%q, penwidth=%g, tooltip=%s];\n", indent, id, quoteDot(label...),
		shapeDot(n, s), stroke, s.fill, width, quoteDot(strings.Split(n.tip(), "\n")...))
	return end{id, id, ""}
}

// shapeDot returns the attributes that give a node its shape.
func shapeDot(n *Node, s *style) string {
	shape, kind := "box", "rounded,filled"
	switch {
	case n.Kind == Exit || n.Kind == Hook:
		shape, kind = "box", "rounded,filled,diagonals"
	case n.When != "":
		shape, kind = "hexagon", "filled"
	case n.Loop != "":
		shape, kind = "box", "filled"
	}
	if s.dashed {
		kind += ",dashed"
	}
	out := fmt.Sprintf("shape=%s, style=%q", shape, kind)
	if n.Loop != "" {
		out += ", peripheries=2"
	}
	return out
}

// quoteDot makes a quoted string of lines. Graphviz reads backslashes and, in
// labels, the entities of HTML.
func quoteDot(lines ...string) string {
	var b strings.Builder
	b.WriteByte('"')
	r := strings.NewReplacer(`\`, `\\`, `"`, `\"`, `&`, `&amp;`)
	for i, line := range lines {
		if i > 0 {
			b.WriteString(`\n`)
		}
		b.WriteString(r.Replace(plain(line)))
	}
	b.WriteByte('"')
	return b.String()
}
