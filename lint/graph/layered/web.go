package layered

import "math"

// A web is a graph in layers: the nodes of the graph come first, then the bends
// of edges that cross layers. Its edges join neighbouring layers.
type web struct {
	rank          []int
	along, across []float64 // extent of each node
	in, out       [][]int
	layers        [][]int // in the order that they are drawn
	pos           []int   // index in the layer
	at            []float64
	routes        []route
	nodes         int // those that are no bends
	links         int
	full          bool // some layer has as many nodes as it may have
}

// A route is the way of an edge of the graph, from the lower layer to the higher.
type route struct {
	from, to int
	bends    []int
	reversed bool
}

// Bounds of the bends of all edges, made and used; edges that find none left
// are drawn straight.
const (
	mostBends  = 40_000
	mostBended = 100_000
)

func newWeb(g Graph, down bool, limit int) *web {
	n := len(g.Nodes)
	w := &web{nodes: n}
	for _, s := range g.Nodes {
		if down {
			s.W, s.H = s.H, s.W
		}
		w.along, w.across = append(w.along, s.W), append(w.across, s.H)
	}
	order := sequence(n, g.Edges)
	place := make([]int, n)
	for i, v := range order {
		place[v] = i
	}
	in, out := make([][]int, n), make([][]int, n)
	for _, e := range g.Edges {
		r := route{from: e.From, to: e.To}
		if place[e.From] > place[e.To] {
			r = route{from: e.To, to: e.From, reversed: true}
		}
		w.routes = append(w.routes, r)
		if r.from != r.to {
			out[r.from], in[r.to] = append(out[r.from], r.to), append(in[r.to], r.from)
		}
	}
	w.rank, w.full = ranks(order, in, out, limit)
	w.bend(in, out)
	w.link()
	return w
}

// wide is how many nodes a layer may have, so that the whole is about as wide
// as a screen is: a node is four times as wide as it is high.
func wide(n int, down bool) int {
	if down {
		return max(6, int(math.Ceil(math.Sqrt(0.6*float64(n)))))
	}
	return max(12, int(math.Ceil(math.Sqrt(2.7*float64(n)))))
}

// bend gives edges that cross layers a bend in each of them. Edges share the
// bends of the end that has more edges.
func (w *web) bend(in, out [][]int) {
	type bus struct {
		node, rank     int
		into, reversed bool
	}
	made, used := map[bus]int{}, 0
	for i := range w.routes {
		r := &w.routes[i]
		if r.from == r.to {
			continue
		}
		b := bus{node: r.from, reversed: r.reversed}
		if len(in[r.to]) > len(out[r.from]) {
			b = bus{node: r.to, into: true, reversed: r.reversed}
		}
		span := w.rank[r.to] - w.rank[r.from] - 1
		if len(made)+span > mostBends || used+span > mostBended {
			continue
		}
		used += span
		for k := w.rank[r.from] + 1; k < w.rank[r.to]; k++ {
			b.rank = k
			v, ok := made[b]
			if !ok {
				v = len(w.rank)
				made[b] = v
				w.rank = append(w.rank, k)
				w.along, w.across = append(w.along, 0), append(w.across, 0)
			}
			r.bends = append(r.bends, v)
		}
	}
}

// link joins neighbours, each pair once.
func (w *web) link() {
	n := len(w.rank)
	w.in, w.out = make([][]int, n), make([][]int, n)
	w.pos, w.at = make([]int, n), make([]float64, n)
	type pair struct{ a, b int }
	seen := make(map[pair]bool, n)
	for _, r := range w.routes {
		if r.from == r.to {
			continue
		}
		if r.bends == nil && w.rank[r.to] > w.rank[r.from]+1 {
			continue // drawn straight
		}
		a := r.from
		for i := range len(r.bends) + 1 {
			b := r.to
			if i < len(r.bends) {
				b = r.bends[i]
			}
			if p := (pair{a, b}); !seen[p] {
				seen[p] = true
				w.out[a], w.in[b] = append(w.out[a], b), append(w.in[b], a)
				w.links++
			}
			a = b
		}
	}
	for v, r := range w.rank {
		for len(w.layers) <= r {
			w.layers = append(w.layers, nil)
		}
		w.layers[r] = append(w.layers[r], v)
	}
}
