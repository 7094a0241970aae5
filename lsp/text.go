package lsp

import (
	"bytes"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// An encoding is the unit in which a client counts the characters of a line.
type encoding string

// The encodings of the protocol; every client knows UTF-16.
const (
	utf8Units  encoding = "utf-8"
	utf16Units encoding = "utf-16"
	utf32Units encoding = "utf-32"
)

// width is how many units a rune takes that is written in size bytes.
func (e encoding) width(r rune, size int) int {
	switch e {
	case utf8Units:
		return size
	case utf32Units:
		return 1
	}
	if n := utf16.RuneLen(r); n > 0 {
		return n
	}
	return 1
}

// lines converts between byte offsets of a text and positions of the protocol.
type lines struct {
	text     []byte
	starts   []int // offset of each line
	encoding encoding
}

// newLines finds the lines: the protocol ends them by \n, \r\n and \r.
func newLines(text []byte, e encoding) *lines {
	l := &lines{text: text, starts: make([]int, 1, 1+bytes.Count(text, []byte("\n"))), encoding: e}
	for i, c := range text {
		if c == '\n' || c == '\r' && (i+1 == len(text) || text[i+1] != '\n') {
			l.starts = append(l.starts, i+1)
		}
	}
	return l
}

// at returns the index of the line that holds the offset.
func (l *lines) at(off int) int {
	i, found := slices.BinarySearch(l.starts, off)
	if !found {
		i--
	}
	return i
}

// count is how many lines there are, at least one.
func (l *lines) count() int { return len(l.starts) }

// bounds returns the bytes of a line without its break.
func (l *lines) bounds(line int) (start, end int) {
	start, end = l.starts[line], len(l.text)
	if line+1 < len(l.starts) {
		end = l.starts[line+1]
		for end > start && (l.text[end-1] == '\n' || l.text[end-1] == '\r') {
			end--
		}
	}
	return start, end
}

// line returns the text of a line without its break, "" for one that is not there.
func (l *lines) line(i int) string {
	if i < 0 || i >= len(l.starts) {
		return ""
	}
	start, end := l.bounds(i)
	return string(l.text[start:end])
}

// position converts an offset, which is clamped to the text.
func (l *lines) position(off int) Position {
	off = min(max(off, 0), len(l.text))
	i := l.at(off)
	start, end := l.bounds(i)
	p := Position{Line: i}
	for at := start; at < min(off, end); {
		r, size := utf8.DecodeRune(l.text[at:])
		if at+size > off {
			break // in the middle of a rune
		}
		p.Character += l.encoding.width(r, size)
		at += size
	}
	return p
}

// offset converts a position. One beyond a line is the end of the line, one
// beyond the text the end of the text, one within a rune the start of the rune.
func (l *lines) offset(p Position) int {
	switch {
	case p.Line < 0:
		return 0
	case p.Line >= len(l.starts):
		return len(l.text)
	}
	at, end := l.bounds(p.Line)
	for units := 0; at < end; {
		r, size := utf8.DecodeRune(l.text[at:])
		units += l.encoding.width(r, size)
		if units > p.Character {
			break
		}
		at += size
	}
	return at
}

// span converts the bytes [start, end).
func (l *lines) span(start, end int) Range {
	return Range{Start: l.position(start), End: l.position(end)}
}

// apply makes one change of a document.
func apply(text []byte, c contentChange, e encoding) []byte {
	if c.Range == nil {
		return []byte(c.Text)
	}
	l := newLines(text, e)
	start, end := l.offset(c.Range.Start), l.offset(c.Range.End)
	if end < start {
		start, end = end, start
	}
	return slices.Concat(text[:start], []byte(c.Text), text[end:])
}
