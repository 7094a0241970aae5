package cycle_test

import (
	"math/rand/v2"
	"testing"

	"github.com/tiphys-dev/tiphys/lint/cycle"
)

// TestFind compares with the definition on small random graphs: a node is in a
// group that is reported exactly when it reaches itself.
func TestFind(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		n := 1 + r.IntN(8)
		edges := make([][]int, n)
		for range r.IntN(2 * n) {
			edges[r.IntN(n)] = append(edges[r.IntN(n)], r.IntN(n))
		}
		nodes := make([]int, n)
		for i := range nodes {
			nodes[i] = i
		}
		found := map[int]bool{}
		for _, c := range cycle.Find(nodes, func(i int) []int { return edges[i] }) {
			for i, a := range c {
				b := c[(i+1)%len(c)]
				if !contains(edges[a], b) {
					t.Fatalf("%v is no cycle of %v", c, edges)
				}
			}
			for i := range nodes {
				if reaches(edges, c[0], i) && reaches(edges, i, c[0]) {
					if found[i] {
						t.Fatalf("two cycles for one group of %v", edges)
					}
					found[i] = true
				}
			}
		}
		for i := range nodes {
			if found[i] != reaches(edges, i, i) {
				t.Fatalf("node %d of %v: in a reported group %t", i, edges, found[i])
			}
		}
	}
}

func TestFindOnALongChain(t *testing.T) {
	const n = 200_000
	nodes := make([]int, n)
	for i := range nodes {
		nodes[i] = i
	}
	found := cycle.Find(nodes, func(i int) []int { return []int{(i + 1) % n} })
	if len(found) != 1 || len(found[0]) != n {
		t.Errorf("%d cycles", len(found))
	}
}

func TestFindWhereNothingHangsTogether(t *testing.T) {
	nodes := make([]int, 200_000)
	for i := range nodes {
		nodes[i] = i
	}
	if found := cycle.Find(nodes, func(int) []int { return nil }); len(found) > 0 {
		t.Errorf("%d cycles", len(found))
	}
}

func contains(list []int, n int) bool {
	for _, e := range list {
		if e == n {
			return true
		}
	}
	return false
}

// reaches reports whether there is a way of one edge or more.
func reaches(edges [][]int, from, to int) bool {
	seen := map[int]bool{}
	stack := []int{from}
	for len(stack) > 0 {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for _, next := range edges[at] {
			if next == to {
				return true
			}
			if !seen[next] {
				seen[next] = true
				stack = append(stack, next)
			}
		}
	}
	return false
}
