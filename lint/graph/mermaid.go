package graph

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
)

// mermaidEdges is how many links Mermaid draws unless it is told otherwise.
const mermaidEdges = 500

// mermaid writes a picture as a Mermaid flowchart. Links come last: a link to a
// subgraph must follow it.
type mermaid struct {
	*bufio.Writer
	teller
	links   []string
	classes []string
	cyclic  []string // indexes of links
	joints  int
	groups  int
	notes   int
}

func writeMermaid(w *bufio.Writer, p *Picture) {
	m := &mermaid{Writer: w, teller: teller{}}
	fmt.Fprintln(m, "flowchart LR")
	for _, f := range p.Flows {
		m.groups++
		fmt.Fprintf(m, "  subgraph w%d[\"%s\"]\n", m.groups, quoteMermaid(f.title()))
		m.class("w"+strconv.Itoa(m.groups), "group")
		m.note("    ", m.signs(f.title(), f.Marks))
		for _, d := range f.Drawings {
			m.groups++
			head := d.heading()
			if about := d.about(); about != "" {
				head += " · " + about
			}
			fmt.Fprintf(m, "    subgraph d%d[\"%s\"]\n", m.groups, quoteMermaid(head))
			m.class("d"+strconv.Itoa(m.groups), "group")
			m.note("      ", m.signs(d.heading(), d.Marks))
			m.drawing("      ", d)
			fmt.Fprintln(m, "    end")
		}
		fmt.Fprintln(m, "  end")
	}
	if n := len(m.links); n > mermaidEdges {
		fmt.Fprintf(m, "  %%%% %d links: Mermaid draws %d unless maxEdges says more\n", n, mermaidEdges)
	}
	for _, l := range m.links {
		fmt.Fprintln(m, "  "+l)
	}
	for _, s := range styles {
		dash := ""
		if s.dashed {
			dash = ",stroke-dasharray:5 4"
		}
		fmt.Fprintf(m, "  classDef %s fill:%s,stroke:%s,color:%s%s\n", s.name, s.fill, s.stroke, colorText, dash)
	}
	fmt.Fprintf(m, "  classDef group fill:#f6f8fa,stroke:#d0d7de,color:%s\n", colorText)
	fmt.Fprintf(m, "  classDef note fill:#ffffff,stroke:%s,color:%s\n", colorError, colorError)
	fmt.Fprintf(m, "  classDef joint fill:%s,stroke:%s\n", colorLine, colorLine)
	fmt.Fprintf(m, "  classDef error stroke:%s,stroke-width:3px\n", colorError)
	fmt.Fprintf(m, "  classDef warning stroke:%s,stroke-width:3px\n", colorWarning)
	for _, c := range m.classes {
		fmt.Fprintln(m, "  "+c)
	}
	if m.cyclic != nil {
		fmt.Fprintf(m, "  linkStyle %s stroke:%s,stroke-width:3px\n", strings.Join(m.cyclic, ","), colorError)
	}
}

func (m *mermaid) drawing(indent string, d *Drawing) {
	s := d.sheet()
	id := make([]string, len(s.boxes))
	for i, b := range s.boxes {
		if b.node == nil {
			m.joints++
			id[i] = "j" + strconv.Itoa(m.joints)
			fmt.Fprintf(m, "%s%s(( )):::joint\n", indent, id[i])
			continue
		}
		id[i] = "n" + strconv.Itoa(b.node.ID)
		m.node(indent, id[i], b.node)
	}
	for _, l := range s.links {
		arrow := "-->"
		switch {
		case l.hook:
			arrow = "-.->"
		case l.status != "":
			arrow = `-->|"` + quoteMermaid(l.status) + `"|`
		}
		if l.cyclic {
			m.cyclic = append(m.cyclic, strconv.Itoa(len(m.links)))
		}
		m.links = append(m.links, id[l.from]+" "+arrow+" "+id[l.to])
	}
}

func (m *mermaid) node(indent, id string, n *Node) {
	marks := n.marks()
	label, signs := append([]string{n.head()}, n.lines()...), m.signs(n.Name, marks)
	class := n.style().name
	if n.Inner != nil {
		fmt.Fprintf(m, "%ssubgraph %s[\"%s\"]\n", indent, id, quoteMermaid(strings.Join(label, " · ")))
		m.note(indent+"  ", signs)
		m.drawing(indent+"  ", n.Inner)
		fmt.Fprintf(m, "%send\n", indent)
		m.class(id, class)
	} else {
		open, end := shapeMermaid(n)
		fmt.Fprintf(m, "%s%s%s\"%s\"%s:::%s\n", indent, id, open, quoteMermaid(append(label, signs...)...), end, class)
	}
	switch worst(marks) {
	case lint.Error:
		m.class(id, "error")
	case lint.Warning:
		m.class(id, "warning")
	}
}

// class gives a node a class, once all nodes are there.
func (m *mermaid) class(id, class string) {
	m.classes = append(m.classes, "class "+id+" "+class)
}

// note writes the findings on a subgraph as a node in it: the title of a subgraph
// has but one line.
func (m *mermaid) note(indent string, signs []string) {
	if signs != nil {
		m.notes++
		fmt.Fprintf(m, "%sf%d[\"%s\"]:::note\n", indent, m.notes, quoteMermaid(signs...))
	}
}

// shapeMermaid returns the brackets that give a node its shape.
func shapeMermaid(n *Node) (open, end string) {
	switch {
	case n.Kind == Exit || n.Kind == Hook:
		return "([", "])"
	case n.When != "":
		return "{{", "}}"
	case n.Loop != "":
		return "[[", "]]"
	case n.Target == External:
		return "[/", "/]"
	}
	return "(", ")"
}

// quoteMermaid makes lines of a label that stands in double quotes. What could
// mean something to Mermaid, to Markdown or to HTML is written as its number.
func quoteMermaid(lines ...string) string {
	var b strings.Builder
	for i, line := range lines {
		if i > 0 {
			b.WriteString("<br/>")
		}
		line = plain(line)
		item := len(line) - len(strings.TrimLeft(line, "0123456789")) // the number of a list
		var before rune
		for j, r := range line {
			switch {
			case r == '-' && j == 0, (r == '.' || r == ')') && j == item:
				fmt.Fprintf(&b, "#%d;", r)
			case r >= 0x80, r >= '0' && r <= '9', r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z', strings.ContainsRune(" _/,?()-.:", r):
				b.WriteRune(r)
			case r == '$' && before == '$': // two of them would be a formula
				b.WriteString("\u200b#36;")
			default:
				fmt.Fprintf(&b, "#%d;", r)
			}
			before = r
		}
	}
	return b.String()
}
