package layered

import (
	"math"
	"slices"
)

// Levels returns for each of n nodes the length of the longest way to it. Of a
// cycle, the edges back to the node that comes first do not count.
func Levels(n int, edges []Edge) []int {
	level := make([]int, n)
	out := successors(n, edges)
	place := make([]int, n)
	order := sequence(n, edges)
	for i, v := range order {
		place[v] = i
	}
	for _, v := range order {
		for _, to := range out[v] {
			if place[v] < place[to] {
				level[to] = max(level[to], level[v]+1)
			}
		}
	}
	return level
}

func successors(n int, edges []Edge) [][]int {
	out := make([][]int, n)
	for _, e := range edges {
		out[e.From] = append(out[e.From], e.To)
	}
	return out
}

// sequence sorts nodes so that edges go forwards. Where only cycles are left, the
// first node of one goes first.
func sequence(n int, edges []Edge) []int {
	out := successors(n, edges)
	waits := make([]int, n)
	for _, e := range edges {
		if e.From != e.To {
			waits[e.To]++
		}
	}
	var cycle []int
	done := make([]bool, n)
	order := make([]int, 0, n)
	take := func(v int) {
		done[v] = true
		order = append(order, v)
	}
	for v := range n {
		if waits[v] == 0 {
			take(v)
		}
	}
	next, stuck := 0, 0
	for {
		for ; next < len(order); next++ {
			v := order[next]
			for _, to := range out[v] {
				if waits[to]--; waits[to] == 0 && !done[to] {
					take(to)
				}
			}
		}
		if len(order) == n {
			return order
		}
		if cycle == nil {
			cycle = Cycles(n, edges)
		}
		for done[stuck] || cycle[stuck] == 0 {
			stuck++
		}
		take(stuck)
	}
}

// Cycles numbers the cycles of a graph from 1: nodes that reach each other have
// the same number, those on no cycle have 0.
func Cycles(n int, edges []Edge) []int {
	t := tarjan{out: successors(n, edges), seen: make([]int, n), low: make([]int, n), on: make([]bool, n), cycle: make([]int, n)}
	for v := range n {
		if t.seen[v] == 0 {
			t.visit(v)
		}
	}
	return t.cycle
}

// tarjan finds what is strongly connected, without recursion: a chain may have
// as many nodes as a file has lines.
type tarjan struct {
	out         [][]int
	seen, low   []int // seen counts from 1
	on          []bool
	stack, walk []int
	at          []int // next successor of each node of walk
	count       int
	cycle       []int
	cycles      int
}

func (t *tarjan) enter(v int) {
	t.count++
	t.seen[v], t.low[v], t.on[v] = t.count, t.count, true
	t.stack = append(t.stack, v)
	t.walk = append(t.walk, v)
	t.at = append(t.at, 0)
}

func (t *tarjan) visit(root int) {
	t.enter(root)
	for len(t.walk) > 0 {
		top := len(t.walk) - 1
		v := t.walk[top]
		if i := t.at[top]; i < len(t.out[v]) {
			t.at[top]++
			switch to := t.out[v][i]; {
			case t.seen[to] == 0:
				t.enter(to)
			case t.on[to]:
				t.low[v] = min(t.low[v], t.seen[to])
			}
			continue
		}
		t.walk, t.at = t.walk[:top], t.at[:top]
		if top > 0 {
			up := t.walk[top-1]
			t.low[up] = min(t.low[up], t.low[v])
		}
		if t.low[v] == t.seen[v] {
			t.leave(v)
		}
	}
}

// leave takes the nodes that v reaches and that reach v off the stack.
func (t *tarjan) leave(v int) {
	from := len(t.stack) - 1
	for t.stack[from] != v {
		from--
	}
	members := t.stack[from:]
	t.stack = t.stack[:from]
	if len(members) > 1 || slices.Contains(t.out[v], v) {
		t.cycles++
		for _, m := range members {
			t.cycle[m] = t.cycles
		}
	}
	for _, m := range members {
		t.on[m] = false
	}
}

// ranks gives each node a layer, with at most wide nodes in one. Edges must go
// forwards in order. It tells whether some layer is full.
func ranks(order []int, in, out [][]int, wide int) (layers []int, full bool) {
	rank := make([]int, len(order))
	count := make([]int, len(order)+1)
	free := make([]int, len(order)+1) // where to look on from a full layer
	for i := range free {
		free[i] = i
	}
	find := func(r int) int {
		for r < len(order) && count[r] >= wide {
			free[r] = max(free[r], r+1)
			next := free[r]
			if next < len(order) && count[next] >= wide {
				free[r] = max(free[next], next+1)
			}
			r = free[r]
		}
		return r
	}
	for _, v := range order {
		r := 0
		for _, u := range in[v] {
			r = max(r, rank[u]+1)
		}
		rank[v] = find(r)
		count[rank[v]]++
	}
	// What waits for nothing stands beside what waits for it.
	for _, v := range slices.Backward(order) {
		if len(in[v]) > 0 || len(out[v]) == 0 {
			continue
		}
		near := math.MaxInt
		for _, to := range out[v] {
			near = min(near, rank[to]-1)
		}
		if near > rank[v] && count[near] < wide {
			count[rank[v]]--
			count[near]++
			rank[v] = near
		}
	}
	return squeeze(rank), slices.Max(count) >= wide
}

// squeeze closes the gaps that layers without nodes leave.
func squeeze(rank []int) []int {
	used := slices.Compact(slices.Sorted(slices.Values(rank)))
	for i, r := range rank {
		rank[i], _ = slices.BinarySearch(used, r)
	}
	return rank
}
