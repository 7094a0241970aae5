package manifest

import (
	"unicode/utf8"
)

// A decoder turns the text of one scalar into its value. With trace set it
// also remembers where each byte of the value came from.
type decoder struct {
	text   string
	end    int // nothing is read from here on
	buf    []byte
	trace  bool
	pieces []piece

	// pending are the breaks after the last line of a block scalar, as yet not
	// part of the value.
	pending []int
}

// A piece says that the bytes of the value from at on, up to the next piece,
// were written as the text from start to end.
type piece struct {
	at, start, end int
	exact          bool // byte for byte; else only as a whole
}

func (d *decoder) reset(text string, end int) {
	d.text, d.end, d.buf, d.pieces = text, end, d.buf[:0], d.pieces[:0]
}

// copy takes over a part of the text as it is.
func (d *decoder) copy(start, end int) {
	if start == end {
		return
	}
	if d.trace {
		d.pieces = append(d.pieces, piece{len(d.buf), start, end, true})
	}
	d.buf = append(d.buf, d.text[start:end]...)
}

// put adds what a part of the text stands for.
func (d *decoder) put(s string, start, end int) {
	if d.trace {
		d.pieces = append(d.pieces, piece{len(d.buf), start, end, false})
	}
	d.buf = append(d.buf, s...)
}

// lineBreak adds the break at i: all are a line feed, but for LS and PS.
func (d *decoder) lineBreak(i, w int) {
	if w == 3 {
		d.copy(i, i+w)
	} else {
		d.put("\n", i, i+w)
	}
}

// plain decodes a plain scalar from i to the end.
func (d *decoder) plain(i int) {
	for i < d.end {
		from := i
		for i < d.end && (plainStops[d.text[i]]&(endsWord|endsLine) == 0 || !blank(d.text[i]) && breakWidth(d.text, i) == 0) {
			i++
		}
		d.copy(from, i)
		i = d.fold(i, false)
	}
}

// quoted decodes a scalar from after its opening quote to the end.
func (d *decoder) quoted(i int, quote byte) {
	for i < d.end {
		from := i
		for i < d.end && plainStops[d.text[i]]&(endsWord|endsLine|quotes) == 0 {
			i++
		}
		d.copy(from, i)
		if i >= d.end {
			return
		}
		switch c := d.text[i]; {
		case c == '\'' && quote == '\'':
			d.put("'", i, i+2)
			i += 2
		case c == '\\' && quote == '"':
			if w := breakWidth(d.text, i+1); w > 0 {
				i = d.fold(i+1+w, true)
				continue
			}
			var buf [utf8.UTFMax]byte
			r, w, _ := escape(d.text[i:d.end])
			d.put(string(utf8.AppendRune(buf[:0], r)), i, i+w)
			i += w
		case blank(c) || breakWidth(d.text, i) > 0:
			i = d.fold(i, false)
		default:
			d.copy(i, i+1)
			i++
		}
	}
}

// fold decodes the white space at i and returns where it ends: blanks stay
// inside a line, one line break becomes a space, more become one less. After
// an escaped break, blanks are dropped and all breaks stay.
func (d *decoder) fold(i int, escaped bool) int {
	start := i
	for i < d.end && blank(d.text[i]) {
		i++
	}
	if i >= d.end || breakWidth(d.text, i) == 0 {
		if !escaped {
			d.copy(start, i)
		}
		return i
	}
	space := -1
	first := !escaped
	for i < d.end {
		w := breakWidth(d.text, i)
		switch {
		case w > 0 && first && w < 3:
			first, space = false, i
		case w > 0:
			first, space = false, -1
			d.lineBreak(i, w)
		case !blank(d.text[i]):
			w = 0
		default:
			w = 1
		}
		if w == 0 {
			break
		}
		i += w
	}
	if space >= 0 {
		d.put(" ", space, i)
	}
	return i
}

// A header is the first line of a block scalar.
type header struct {
	folded  bool
	chomp   byte // '+' keeps the breaks at the end, '-' drops all, 0 keeps one
	indent  int  // relative to the collection, 0 when it is not written
	problem string
}

// blockHeader reads the indicators of a block scalar at i and returns where
// they end, or where the problem is.
func blockHeader(text string, i int) (h header, end int) {
	h.folded = text[i] == '>'
	i++
	for range 2 {
		switch c := text[i]; {
		case (c == '+' || c == '-') && h.chomp == 0:
			h.chomp = c
			i++
		case c == '0' && h.indent == 0:
			h.problem = "a block scalar cannot be indented by 0: write 1 to 9, or leave the digit out"
			return h, i
		case c > '0' && c <= '9' && h.indent == 0:
			h.indent = int(c - '0')
			i++
		}
	}
	return h, i
}

// blockEnd tells how the lines of a block scalar ended.
type blockEnd struct {
	end    int // of the last line that belongs to it, without its break
	next   int // where the next token may begin
	line   int // start of the line of next
	indent int
	tab    int // offset of a tab that indents, or -1
}

// block decodes the lines of a block scalar from i, the start of a line. When
// indent is 0, the first lines tell, and it is at least least.
func (d *decoder) block(i int, h header, indent, least int) blockEnd {
	b := blockEnd{end: -1, line: i, next: i, indent: indent, tab: -1}
	d.pending = d.pending[:0]
	d.gap(&b, least)
	lead, leadBlank := -1, false
	for b.tab < 0 && b.next-b.line == b.indent && b.next < d.end {
		i := b.next
		isBlank := blank(d.text[i])
		switch {
		case lead < 0:
		case h.folded && !leadBlank && !isBlank && breakWidth(d.text, lead) < 3:
			if len(d.pending) == 0 {
				d.put(" ", lead, i)
			}
		default:
			d.lineBreak(lead, breakWidth(d.text, lead))
		}
		d.lineBreaks(d.pending)
		d.pending = d.pending[:0]
		leadBlank, lead = isBlank, -1
		for i < d.end && (plainStops[d.text[i]]&endsLine == 0 || breakWidth(d.text, i) == 0) {
			i++
		}
		d.copy(b.next, i)
		b.end, b.next = i, i
		if i < d.end {
			lead = i
			b.next += breakWidth(d.text, i)
			b.line = b.next
		}
		d.gap(&b, least)
	}
	if h.chomp != '-' && lead >= 0 {
		d.lineBreak(lead, breakWidth(d.text, lead))
	}
	if h.chomp == '+' && len(d.pending) > 0 {
		d.lineBreaks(d.pending)
		b.end = d.pending[len(d.pending)-1]
	}
	return b
}

func (d *decoder) lineBreaks(at []int) {
	for _, i := range at {
		d.lineBreak(i, breakWidth(d.text, i))
	}
}

// gap passes the indentation and the empty lines before the next line of a
// block scalar.
func (d *decoder) gap(b *blockEnd, least int) {
	deepest := 0
	i := b.next
	for i < d.end {
		for d.text[i] == ' ' && (b.indent == 0 || i-b.line < b.indent) {
			i++
		}
		deepest = max(deepest, i-b.line)
		if d.text[i] == '\t' && (b.indent == 0 || i-b.line < b.indent) {
			b.tab = i
			return
		}
		if i >= d.end {
			break
		}
		w := breakWidth(d.text, i)
		if w == 0 {
			break
		}
		d.pending = append(d.pending, i)
		i += w
		b.line = i
	}
	b.next = i
	if b.indent == 0 {
		b.indent = max(deepest, least, 1)
	}
}

// escape decodes the escape sequence at the start of text, which is not a line
// break, and returns its length. bad tells what is wrong with it.
func escape(text string) (r rune, n int, bad string) {
	if len(text) < 2 {
		return 0, len(text), "the escape is cut off"
	}
	digits := 0
	switch c := text[1]; c {
	case '0':
		return 0, 2, ""
	case 'a':
		return '\a', 2, ""
	case 'b':
		return '\b', 2, ""
	case 't', '\t':
		return '\t', 2, ""
	case 'n':
		return '\n', 2, ""
	case 'v':
		return '\v', 2, ""
	case 'f':
		return '\f', 2, ""
	case 'r':
		return '\r', 2, ""
	case 'e':
		return 0x1B, 2, ""
	case ' ', '"', '\'', '\\':
		return rune(c), 2, ""
	case 'N':
		return 0x85, 2, ""
	case '_':
		return 0xA0, 2, ""
	case 'L':
		return 0x2028, 2, ""
	case 'P':
		return 0x2029, 2, ""
	case 'x':
		digits = 2
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	default:
		_, n := utf8.DecodeRuneInString(text[1:])
		return 0, 1 + n, unknownEscape(text[:1+n])
	}
	v := 0
	for i := range digits {
		h := -1
		if 2+i < len(text) {
			h = unhex(text[2+i])
		}
		if h < 0 {
			return 0, 2 + i, shortEscape(text[:2], digits)
		}
		v = v<<4 | h
	}
	if v >= 0xD800 && v <= 0xDFFF || v > utf8.MaxRune {
		return 0, 2 + digits, text[:2+digits] + " is no Unicode character: YAML writes the character itself or \\U and 8 digits, not a pair"
	}
	return rune(v), 2 + digits, ""
}
