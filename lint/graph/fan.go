package graph

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/tiphys-dev/tiphys/lint/graph/layered"
)

// A fan is a set of boxes that wait for the same boxes and are waited for by
// the same. It is drawn as a grid with one arrow in and one out: two hundred
// shards would hide all else behind their arrows.
type fan struct {
	layered.Size
	members []int // boxes
	offsets []layered.Point
	at      layered.Point
}

const (
	leastFan = 7 // members that make a fan
	gapFan   = 10.0
	padFan   = 12.0
)

// fans finds the fans of a sheet and lays out their insides.
func (s *sheet) fans(sizes []layered.Size) []fan {
	in, out := make([][]int, len(s.boxes)), make([][]int, len(s.boxes))
	odd := make([]bool, len(s.boxes))
	for _, l := range s.links {
		out[l.from], in[l.to] = append(out[l.from], l.to), append(in[l.to], l.from)
		if l.hook || l.cyclic || l.status != "" {
			odd[l.from], odd[l.to] = true, true
		}
	}
	same := map[string][]int{}
	var order []string
	for i, b := range s.boxes {
		if b.node == nil || odd[i] || b.node.Inner != nil || len(in[i])+len(out[i]) == 0 {
			continue
		}
		k := string(neighbours(neighbours(nil, in[i]), out[i]))
		if len(same[k]) == 0 {
			order = append(order, k)
		}
		same[k] = append(same[k], i)
	}
	var fans []fan
	for _, k := range order {
		if len(same[k]) >= leastFan {
			fans = append(fans, grid(same[k], sizes))
		}
	}
	return fans
}

// neighbours appends a set of boxes to a key.
func neighbours(key []byte, boxes []int) []byte {
	sorted := slices.Clone(boxes)
	slices.Sort(sorted)
	key = binary.AppendUvarint(key, uint64(len(sorted)))
	for _, b := range sorted {
		key = binary.AppendUvarint(key, uint64(b))
	}
	return key
}

// grid places boxes in columns, a little wider than high, in the order of the
// text from top to bottom.
func grid(members []int, sizes []layered.Size) fan {
	cell := layered.Size{}
	for _, m := range members {
		cell.W, cell.H = max(cell.W, sizes[m].W), max(cell.H, sizes[m].H)
	}
	cell.W, cell.H = cell.W+gapFan, cell.H+gapFan
	n := float64(len(members))
	rows := int(math.Ceil(math.Sqrt(n * cell.W / cell.H / 1.3)))
	if len(members) <= 12 {
		rows = min(rows, 6)
	}
	f := fan{members: members}
	for i, m := range members {
		x, y := float64(i/rows)*cell.W, float64(i%rows)*cell.H
		f.offsets = append(f.offsets, layered.Point{X: padFan + x, Y: padFan + y})
		f.W, f.H = max(f.W, x+sizes[m].W+2*padFan), max(f.H, y+sizes[m].H+2*padFan)
	}
	return f
}
