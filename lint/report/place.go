package report

import (
	"bytes"
	"unicode/utf8"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// A place is a span as people count it: from 1, columns in runes, the end
// exclusive. All is zero when the position is not known.
type place struct {
	File                             string
	Line, Column, EndLine, EndColumn int
}

// A locator turns offsets into positions. Findings come in the order of the
// text, so it counts on from the last one: a file of one long line would
// otherwise be counted from its start for every finding in it.
type locator struct {
	file *source.File
	off  int
	at   source.Position
}

func (l *locator) place(s source.Span) place {
	if !s.Known() {
		return place{}
	}
	start := l.position(s.File, s.Start)
	end := *l
	stop := end.position(s.File, max(s.Start, s.End))
	return place{File: s.File.Name, Line: start.Line, Column: start.Column, EndLine: stop.Line, EndColumn: stop.Column}
}

func (l *locator) position(f *source.File, off int) source.Position {
	off = min(max(off, 0), len(f.Bytes))
	if f != l.file || off < l.off || l.off < len(bom) {
		return l.keep(f, off, f.Position(off))
	}
	at, between := l.at, f.Bytes[l.off:off]
	if i := bytes.LastIndexByte(between, '\n'); i >= 0 {
		at.Line += bytes.Count(between, newline)
		at.Column = 1
		between = between[i+1:]
	}
	at.Column += utf8.RuneCount(between)
	return l.keep(f, off, at)
}

var (
	newline = []byte("\n")
	bom     = []byte("\ufeff")
)

func (l *locator) keep(f *source.File, off int, at source.Position) source.Position {
	if off == len(f.Bytes) || utf8.RuneStart(f.Bytes[off]) { // no counting on from the middle of a rune
		*l = locator{file: f, off: off, at: at}
	}
	return at
}

// locators serve findings and the places they relate to, which stand elsewhere.
type locators struct{ finding, related locator }

// subject names the object of a finding for where there is no text.
func subject(o lint.Object) string {
	name := o.Name
	if o.Namespace != "" {
		name = o.Namespace + "/" + name
	}
	switch {
	case o.Kind == "":
		return name
	case name == "":
		return o.Kind
	}
	return o.Kind + " " + name
}
