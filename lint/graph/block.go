package graph

import (
	"strings"

	"github.com/tiphys-dev/tiphys/lint/graph/layered"
)

// Sizes in pixels.
const (
	nameWidth   = 7.85 // of a character of a name, which is monospaced
	lineHeight  = 15.0
	headHeight  = 18.0
	padX, padY  = 12.0, 8.0
	stack       = 5.0  // how far the copies of a loop stand out
	tilt        = 9.0  // of the ends of a condition
	frame       = 16.0 // around what is inside
	widest      = 1900.0
	widestInner = 1100.0
	jointSize   = 7.0
)

// mostLinks bounds the links of one drawing in a picture: beyond, they are a
// grey area, not lines.
const mostLinks = 20_000

// A block is a drawing with the places of all that is in it.
type block struct {
	sheet *sheet
	layered.Size
	down  bool
	at    []layered.Point // by box
	inner []*block        // by box, nil for one without
	fans  []fan
	links []placedLink
	// left is how many links there was no room for.
	left int
}

// A placedLink is a link and the points that it passes.
type placedLink struct {
	link
	points []layered.Point
}

// A label is the text on a node.
type label struct {
	head  string
	lines []string
	w, h  float64
}

func (n *Node) label() label {
	l := label{head: n.head(), lines: n.lines()}
	l.w = float64(cells(l.head)) * nameWidth
	for _, line := range l.lines {
		l.w = max(l.w, textWidth(line))
	}
	l.w += 2 * padX
	l.h = headHeight + lineHeight*float64(len(l.lines)) + 2*padY - 2
	return l
}

// size is the extent of a node without a template inside.
func (n *Node) size() layered.Size {
	l := n.label()
	if n.Loop != "" {
		l.w, l.h = l.w+stack, l.h+stack
	}
	if n.When != "" || n.Kind == Exit || n.Kind == Hook {
		l.w += 2 * tilt
	}
	return layered.Size{W: max(l.w, 64), H: l.h}
}

// lay finds the places of a drawing and of what is inside, from inside outwards.
func (d *Drawing) lay(limit float64) *block {
	b := &block{sheet: d.sheet()}
	if over := len(b.sheet.links) - mostLinks; over > 0 {
		b.left = over
		b.sheet.links = b.sheet.links[:mostLinks]
	}
	sizes := make([]layered.Size, len(b.sheet.boxes))
	b.inner = make([]*block, len(b.sheet.boxes))
	for i, x := range b.sheet.boxes {
		sizes[i] = layered.Size{W: jointSize, H: jointSize}
		if x.node == nil {
			continue
		}
		sizes[i] = x.node.size()
		if x.node.Inner != nil {
			b.inner[i] = x.node.Inner.lay(widestInner)
			l, in := x.node.label(), b.inner[i].Size
			sizes[i] = layered.Size{W: max(l.w, in.W+2*frame), H: l.h + in.H + frame}
		}
	}
	b.fans = b.sheet.fans(sizes)
	b.place(sizes, limit)
	return b
}

// place lays out fans and the boxes that are in none.
func (b *block) place(sizes []layered.Size, limit float64) {
	var g layered.Graph
	unit := make([]int, len(sizes)) // by box: the node of g that stands for it
	for i := range unit {
		unit[i] = -1
	}
	for _, f := range b.fans {
		for _, m := range f.members {
			unit[m] = len(g.Nodes)
		}
		g.Nodes = append(g.Nodes, f.Size)
	}
	for i, size := range sizes {
		if unit[i] < 0 {
			unit[i] = len(g.Nodes)
			g.Nodes = append(g.Nodes, size)
		}
	}
	seen := map[layered.Edge]bool{} // a fan is linked once for all its members
	for _, l := range b.sheet.links {
		e := layered.Edge{From: unit[l.from], To: unit[l.to]}
		if fan := e.From < len(b.fans) || e.To < len(b.fans); fan && seen[e] {
			continue
		}
		seen[e] = true
		g.Edges = append(g.Edges, e)
		b.links = append(b.links, placedLink{link: l})
	}
	out := layered.Do(g, layered.Options{Width: limit})
	if out.W > limit {
		// Down, if that is nearer to the form of a screen.
		if down := layered.Do(g, layered.Options{Down: true, Width: limit}); badness(down) < badness(out) {
			out, b.down = down, true
		}
	}
	b.Size, b.at = out.Size, make([]layered.Point, len(sizes))
	for i, u := range unit {
		b.at[i] = out.Nodes[u]
	}
	for i := range b.fans {
		f := &b.fans[i]
		f.at = out.Nodes[i]
		for j, m := range f.members {
			b.at[m] = layered.Point{X: f.at.X + f.offsets[j].X, Y: f.at.Y + f.offsets[j].Y}
		}
	}
	for i := range b.links {
		b.links[i].points = out.Edges[i]
	}
}

// badness is how much a layout must shrink to be seen as a whole; one that must be
// scrolled is better scrolled down.
func badness(l layered.Layout) float64 { return max(l.W/1.6, l.H/2) }

// cells counts the columns of monospaced text.
func cells(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r >= 0x1100 && r < 0x2000 || r >= 0x2e80 {
			n++
		}
	}
	return n
}

// textWidth guesses the width of small text in a proportional font, rather too
// wide than too narrow: which font there is, is not known.
func textWidth(s string) float64 {
	w := 0.0
	for _, r := range s {
		switch {
		case strings.ContainsRune("iljtfr.,:;'|!()[]I ", r):
			w += 3.9
		case strings.ContainsRune("mwMW@%", r):
			w += 9.8
		case r >= 'A' && r <= 'Z', r == '_', r == '{', r == '}', r == '=':
			w += 7.4
		case r >= 0x2e80:
			w += 12
		default:
			w += 6.4
		}
	}
	return w
}
