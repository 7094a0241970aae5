// Package cycle finds circles in graphs.
package cycle

import "slices"

// Find returns one shortest cycle of each strongly connected group of nodes,
// beginning with the node that comes first in the list. It takes linear time
// (Tarjan), and no recursion, so that a chain of any length is fine.
func Find[N comparable](nodes []N, next func(N) []N) [][]N {
	var found [][]N
	place := make(map[N]int, len(nodes))
	for i, n := range nodes {
		if _, seen := place[n]; !seen {
			place[n] = i
		}
	}
	for _, group := range groups(nodes, next) {
		if len(group) == 1 && !slices.Contains(next(group[0]), group[0]) {
			continue
		}
		first, from := group[0], len(nodes)
		in := make(map[N]bool, len(group))
		for _, n := range group {
			in[n] = true
			if i, listed := place[n]; listed && i < from {
				first, from = n, i
			}
		}
		if from == len(nodes) {
			continue
		}
		if c := shortest(first, in, next); c != nil {
			found = append(found, c)
		}
	}
	return found
}

// shortest returns the shortest way from n back to n inside of a group.
func shortest[N comparable](n N, in map[N]bool, next func(N) []N) []N {
	from := map[N]N{}
	queue := []N{n}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for _, to := range next(at) {
			if to == n {
				path := []N{at}
				for at != n {
					at = from[at]
					path = append(path, at)
				}
				for i, j := 0, len(path)-1; i < j; i, j = i+1, j-1 {
					path[i], path[j] = path[j], path[i]
				}
				return path
			}
			if _, seen := from[to]; !seen && in[to] {
				from[to] = at
				queue = append(queue, to)
			}
		}
	}
	return nil
}

type frame[N comparable] struct {
	node N
	next []N
}

// groups returns the strongly connected groups, in the order of the list.
func groups[N comparable](nodes []N, next func(N) []N) [][]N {
	index, low, on := map[N]int{}, map[N]int{}, map[N]bool{}
	var stack []N
	var all [][]N
	enter := func(n N) frame[N] {
		index[n], low[n], on[n] = len(index)+1, len(index)+1, true
		stack = append(stack, n)
		return frame[N]{n, next(n)}
	}
	for _, root := range nodes {
		if index[root] != 0 {
			continue
		}
		for calls := []frame[N]{enter(root)}; len(calls) > 0; {
			top := &calls[len(calls)-1]
			if len(top.next) > 0 {
				to := top.next[0]
				top.next = top.next[1:]
				switch {
				case index[to] == 0:
					calls = append(calls, enter(to))
				case on[to]:
					low[top.node] = min(low[top.node], index[to])
				}
				continue
			}
			n := top.node
			calls = calls[:len(calls)-1]
			if len(calls) > 0 {
				p := calls[len(calls)-1].node
				low[p] = min(low[p], low[n])
			}
			if low[n] == index[n] {
				i := len(stack) - 1
				for stack[i] != n {
					i--
				}
				for _, m := range stack[i:] {
					on[m] = false
				}
				all = append(all, append([]N(nil), stack[i:]...))
				stack = stack[:i]
			}
		}
	}
	return all
}
