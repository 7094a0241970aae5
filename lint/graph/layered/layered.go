// Package layered lays out directed graphs in layers, so that arrows go one
// way: to the right, or down.
//
// It works in the four steps of Sugiyama: nodes get layers, long edges get bends
// in the layers that they cross, layers are sorted so that few edges cross, and
// positions are chosen so that edges are nearly straight. Edges that share an
// end share their bends as well, as a bus does, which keeps large fans
// readable. The same input always gives the same layout, in time that is
// nearly linear in nodes and edges.
//
// It stands here because the libraries that lay out in layers cost too much at
// the start of every command: Graphviz in WebAssembly 40 ms and 7 MB, dagre in a
// JavaScript engine 15 ms, 15 MB and an HTTP client.
package layered

import (
	"math"
	"slices"
)

// A Size is the extent of a box, in pixels.
type Size struct{ W, H float64 }

// A Point is a place, in pixels from the top left corner.
type Point struct{ X, Y float64 }

// An Edge leads from one node to another, by their indexes.
type Edge struct{ From, To int }

// A Graph is what is to be laid out. It may have cycles, edges from a node to
// itself, edges that are there twice, and parts that do not hang together.
type Graph struct {
	Nodes []Size
	Edges []Edge
}

// Options are the choices of a layout. The zero value works.
type Options struct {
	// Down makes arrows go down rather than to the right.
	Down bool
	// Width is where a row of parts that do not hang together is broken;
	// zero is 1600.
	Width float64
}

// A Layout is where everything is.
type Layout struct {
	Size
	// Nodes are the top left corners.
	Nodes []Point
	// Edges are the points that each edge passes: an odd segment (the first, the
	// third) runs along the flow, an even one may curve. An edge from a node to
	// itself has none.
	Edges [][]Point
}

// Distances in pixels.
const (
	gapLayer = 52 // between layers
	gapNode  = 18 // between nodes of a layer
	gapBend  = 9  // between edges that cross a layer
	gapPart  = 28 // between parts
)

// Do lays out g.
func Do(g Graph, o Options) Layout {
	if o.Width == 0 {
		o.Width = 1600
	}
	out := Layout{Nodes: make([]Point, len(g.Nodes)), Edges: make([][]Point, len(g.Edges))}
	var shelf shelf
	for _, p := range parts(g) {
		sub := one(p.graph, o.Down)
		at := shelf.put(sub.Size, o.Width)
		for i, n := range p.nodes {
			out.Nodes[n] = Point{sub.Nodes[i].X + at.X, sub.Nodes[i].Y + at.Y}
		}
		for i, e := range p.edges {
			for _, q := range sub.Edges[i] {
				out.Edges[e] = append(out.Edges[e], Point{q.X + at.X, q.Y + at.Y})
			}
		}
	}
	out.Size = shelf.size
	return out
}

// A part is a piece of a graph that hangs together, with the indexes that its
// nodes and edges have in the whole.
type part struct {
	graph        Graph
	nodes, edges []int
}

// parts cuts a graph into those that hang together, in the order of their first
// nodes.
func parts(g Graph) []part {
	root := make([]int, len(g.Nodes))
	for i := range root {
		root[i] = i
	}
	find := func(i int) int {
		for root[i] != i {
			root[i] = root[root[i]]
			i = root[i]
		}
		return i
	}
	for _, e := range g.Edges {
		a, b := find(e.From), find(e.To)
		root[max(a, b)] = min(a, b) // the root is the first node
	}
	var all []part
	index, local := make([]int, len(g.Nodes)), make([]int, len(g.Nodes))
	for i, size := range g.Nodes {
		r := find(i)
		if r == i {
			index[i] = len(all)
			all = append(all, part{})
		}
		p := &all[index[r]]
		local[i] = len(p.nodes)
		p.nodes = append(p.nodes, i)
		p.graph.Nodes = append(p.graph.Nodes, size)
	}
	for i, e := range g.Edges {
		p := &all[index[find(e.From)]]
		p.edges = append(p.edges, i)
		p.graph.Edges = append(p.graph.Edges, Edge{local[e.From], local[e.To]})
	}
	return all
}

// A shelf places boxes in rows, in the order they come.
type shelf struct {
	size Size
	x, y float64 // where the next box of the row goes
}

func (s *shelf) put(b Size, width float64) Point {
	if s.x > 0 && s.x+b.W > width {
		s.x, s.y = 0, s.size.H+gapPart
	}
	at := Point{s.x, s.y}
	s.x += b.W + gapPart
	s.size.W = max(s.size.W, at.X+b.W)
	s.size.H = max(s.size.H, at.Y+b.H)
	return at
}

// large is from how many nodes and edges on one layout must do.
const large = 3000

// one lays out a graph that hangs together: with few and with many nodes in a
// layer, whichever is clearer.
func one(g Graph, down bool) Layout {
	if len(g.Nodes) == 1 {
		return Layout{Size: g.Nodes[0], Nodes: make([]Point, 1), Edges: make([][]Point, len(g.Edges))}
	}
	var best Layout
	least := math.Inf(1)
	narrow := wide(len(g.Nodes), down)
	for _, limit := range []int{narrow, 2 * narrow, len(g.Nodes)} {
		w := newWeb(g, down, limit)
		w.sort()
		w.place()
		l := w.layout(g, down)
		// An edge that crosses many layers is hard to follow.
		far := float64(w.links+1) / float64(len(g.Edges)+1)
		if cost := max(l.W/1.6, l.H/2) * math.Sqrt(max(far, 1)); cost < least {
			best, least = l, cost
		}
		if !w.full || len(g.Nodes)+len(g.Edges) > large {
			break // other limits give the same
		}
	}
	return best
}

// layout turns positions along and across the flow into x and y.
func (w *web) layout(g Graph, down bool) Layout {
	starts, ends := make([]float64, len(w.layers)), make([]float64, len(w.layers))
	along, low, high := 0.0, math.Inf(1), math.Inf(-1)
	for i, layer := range w.layers {
		depth := 0.0
		for _, v := range layer {
			depth = max(depth, w.along[v])
			low, high = min(low, w.at[v]-w.across[v]/2), max(high, w.at[v]+w.across[v]/2)
		}
		starts[i], ends[i] = along, along+depth
		// Many edges need room to turn.
		crowd := 0
		for _, v := range layer {
			crowd += len(w.out[v])
		}
		along += depth + gapLayer + min(float64(crowd), 60)
	}
	turn := func(a, c float64) Point {
		if down {
			return Point{c - low, a}
		}
		return Point{a, c - low}
	}
	last := len(ends) - 1
	far := turn(ends[last], high)
	out := Layout{Size: Size{far.X, far.Y}, Edges: make([][]Point, len(g.Edges))}
	for v := range g.Nodes {
		out.Nodes = append(out.Nodes, turn(starts[w.rank[v]], w.at[v]-w.across[v]/2))
	}
	for i, r := range w.routes {
		if r.from == r.to {
			continue
		}
		a, b := w.rank[r.from], w.rank[r.to]
		pts := []Point{turn(starts[a]+w.along[r.from], w.at[r.from]), turn(ends[a], w.at[r.from])}
		for _, v := range r.bends {
			pts = append(pts, turn(starts[w.rank[v]], w.at[v]), turn(ends[w.rank[v]], w.at[v]))
		}
		pts = append(pts, turn(starts[b], w.at[r.to]), turn(starts[b], w.at[r.to]))
		if r.reversed { // beside the edges that go the right way
			for _, k := range []int{0, 1, len(pts) - 2, len(pts) - 1} {
				side := w.across[r.from]
				if k > 1 {
					side = w.across[r.to]
				}
				if down {
					pts[k].X += side / 4
				} else {
					pts[k].Y += side / 4
				}
			}
			slices.Reverse(pts)
		}
		out.Edges[i] = pts
	}
	return out
}
