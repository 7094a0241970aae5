package layered

import (
	"cmp"
	"slices"
)

// effort bounds the links that are looked at while layers are sorted.
const effort = 4_000_000

// sort orders the layers so that few edges cross: each layer by the middle of
// its neighbours, to and fro, as long as that helps.
func (w *web) sort() {
	w.number()
	best, least := w.snapshot(), w.crossings()
	rounds := min(24, max(2, effort/(20*(w.links+1))))
	for i, idle := 0, 0; i < rounds && least > 0 && idle < 6; i++ {
		for k := 1; k < len(w.layers); k++ {
			w.sortLayer(k, w.in)
		}
		for k := len(w.layers) - 2; k >= 0; k-- {
			w.sortLayer(k, w.out)
		}
		if w.links < effort/400 {
			w.swap()
		}
		idle++
		if c := w.crossings(); c < least {
			best, least, idle = w.snapshot(), c, 0
		}
	}
	w.layers = best
	w.number()
}

func (w *web) snapshot() [][]int {
	out := make([][]int, len(w.layers))
	for i, l := range w.layers {
		out[i] = slices.Clone(l)
	}
	return out
}

func (w *web) number() {
	for _, l := range w.layers {
		for i, v := range l {
			w.pos[v] = i
		}
	}
}

func (w *web) sortLayer(k int, near [][]int) {
	layer := w.layers[k]
	key := make(map[int]float64, len(layer))
	for i, v := range layer {
		sum := 0
		for _, u := range near[v] {
			sum += w.pos[u]
		}
		key[v] = float64(i)
		if n := len(near[v]); n > 0 {
			key[v] = float64(sum) / float64(n)
		}
	}
	slices.SortStableFunc(layer, func(a, b int) int { return cmp.Compare(key[a], key[b]) })
	for i, v := range layer {
		w.pos[v] = i
	}
}

// swap exchanges neighbours in a layer where that leaves fewer crossings.
func (w *web) swap() {
	for _, l := range [][][]int{w.in, w.out} {
		for v := range l {
			slices.SortFunc(l[v], func(a, b int) int { return cmp.Compare(w.pos[a], w.pos[b]) })
		}
	}
	for _, layer := range w.layers {
		for i := range len(layer) - 1 {
			a, b := layer[i], layer[i+1]
			if w.between(a, b) > w.between(b, a) {
				layer[i], layer[i+1] = b, a
				w.pos[a], w.pos[b] = i+1, i
			}
		}
	}
}

// between counts the crossings of the edges of a with those of b, when a stands
// before b.
func (w *web) between(a, b int) int {
	return w.inversions(w.in[a], w.in[b]) + w.inversions(w.out[a], w.out[b])
}

func (w *web) inversions(a, b []int) int {
	n, j := 0, 0
	for _, u := range a {
		for j < len(b) && w.pos[b[j]] < w.pos[u] {
			j++
		}
		n += j
	}
	return n
}

// crossings counts the pairs of edges between neighbouring layers that cross.
func (w *web) crossings() int {
	total := 0
	var tree []int // counts the ends so far, by position (Fenwick)
	var ends []int
	for k := 1; k < len(w.layers); k++ {
		size := len(w.layers[k])
		tree = slices.Grow(tree[:0], size+1)[:size+1]
		clear(tree)
		seen := 0
		for _, v := range w.layers[k-1] {
			ends = ends[:0]
			for _, to := range w.out[v] {
				ends = append(ends, w.pos[to]+1)
			}
			for _, e := range ends {
				before := 0
				for i := e; i > 0; i -= i & -i {
					before += tree[i]
				}
				total += seen - before
			}
			for _, e := range ends {
				for i := e; i <= size; i += i & -i {
					tree[i]++
				}
			}
			seen += len(ends)
		}
	}
	return total
}
