package manifest

import (
	"sort"

	"github.com/tiphys-dev/tiphys/lint/source"
)

// Range returns where the bytes [from, to) of Value were written. Offsets
// beyond Value are clamped. Where that cannot be told, because the value is a
// collection, a number in another notation or the like, it is the span of the
// whole node. The line break at the end of a block scalar lies just outside of
// the span of the node.
//
// Range decodes the scalar anew. To look up many ranges of one node, keep its
// Mapping.
func (n *Node) Range(from, to int) source.Span { return n.Mapping().Range(from, to) }

// Mapping returns where the bytes of Value were written.
func (n *Node) Mapping() Mapping {
	m := Mapping{node: n}
	if n == nil || n.File == nil || n.Kind == List || n.Kind == Map || n.Start < 0 || n.End > len(n.File.Bytes) || n.Start > n.End {
		return m
	}
	text := string(n.File.Bytes[n.Start:n.End])
	switch n.Style {
	case Plain:
		m.decode(text, func(d *decoder) { d.plain(0) })
	case SingleQuoted:
		m.decodeQuoted(text, '\'')
	case DoubleQuoted:
		m.decodeQuoted(text, '"')
	case Literal, Folded:
		m.decodeBlock()
	}
	return m
}

// A Mapping tells where the bytes of a scalar's Value were written.
type Mapping struct {
	node   *Node
	pieces []piece
	ok     bool
}

// Range is Node.Range.
func (m Mapping) Range(from, to int) source.Span {
	if m.node == nil || m.node.File == nil {
		return source.Span{}
	}
	if !m.ok {
		return m.node.Span()
	}
	size := len(m.node.Value)
	from = min(max(from, 0), size)
	to = min(max(to, from), size)
	s := source.Span{File: m.node.File}
	s.Start, s.End = m.place(from)
	switch {
	case from == to && from == size:
		s.Start = s.End
	case from == to:
		s.End = s.Start
	default:
		_, s.End = m.place(to - 1)
	}
	return s
}

// place returns where byte i of the value was written, for the offset after
// the last byte where the last was.
func (m Mapping) place(i int) (start, end int) {
	k := sort.Search(len(m.pieces), func(k int) bool { return m.pieces[k].at > i }) - 1
	p := m.pieces[max(k, 0)]
	if !p.exact {
		return p.start, p.end
	}
	start = min(p.start+i-p.at, p.end)
	return start, min(start+1, p.end)
}

// decode runs the decoder over the text of the node and keeps what it says if
// the result is the node's value.
func (m *Mapping) decode(text string, run func(*decoder)) {
	n := m.node
	d := decoder{trace: true}
	d.reset(text+padding, len(text))
	run(&d)
	m.accept(&d, n.Start, 0)
}

// accept takes the pieces over, which are relative to offset base of the file.
func (m *Mapping) accept(d *decoder, base, empty int) {
	if string(d.buf) != m.node.Value {
		return
	}
	m.ok = true
	m.pieces = d.pieces
	for i := range m.pieces {
		m.pieces[i].start += base
		m.pieces[i].end += base
	}
	if len(m.pieces) == 0 {
		m.pieces = []piece{{0, base + empty, base + empty, false}}
	}
}

func (m *Mapping) decodeQuoted(text string, quote byte) {
	if len(text) < 2 || text[0] != quote || text[len(text)-1] != quote {
		return
	}
	d := decoder{trace: true}
	d.reset(text+padding, len(text)-1)
	if quote == '"' {
		d.json(1)
		m.accept(&d, m.node.Start, 1)
		if m.ok {
			return
		}
		d.reset(text+padding, len(text)-1)
	}
	d.quoted(1, quote)
	m.accept(&d, m.node.Start, 1)
}

// decodeBlock decodes a block scalar. The break after its last line belongs to
// the value, but not to the span of the node.
func (m *Mapping) decodeBlock() {
	n := m.node
	end := n.End
	if tail := string(n.File.Bytes[end:min(end+3, len(n.File.Bytes))]) + padding; tail[0] != 0 {
		end += breakWidth(tail, 0)
	}
	text := string(n.File.Bytes[n.Start:end])
	if n.indent == noIndent || text == "" || text[0] != '|' && text[0] != '>' {
		return
	}
	d := decoder{trace: true}
	d.reset(text+padding, len(text))
	h, i := blockHeader(d.text, 0)
	header := i
	for i < d.end && breakWidth(d.text, i) == 0 {
		i++
	}
	if i < d.end {
		i += breakWidth(d.text, i)
	}
	d.block(i, h, int(n.indent), 1)
	m.accept(&d, n.Start, header)
}
