package report

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/tiphys-dev/tiphys/lint/source"
)

const (
	// lineCells is how much of a line is shown, leadCells how much of that
	// before the span when the line is clipped.
	lineCells = 120
	leadCells = 40
	// reach bounds the bytes that are looked at on both sides of the start of
	// a span: a file may be one line of megabytes.
	reach = 512
	// tab is what a tab is printed as: a terminal's own tab stops would not
	// agree with the gutter.
	tab = "    "
)

// An excerpt is a line of a file as it is printed, and where the span is in it.
type excerpt struct {
	text string
	// lead is the number of cells before the span, width that of the span, 1 or more.
	lead, width int
}

// A glyph is what is printed for one rune.
type glyph struct {
	text  string
	cells int
	in    bool // inside the span
	past  bool // behind its start
}

// excerptOf returns the line on which a span starts.
func excerptOf(s source.Span) excerpt {
	glyphs, cutLeft, cutRight := glyphsOf(s)
	first, lead := 0, 0
	for _, g := range glyphs {
		if g.in || g.past {
			break
		}
		lead += g.cells
		first++
	}
	total := 0
	for _, g := range glyphs {
		total += g.cells
	}
	from := 0
	if total > lineCells {
		for before := lead; before > leadCells && from < first; from++ {
			before -= glyphs[from].cells
			cutLeft = true
		}
	}
	return render(glyphs[from:], cutLeft, cutRight)
}

func render(glyphs []glyph, cutLeft, cutRight bool) excerpt {
	var b strings.Builder
	var e excerpt
	used := 0
	if cutLeft {
		b.WriteString("…")
		e.lead, used = 1, 1
	}
	for _, g := range glyphs {
		if used+g.cells > lineCells {
			cutRight = true
			break
		}
		used += g.cells
		b.WriteString(g.text)
		switch {
		case g.in:
			e.width += g.cells
		case !g.past:
			e.lead += g.cells
		}
	}
	if cutRight {
		b.WriteString("…")
	}
	e.text, e.width = strings.TrimRight(b.String(), " "), max(e.width, 1)
	return e
}

// glyphsOf cuts the line around the start of s into what is printed, and
// tells whether it had to be cut off on the left or right.
func glyphsOf(s source.Span) (glyphs []glyph, cutLeft, cutRight bool) {
	text := s.File.Bytes
	start := min(max(s.Start, 0), len(text))
	from := max(start-reach, 0)
	if i := bytes.LastIndexByte(text[from:start], '\n'); i >= 0 {
		from += i + 1
	} else {
		for cutLeft = from > 0; cutLeft && from < start && !utf8.RuneStart(text[from]); {
			from++
		}
	}
	to := min(start+reach, len(text))
	if i := bytes.IndexByte(text[start:to], '\n'); i >= 0 {
		to = start + i
	} else {
		for cutRight = to < len(text); cutRight && to > start && !utf8.RuneStart(text[to]); {
			to--
		}
	}
	if from == 0 && bytes.HasPrefix(text, bom) {
		from = min(len(bom), to)
	}
	line := bytes.TrimSuffix(text[from:to], []byte("\r"))
	for i := 0; i < len(line); {
		r, n := utf8.DecodeRune(line[i:])
		at := from + i
		g := glyph{text: tab, cells: len(tab), past: at >= start, in: at >= start && at < s.End}
		if r != '\t' {
			r = printable(r)
			g.text, g.cells = string(r), cells(r)
		}
		glyphs = append(glyphs, g)
		i += n
	}
	return glyphs, cutLeft, cutRight
}
