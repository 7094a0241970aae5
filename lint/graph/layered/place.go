package layered

// place gives every node a position across the flow: as near to the middle of
// its neighbours as the order of its layer allows.
func (w *web) place() {
	for _, layer := range w.layers {
		at := 0.0
		for i, v := range layer {
			if i > 0 {
				at += w.apart(layer[i-1], v)
			}
			w.at[v] = at
		}
		for _, v := range layer {
			w.at[v] -= at / 2
		}
	}
	rounds := min(30, max(4, effort/(10*(w.links+1))))
	for range rounds {
		for k := 1; k < len(w.layers); k++ {
			w.settle(w.layers[k], true, false)
		}
		for k := len(w.layers) - 2; k >= 0; k-- {
			w.settle(w.layers[k], false, true)
		}
	}
	for range 6 {
		for _, layer := range w.layers {
			w.settle(layer, true, true)
		}
	}
}

// apart is how far the middles of two neighbours in a layer must be.
func (w *web) apart(a, b int) float64 {
	gap := float64(gapNode)
	if a >= w.nodes || b >= w.nodes {
		gap = gapBend
	}
	return (w.across[a]+w.across[b])/2 + gap
}

// stiffness is how much the edge from a to b wants to be straight; between bends
// most of all. The many edges of a bus share what one has.
func (w *web) stiffness(a, b int) float64 {
	switch {
	case a >= w.nodes && b >= w.nodes:
		return 8
	case a >= w.nodes:
		return 2 / float64(len(w.out[a]))
	case b >= w.nodes:
		return 2 / float64(len(w.in[b]))
	}
	return 1
}

// settle moves the nodes of a layer to where the sum of squares of the distances
// from their neighbours is least while the order and the gaps hold: nodes
// that want to be in the same place are pooled and placed together.
func (w *web) settle(layer []int, in, out bool) {
	type pool struct {
		want, weight float64
		from         int // index of its first node
	}
	var pools []pool
	offset := 0.0
	offsets := make([]float64, len(layer))
	for i, v := range layer {
		if i > 0 {
			offset += w.apart(layer[i-1], v)
		}
		offsets[i] = offset
		want, weight := w.wish(v, in, out)
		p := pool{want - offset, weight, i}
		for len(pools) > 0 && pools[len(pools)-1].want > p.want {
			q := pools[len(pools)-1]
			pools = pools[:len(pools)-1]
			sum := p.weight + q.weight
			p = pool{(p.want*p.weight + q.want*q.weight) / sum, sum, q.from}
		}
		pools = append(pools, p)
	}
	for i, p := range pools {
		to := len(layer)
		if i+1 < len(pools) {
			to = pools[i+1].from
		}
		for j := p.from; j < to; j++ {
			w.at[layer[j]] = p.want + offsets[j]
		}
	}
}

// wish is where a node wants to be, and how much.
func (w *web) wish(v int, in, out bool) (want, weight float64) {
	sum := 0.0
	if in {
		for _, u := range w.in[v] {
			s := w.stiffness(u, v)
			sum += w.at[u] * s
			weight += s
		}
	}
	if out {
		for _, u := range w.out[v] {
			s := w.stiffness(v, u)
			sum += w.at[u] * s
			weight += s
		}
	}
	if weight == 0 {
		return w.at[v], 0.01
	}
	return sum / weight, weight
}
