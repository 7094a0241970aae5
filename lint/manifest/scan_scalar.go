package manifest

import "strings"

// What ends the run of characters of a plain or quoted scalar that need no
// further look.
const (
	endsWord  uint8 = 1 << iota // blanks
	endsLine                    // line breaks, and the first bytes of longer ones
	endsPlain                   // ":", and 0 that follows the text
	endsFlow                    // the indicators inside [ ] and { }
	quotes                      // both quotes and the backslash
)

var plainStops = [256]uint8{
	0: endsPlain, ' ': endsWord, '\t': endsWord,
	'\n': endsLine, '\r': endsLine, 0xC2: endsLine, 0xE2: endsLine,
	':': endsPlain,
	',': endsFlow, '?': endsFlow, '[': endsFlow, ']': endsFlow, '{': endsFlow, '}': endsFlow,
	'"': quotes, '\'': quotes, '\\': quotes,
}

// plain reads a plain scalar, which goes on over the lines that are indented
// deeper than the current collection.
func (s *scanner) plain() {
	start, i := s.pos, s.pos
	end := i
	stops := endsWord | endsLine | endsPlain
	if s.flow > 0 {
		stops |= endsFlow
	}
	newLine, folded := false, false
	for i < s.end && s.text[i] != '#' && (i != s.line || !s.documentEnd(i)) {
		from := i
		i = s.plainWord(i, stops)
		if i > from {
			folded = folded || newLine
			newLine, end = false, i
		}
		if !blank(s.text[i]) && breakWidth(s.text, i) == 0 {
			break
		}
		for i < s.end {
			c := s.text[i]
			if blank(c) {
				if c == '\t' && newLine && i-s.line <= s.indent {
					s.failTab(i)
					return
				}
				i++
				continue
			}
			w := breakWidth(s.text, i)
			if w == 0 {
				break
			}
			i += w
			s.line, newLine = i, true
		}
		if s.flow == 0 && i-s.line <= s.indent {
			break
		}
	}
	s.pos = i
	t := s.add(tScalar, start, end)
	t.style = Plain
	if folded {
		s.out.reset(s.text, end)
		s.out.plain(start)
		s.keep(t)
	}
	s.allowed = newLine
}

// plainWord returns the end of the characters without blanks from i on.
func (s *scanner) plainWord(i int, stops uint8) int {
	for {
		c := s.text[i]
		switch {
		case plainStops[c]&stops == 0:
		case c == ':' && !blankz(s.text, i+1):
		case c >= 0x80 && breakWidth(s.text, i) == 0:
		default:
			return i
		}
		i++
	}
}

// keep makes what has been decoded the value of t.
func (s *scanner) keep(t *token) {
	s.values = append(s.values, string(s.out.buf))
	t.value = int32(len(s.values))
}

// quoted reads a scalar in quotes and checks its escapes.
func (s *scanner) quoted(quote byte) {
	start, i := s.pos, s.pos+1
	simple := true
	for {
		for i < s.end && plainStops[s.text[i]]&(quotes|endsLine) == 0 {
			i++
		}
		if i >= s.end {
			s.failQuote(start)
			return
		}
		c := s.text[i]
		if c == quote {
			if quote == '"' || s.text[i+1] != '\'' {
				break
			}
			i += 2
			simple = false
			continue
		}
		if c == '\\' && quote == '"' {
			simple = false
			if breakWidth(s.text, i+1) == 0 {
				_, w, bad := escape(s.text[i:s.end])
				if bad != "" {
					s.fail(Syntax, i, min(i+w, s.end), bad)
					return
				}
				i += w
				continue
			}
			i++
		}
		w := breakWidth(s.text, i)
		i += max(w, 1)
		if w > 0 {
			simple = false
			s.line = i
			if i < s.end && s.documentEnd(i) {
				s.failQuote(start)
				return
			}
		}
	}
	s.pos = i + 1
	t := s.add(tScalar, start, s.pos)
	t.style = DoubleQuoted
	if quote == '\'' {
		t.style = SingleQuoted
	}
	if !simple {
		s.out.reset(s.text, i)
		s.out.quoted(start+1, quote)
		s.keep(t)
	}
}

// block reads a block scalar, "|" or ">".
func (s *scanner) block() {
	start := s.pos
	h, at := blockHeader(s.text, start)
	if h.problem != "" {
		s.fail(Syntax, at, min(at+1, s.end), h.problem)
		return
	}
	s.pos = at
	for blank(s.text[s.pos]) {
		s.pos++
	}
	if s.text[s.pos] == '#' {
		s.comment()
	}
	if s.pos < s.end && breakWidth(s.text, s.pos) == 0 {
		s.fail(Syntax, s.pos, s.lineEnd(s.pos), "text after "+s.text[start:start+1]+" cannot stand on its line: the text of a block scalar starts on the next line")
		return
	}
	if s.pos < s.end {
		s.pos += breakWidth(s.text, s.pos)
		s.line = s.pos
	}
	indent := 0
	if h.indent > 0 {
		indent = max(s.indent, 0) + h.indent
	}
	s.out.reset(s.text, s.end)
	b := s.out.block(s.pos, h, indent, s.indent+1)
	if b.tab >= 0 {
		s.failTab(b.tab)
		return
	}
	s.pos, s.line = b.next, b.line
	t := s.add(tScalar, start, max(b.end, at))
	t.style = Literal
	if h.folded {
		t.style = Folded
	}
	t.indent = uint8(min(b.indent, noIndent))
	s.keep(t)
}

// lineEnd returns the end of the text on the line of i, without blanks.
func (s *scanner) lineEnd(i int) int {
	j := i
	for j < s.end && breakWidth(s.text, j) == 0 {
		j++
	}
	return i + len(strings.TrimRight(s.text[i:j], " \t"))
}
