// Package source holds the text that findings point into.
//
// A position is a byte offset. Lines and columns exist only at the edge of the
// program, where a reporter prints them.
package source

import (
	"bytes"
	"slices"
	"sync"
	"unicode/utf8"
)

// A File is one immutable piece of text.
type File struct {
	// Name is what is printed for the file, as the user wrote it.
	Name  string
	Bytes []byte

	// Of a clipping: the offset of its first byte, the index of its first line,
	// and the runes of that line before it, in the file that it was cut from.
	offset, line0, column0 int

	once  sync.Once
	lines []int // byte offset of the first byte of each line

	counting sync.Once
	counts   []int // runes before each block of the text
}

// NewFile returns a file called name. It keeps b; the caller must not change it.
func NewFile(name string, b []byte) *File { return &File{Name: name, Bytes: b} }

// starts returns the offset of each line. Most files have no finding, so the
// index is made when it is first asked for.
func (f *File) starts() []int {
	f.once.Do(func() {
		f.lines = append(make([]int, 0, 1+bytes.Count(f.Bytes, []byte("\n"))), 0)
		for i, c := range f.Bytes {
			if c == '\n' {
				f.lines = append(f.lines, i+1)
			}
		}
	})
	return f.lines
}

// A Position is a place as a person counts it: lines and columns from 1,
// columns in runes.
type Position struct{ Line, Column int }

// Position converts a byte offset, which is clamped to the file.
func (f *File) Position(off int) Position {
	off = min(max(off, 0), len(f.Bytes))
	i := f.line(off)
	start := f.starts()[i]
	if start+f.offset == 0 && bytes.HasPrefix(f.Bytes, bom) {
		start = min(len(bom), off) // a byte order mark is not a column
	}
	p := Position{Line: f.line0 + i + 1, Column: f.runes(start, off) + 1}
	if i == 0 {
		p.Column += f.column0
	}
	return p
}

// block is the number of bytes between two entries of File.counts.
const block = 1 << 10

// runes counts the runes in the bytes [from, to). A file may be one line of
// megabytes with thousands of findings, so long stretches are counted once.
func (f *File) runes(from, to int) int {
	if to-from <= 2*block {
		return utf8.RuneCount(f.Bytes[from:to])
	}
	return f.runesBefore(to) - f.runesBefore(from)
}

func (f *File) runesBefore(off int) int {
	f.counting.Do(func() {
		n := 0
		for at := 0; at <= len(f.Bytes); at += block {
			f.counts = append(f.counts, n)
			for _, c := range f.Bytes[at:min(at+block, len(f.Bytes))] {
				if utf8.RuneStart(c) {
					n++
				}
			}
		}
	})
	n := f.counts[off/block]
	for _, c := range f.Bytes[off/block*block : off] {
		if utf8.RuneStart(c) {
			n++
		}
	}
	return n
}

var bom = []byte("\ufeff")

// line returns the index of the line that holds the offset.
func (f *File) line(off int) int {
	i, found := slices.BinarySearch(f.starts(), off)
	if !found {
		i--
	}
	return i
}

// Line returns the text of the line (from 1) without its line break.
func (f *File) Line(n int) []byte {
	s := f.starts()
	n -= f.line0 + 1
	if n < 0 || n >= len(s) {
		return nil
	}
	l, _, _ := bytes.Cut(f.Bytes[s[n]:], []byte("\n"))
	return bytes.TrimSuffix(l, []byte("\r"))
}

// A Span is the half-open range of bytes [Start, End) of a file.
// The zero Span means that the text is not known, as in an admission request.
type Span struct {
	File       *File
	Start, End int
}

// Known reports whether the span points into text.
func (s Span) Known() bool { return s.File != nil }

// Text returns the bytes of the span.
func (s Span) Text() []byte {
	if !s.Known() {
		return nil
	}
	return s.File.Bytes[s.Start:s.End]
}

// Offset returns the offset of the span in the whole file.
func (s Span) Offset() int {
	if !s.Known() {
		return 0
	}
	return s.File.offset + s.Start
}

// Len returns the number of bytes of the span.
func (s Span) Len() int { return s.End - s.Start }

// window is how much of a long line a clipping keeps on both sides of its span.
const window = 640

// Clip returns the same span in a clipping of the file: a file of the same name
// that holds only the lines of the span, at the same positions. It lets the rest
// of the text go.
func (s Span) Clip() Span {
	if !s.Known() || s.File.offset > 0 {
		return s
	}
	f := s.File
	first := f.line(s.Start)
	line := f.starts()[first]
	from := max(line, s.Start-window)
	for from > line && from < s.Start && !utf8.RuneStart(f.Bytes[from]) {
		from++
	}
	to := min(len(f.Bytes), s.End+window)
	if i := bytes.IndexByte(f.Bytes[s.End:to], '\n'); i >= 0 {
		to = s.End + i
	}
	cut := &File{Name: f.Name, Bytes: bytes.Clone(f.Bytes[from:to]), offset: from, line0: first, column0: f.runes(line, from)}
	if line == 0 && from > 0 && bytes.HasPrefix(f.Bytes, bom) {
		cut.column0-- // a byte order mark is not a column
	}
	return Span{File: cut, Start: s.Start - from, End: s.End - from}
}

// Masked returns the span in a clipping of the file in which its own text is
// not to be read: every rune of it is a star.
func (s Span) Masked() Span { return s.Hiding(s.Offset(), s.Len()) }

// Around returns the part of the whole file that a clipping of the span holds.
func (s Span) Around() (from, to int) {
	c := s.Clip()
	if !c.Known() {
		return 0, 0
	}
	return c.File.offset, c.File.offset + len(c.File.Bytes)
}

// Blank returns the span in a clipping of the file of which nothing is to be read.
func (s Span) Blank() Span {
	c := s.Clip()
	if !c.Known() {
		return c
	}
	return c.Hiding(c.File.offset, len(c.File.Bytes))
}

// Hiding returns the span in a clipping of the file in which some bytes of the
// whole file, where they are part of it, are not to be read: every rune is a star.
func (s Span) Hiding(offset, size int) Span {
	if !s.Known() {
		return s
	}
	c := s.Clip()
	f := c.File
	from, to := max(offset-f.offset, 0), min(offset-f.offset+size, len(f.Bytes))
	if from >= to {
		return s
	}
	stars := make([]byte, 0, to-from)
	for _, r := range string(f.Bytes[from:to]) {
		if r != '\n' {
			r = '*'
		}
		stars = append(stars, byte(r))
	}
	moved := func(at int) int { // where a byte is now
		switch {
		case at <= from:
			return at
		case at >= to:
			return at - (to - from) + len(stars)
		}
		return min(at, from+len(stars))
	}
	masked := &File{Name: f.Name, offset: f.offset, line0: f.line0, column0: f.column0}
	masked.Bytes = slices.Concat(f.Bytes[:from], stars, f.Bytes[to:])
	return Span{File: masked, Start: moved(c.Start), End: moved(c.End)}
}
