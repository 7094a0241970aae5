package layered

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func random(r *rand.Rand, acyclic bool) Graph {
	var g Graph
	n := 1 + r.IntN(60)
	for range n {
		g.Nodes = append(g.Nodes, Size{20 + r.Float64()*100, 20 + r.Float64()*40})
	}
	for range r.IntN(3 * n) {
		e := Edge{r.IntN(n), r.IntN(n)}
		if acyclic {
			if e.From == e.To {
				continue
			}
			e = Edge{min(e.From, e.To), max(e.From, e.To)}
		}
		g.Edges = append(g.Edges, e)
	}
	return g
}

func TestNodesDoNotOverlapAndStayInside(t *testing.T) {
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 2))
		g := random(r, seed%2 == 0)
		o := Options{Down: seed%3 == 0}
		l := Do(g, o)
		for i, p := range l.Nodes {
			const e = 0.01
			if p.X < -e || p.Y < -e || p.X+g.Nodes[i].W > l.W+e || p.Y+g.Nodes[i].H > l.H+e {
				t.Fatalf("seed %d: node %d lies outside", seed, i)
			}
			for j, q := range l.Nodes[:i] {
				if p.X < q.X+g.Nodes[j].W-e && q.X < p.X+g.Nodes[i].W-e && p.Y < q.Y+g.Nodes[j].H-e && q.Y < p.Y+g.Nodes[i].H-e {
					t.Fatalf("seed %d: nodes %d and %d overlap", seed, i, j)
				}
			}
		}
		if diff := cmp.Diff(l, Do(g, o)); diff != "" {
			t.Fatalf("seed %d: two layouts differ: %s", seed, diff)
		}
	}
}

func TestEdgesOfAcyclicGraphsGoForwards(t *testing.T) {
	for seed := range uint64(200) {
		g := random(rand.New(rand.NewPCG(seed, 3)), true)
		l := Do(g, Options{})
		for i, e := range g.Edges {
			if l.Nodes[e.From].X+g.Nodes[e.From].W > l.Nodes[e.To].X {
				t.Fatalf("seed %d: edge %v goes back", seed, e)
			}
			p := l.Edges[i]
			for j := 1; j < len(p); j++ {
				if p[j].X < p[j-1].X {
					t.Fatalf("seed %d: the way of %v goes back: %v", seed, e, p)
				}
			}
		}
	}
}

func TestLevelsAreTheLongestWays(t *testing.T) {
	for seed := range uint64(200) {
		g := random(rand.New(rand.NewPCG(seed, 4)), true)
		want := make([]int, len(g.Nodes))
		for range g.Nodes { // as often as the longest way may be long
			for _, e := range g.Edges {
				want[e.To] = max(want[e.To], want[e.From]+1)
			}
		}
		if diff := cmp.Diff(want, Levels(len(g.Nodes), g.Edges)); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
	}
}

func TestCyclesAreWhatReachesItself(t *testing.T) {
	for seed := range uint64(200) {
		g := random(rand.New(rand.NewPCG(seed, 5)), false)
		n := len(g.Nodes)
		reach := make([][]bool, n)
		for i := range reach {
			reach[i] = make([]bool, n)
		}
		for _, e := range g.Edges {
			reach[e.From][e.To] = true
		}
		for k := range n {
			for i := range n {
				for j := range n {
					reach[i][j] = reach[i][j] || reach[i][k] && reach[k][j]
				}
			}
		}
		got := Cycles(n, g.Edges)
		for i := range n {
			if (got[i] > 0) != reach[i][i] {
				t.Fatalf("seed %d: node %d is on cycle %d", seed, i, got[i])
			}
			for j := range n {
				if together := i != j && reach[i][j] && reach[j][i]; together && got[i] != got[j] {
					t.Fatalf("seed %d: nodes %d and %d are on cycles %d and %d", seed, i, j, got[i], got[j])
				}
			}
		}
	}
}

func TestFewEdgesCrossInATree(t *testing.T) {
	var g Graph
	for range 63 {
		g.Nodes = append(g.Nodes, Size{100, 40})
	}
	for i := 1; i < 63; i++ {
		g.Edges = append(g.Edges, Edge{(i - 1) / 2, i})
	}
	w := newWeb(g, false, 63)
	for i := range w.layers {
		rand.New(rand.NewPCG(1, uint64(i))).Shuffle(len(w.layers[i]), func(a, b int) {
			w.layers[i][a], w.layers[i][b] = w.layers[i][b], w.layers[i][a]
		})
	}
	w.sort()
	if n := w.crossings(); n != 0 {
		t.Errorf("%d crossings are left", n)
	}
}
