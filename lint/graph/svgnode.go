package graph

import (
	"fmt"
	"html"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/graph/layered"
)

// fanPaint is the frame around a fan.
const fanPaint = `fill="#eaeef2" stroke="#afb8c1" stroke-dasharray="2 3"`

// block writes what is in a drawing: links first, so that nodes lie on them.
func (s *svg) block(b *block, x, y float64) {
	for _, f := range b.fans {
		s.used["fan"] = true
		fmt.Fprintf(s, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"8\" %s/>\n", f.at.X+x, f.at.Y+y, f.W, f.H, fanPaint)
	}
	labels := map[int]float64{} // by node, where the next status goes
	for _, l := range b.links {
		s.link(b, l, x, y, labels)
	}
	for i, box := range b.sheet.boxes {
		at := b.at[i]
		at.X, at.Y = at.X+x, at.Y+y
		switch {
		case box.node == nil:
			fmt.Fprintf(s, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" fill=%q/>\n", at.X+jointSize/2, at.Y+jointSize/2, jointSize/2, colorLine)
		case b.inner[i] != nil:
			s.nest(box.node, b.inner[i], at)
		default:
			s.node(box.node, at)
		}
	}
}

func (s *svg) link(b *block, l placedLink, x, y float64, labels map[int]float64) {
	points := l.points
	class, arrow := "e", "a"
	switch {
	case l.cyclic:
		class, arrow = "e ec", "ac"
		s.used["cyclic"] = true
	case l.hook:
		class, arrow = "e eh", "ah"
	}
	d := curve(points, b.down, x, y)
	if points == nil { // from a node to itself
		at := b.at[l.from]
		d = fmt.Sprintf("M%.1f %.1fc0 -26 34 -26 34 0", at.X+x+16, at.Y+y)
	}
	end := ` marker-end="url(#` + arrow + `)"`
	if b.sheet.boxes[l.to].node == nil {
		end = ""
	}
	fmt.Fprintf(s, "<path d=%q class=%q%s/>\n", d, class, end)
	if l.status != "" && points != nil {
		last := points[len(points)-1]
		s.text(x+last.X-10, y+last.Y-5-labels[l.to], "s", plain(l.status))
		labels[l.to] += 11
	}
}

// curve draws along the points of a layout: straight through layers, bent between
// them.
func curve(points []layered.Point, down bool, x, y float64) string {
	if len(points) < 2 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "M%.1f %.1f", points[0].X+x, points[0].Y+y)
	p := points[0]
	for _, q := range points[1:] {
		dx, dy := q.X-p.X, q.Y-p.Y
		switch {
		case dx == 0 && dy == 0:
			continue
		case dx == 0 || dy == 0:
			fmt.Fprintf(&b, "L%.1f %.1f", q.X+x, q.Y+y)
		default:
			c1, c2 := layered.Point{X: p.X + dx/2, Y: p.Y}, layered.Point{X: q.X - dx/2, Y: q.Y}
			if down {
				c1, c2 = layered.Point{X: p.X, Y: p.Y + dy/2}, layered.Point{X: q.X, Y: q.Y - dy/2}
			}
			fmt.Fprintf(&b, "C%.1f %.1f %.1f %.1f %.1f %.1f", c1.X+x, c1.Y+y, c2.X+x, c2.Y+y, q.X+x, q.Y+y)
		}
		p = q
	}
	return b.String()
}

// nest writes a node with a template drawn inside.
func (s *svg) nest(n *Node, b *block, at layered.Point) {
	l, in := n.label(), b.Size
	w, h := max(l.w, in.W+2*frame), l.h+in.H+frame
	st := n.style()
	s.used[st.name] = true
	marks := n.marks()
	stroke, width := outline(st, marks)
	dash := ""
	if st.dashed {
		dash = ` stroke-dasharray="5 4"`
	}
	fmt.Fprintf(s, "<g><title>%s</title>", html.EscapeString(n.tip()))
	if n.Loop != "" {
		fmt.Fprintf(s, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"8\" fill=%q stroke=%q/>", at.X+4, at.Y+4, w, h, st.fill, stroke)
	}
	fmt.Fprintf(s, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"8\" fill=%q stroke=%q stroke-width=\"%.1f\"%s/>", at.X, at.Y, w, h, st.fill, stroke, width, dash)
	fmt.Fprintf(s, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"6\" fill=\"#f6f8fa\"/>\n", at.X+5, at.Y+l.h-3, w-10, h-l.h-2)
	s.label(n, l, at.X+padX, at.Y)
	fmt.Fprint(s, "</g>\n")
	s.block(b, at.X+frame, at.Y+l.h+2)
	s.badge(at.X+w-6, at.Y+3, n.Name, marks)
}

// node writes a node that is one box.
func (s *svg) node(n *Node, at layered.Point) {
	size, l := n.size(), n.label()
	st := n.style()
	s.used[st.name] = true
	stroke, width := outline(st, n.Marks)
	fmt.Fprintf(s, "<g><title>%s</title>", html.EscapeString(n.tip()))
	s.shape(n, st, stroke, width, at.X, at.Y, size.W, size.H)
	left := padX
	if n.When != "" || n.Kind == Exit || n.Kind == Hook {
		left += tilt
	}
	s.label(n, l, at.X+left, at.Y)
	fmt.Fprint(s, "</g>\n")
	s.badge(at.X+size.W-6, at.Y+3, n.Name, n.Marks)
}

func outline(st *style, marks []Mark) (stroke string, width float64) {
	if w := worst(marks); w >= lint.Warning {
		return severityColor(w), 2.2
	}
	return st.stroke, st.width
}

// label writes the text on a node.
func (s *svg) label(n *Node, l label, x, y float64) {
	head, times, _ := strings.Cut(html.EscapeString(l.head), " ×")
	if n.Loop != "" {
		head += `<tspan class="k" dx="8">×` + times + `</tspan>`
	} else {
		head = html.EscapeString(l.head)
	}
	y += padY + 12
	fmt.Fprintf(s, "<text x=\"%.1f\" y=\"%.1f\" class=\"n\">%s</text>\n", x, y, head)
	for _, line := range l.lines {
		y += lineHeight
		class := "f"
		if strings.HasPrefix(line, "? ") {
			class = "c"
		}
		s.text(x, y+1, class, line)
	}
}

// shape writes the outline of a node: a hexagon for a condition, a pile for a
// loop, a pill for a hook.
func (s *svg) shape(n *Node, st *style, stroke string, width, x, y, w, h float64) {
	paint := fmt.Sprintf("fill=%q stroke=%q stroke-width=\"%.1f\" stroke-linejoin=\"round\"", st.fill, stroke, width)
	if st.dashed {
		paint += ` stroke-dasharray="5 4"`
	}
	one := func(x, y, w, h float64) {
		t := min(tilt, h/2)
		switch {
		case n.Kind == Exit || n.Kind == Hook:
			fmt.Fprintf(s, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"%.1f\" %s/>\n", x, y, w, h, min(h/2, 20), paint)
		case n.When != "":
			fmt.Fprintf(s, "<path d=\"M%.1f %.1fh%.1fl%.1f %.1fl%.1f %.1fh%.1fl%.1f %.1fz\" %s/>\n", x+t, y, w-2*t, t, h/2, -t, h/2, -(w - 2*t), -t, -h/2, paint)
		default:
			fmt.Fprintf(s, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"5\" %s/>\n", x, y, w, h, paint)
		}
	}
	if n.Loop != "" {
		w, h = w-stack, h-stack
		one(x+stack, y+stack, w, h)
		one(x+stack/2, y+stack/2, w, h)
	}
	one(x, y, w, h)
}
