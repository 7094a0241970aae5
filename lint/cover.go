package lint

import (
	"bytes"
	"cmp"
	"slices"
	"sort"
	"sync/atomic"

	"github.com/tiphys-dev/tiphys/lint/manifest"
)

// A layout tells which text a comment speaks of. A document may hold a hundred
// thousand comments, so what they ask for is worked out once.
type layout struct {
	document *manifest.Document
	nodes    []*manifest.Node // in the order of the text, those of aliases left out

	// the answer of the last call of nextText, for offsets in [from, next)
	from, next int
}

// covered returns the bytes that a comment speaks of.
func (l *layout) covered(c manifest.Comment) (start, end int) {
	d := l.document
	text := d.File.Bytes
	from := 0
	if c.Alone {
		from = l.nextText(c.Span.End)
	} else {
		from = bytes.LastIndexByte(text[:c.Span.Start], '\n') + 1
	}
	to := lineEnd(text, from)
	if d.Root == nil {
		return from, to
	}
	if c.Alone && c.Span.Start <= d.Root.Start && d.Root.Start < to {
		return d.Start, d.End
	}
	if n := l.startingIn(from, to); n != nil {
		to = max(to, n.End)
	}
	return from, to
}

// nextText returns where the first line after off begins that holds more than
// a comment.
func (l *layout) nextText(off int) int {
	if l.from <= off && off < l.next {
		return l.next
	}
	l.from, l.next = off, l.document.End
	text, end := l.document.File.Bytes, l.document.End
	for off < end {
		i := bytes.IndexByte(text[off:end], '\n')
		if i < 0 {
			break
		}
		off += i + 1
		if line := bytes.TrimSpace(text[off:lineEnd(text, off)]); len(line) > 0 && line[0] != '#' {
			l.next = off
			break
		}
	}
	return l.next
}

func lineEnd(text []byte, off int) int {
	if i := bytes.IndexByte(text[off:], '\n'); i >= 0 {
		return off + i
	}
	return len(text)
}

// startingIn returns the outermost node that begins in the bytes [from, to).
func (l *layout) startingIn(from, to int) *manifest.Node {
	if l.nodes == nil {
		l.collect(l.document.Root)
	}
	i := sort.Search(len(l.nodes), func(i int) bool { return begin(l.nodes[i]) >= from })
	if i < len(l.nodes) && begin(l.nodes[i]) < to {
		return l.nodes[i]
	}
	return nil
}

func (l *layout) collect(n *manifest.Node) {
	for _, c := range n.Children {
		if !c.Alias {
			l.nodes = append(l.nodes, c)
			l.collect(c)
		}
	}
}

// begin is where a node begins, with its key.
func begin(n *manifest.Node) int {
	if n.Key != nil {
		return n.Key.Start
	}
	return n.Start
}

// A cover is what one or several waivers of one rule cover.
type cover struct {
	start, end int
	outer      *cover // the last one before it that goes on after its start
	used       atomic.Bool
}

// covers find the waivers of one rule in a document.
type covers struct {
	text   []*cover // sorted by start, the longer first
	object map[Object]*cover
}

// coversOf puts the waivers with a reason in order.
func coversOf(waivers []*waiver) map[string]*covers {
	all := map[string]*covers{}
	sorted := slices.Clone(waivers)
	slices.SortStableFunc(sorted, func(a, b *waiver) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end)) })
	for _, w := range sorted {
		if w.reason == "" {
			continue
		}
		c := all[w.rule]
		if c == nil {
			c = &covers{object: map[Object]*cover{}}
			all[w.rule] = c
		}
		if w.object != nil {
			if c.object[*w.object] == nil {
				c.object[*w.object] = &cover{}
			}
			w.cover = c.object[*w.object]
			continue
		}
		w.cover = c.add(w.start, max(w.end, w.start+1))
	}
	return all
}

// add adds a cover that does not begin before the last one.
func (c *covers) add(start, end int) *cover {
	var last *cover
	if len(c.text) > 0 {
		last = c.text[len(c.text)-1]
	}
	if last != nil && last.start == start && last.end == end {
		return last
	}
	for last != nil && last.end <= start {
		last = last.outer
	}
	n := &cover{start: start, end: end, outer: last}
	c.text = append(c.text, n)
	return n
}

// at notes the use of all covers of an offset and reports whether there is one.
func (c *covers) at(off int) bool {
	i := sort.Search(len(c.text), func(i int) bool { return c.text[i].start > off })
	if i == 0 {
		return false
	}
	found := false
	for n := c.text[i-1]; n != nil; n = n.outer {
		if off < n.end {
			n.used.Store(true)
			found = true
		}
	}
	return found
}

// waives reports whether a waiver covers the finding, and notes its use.
func (d *document) waives(f *Finding, object Object) bool {
	if d == nil || d.covers[f.Rule.Name] == nil {
		return false
	}
	c := d.covers[f.Rule.Name]
	waived := f.Span.Known() && c.at(f.Span.Start)
	if o := c.object[object]; o != nil {
		o.used.Store(true)
		waived = true
	}
	return waived
}
