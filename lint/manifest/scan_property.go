package manifest

import (
	"strings"
	"unicode/utf8"
)

// anchor reads &name or *name.
func (s *scanner) anchor(sigil byte) {
	start := s.pos
	i := start + 1
	for wordByte(s.text[i]) {
		i++
	}
	if i == start+1 || !blankz(s.text, i) && !strings.ContainsRune("?:,]}%@`", rune(s.text[i])) {
		what := "an alias"
		if sigil == '&' {
			what = "an anchor"
		}
		s.fail(Syntax, start, s.lineEnd(start),
			"a value that starts with "+quoteByte(sigil)+" is "+what+" in YAML: put the text in quotes")
		return
	}
	kind := tAlias
	if sigil == '&' {
		kind = tAnchor
		if s.second(kind, start, i, "an anchor") {
			return
		}
	}
	s.pos = i
	s.add(kind, start, i)
}

// second refuses two anchors or tags in a row, which no value can have.
func (s *scanner) second(kind tokenKind, start, end int, what string) bool {
	n := len(s.tokens)
	if n == 0 || s.tokens[n-1].kind != kind || int(s.tokens[n-1].start) < s.line {
		return false
	}
	s.fail(Syntax, start, end, "a value can have only one of these: it already has "+what)
	return true
}

// tag reads !name, !handle!name or !<uri>. The token's value is the handle, a
// space and the rest.
func (s *scanner) tag() {
	start := s.pos
	var handle, rest string
	var i int
	ok := true
	if s.text[start+1] == '<' {
		rest, i, ok = s.uri(start+2, "")
		ok = ok && rest != "" && s.text[i] == '>'
		i++
	} else {
		i = start + 1
		for wordByte(s.text[i]) {
			i++
		}
		if s.text[i] == '!' {
			i++
			handle = s.text[start:i]
			rest, i, ok = s.uri(i, "")
			ok = ok && rest != ""
		} else {
			handle = "!"
			rest, i, ok = s.uri(i, s.text[start+1:i])
			if rest == "" {
				handle, rest = "", "!"
			}
		}
	}
	if !ok || !blankz(s.text, min(i, s.end)) {
		s.fail(Syntax, start, s.lineEnd(start), `a value that starts with "!" has a tag in YAML, and this is not one: put the text in quotes`)
		return
	}
	if s.second(tTag, start, i, "a tag") {
		return
	}
	s.pos = i
	t := s.add(tTag, start, i)
	s.values = append(s.values, handle+" "+rest)
	t.value = int32(len(s.values))
}

// uri reads the characters of a URI from i on, decodes them and puts head
// before them.
func (s *scanner) uri(i int, head string) (uri string, next int, ok bool) {
	start := i
	escaped := false
	for wordByte(s.text[i]) || s.text[i] != 0 && strings.IndexByte(";/?:@&=+$,.!~*'()[]%", s.text[i]) >= 0 {
		escaped = escaped || s.text[i] == '%'
		i++
	}
	if !escaped {
		return head + s.text[start:i], i, true
	}
	b := []byte(head)
	for j := start; j < i; j++ {
		c := s.text[j]
		if c == '%' {
			hi, lo := unhex(s.text[j+1]), unhex(s.text[j+2])
			if hi < 0 || lo < 0 {
				return "", j, false
			}
			c = byte(hi<<4 | lo)
			j += 2
		}
		b = append(b, c)
	}
	return string(b), i, utf8.Valid(b)
}

// directive reads a line that begins with "%".
func (s *scanner) directive() {
	start := s.pos
	end := s.lineEnd(start)
	line := s.text[start:end]
	if i := strings.Index(line, " #"); i >= 0 {
		line = line[:i]
	}
	if i := strings.Index(line, "\t#"); i >= 0 {
		line = line[:i]
	}
	words := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' })
	s.pos = end
	s.add(tDirective, start, end)
	ok := false
	switch {
	case words[0] == "%YAML" && len(words) == 2:
		ok = true
		if words[1] != "1.1" && words[1] != "01.1" && words[1] != "1.01" && words[1] != "01.01" {
			s.fail(Syntax, start, end, "kubectl and helm refuse YAML "+words[1]+": leave the line out, they read YAML 1.1")
		}
	case words[0] == "%TAG" && len(words) == 3:
		ok = s.tagDirective(words[1], words[2])
	}
	if !ok {
		s.fail(Syntax, start, end, `a line that starts with "%" is a directive in YAML, and this is not one: indent the text or put it in quotes`)
	}
}

func (s *scanner) tagDirective(handle, prefix string) bool {
	if handle[0] != '!' || len(handle) > 1 && handle[len(handle)-1] != '!' {
		return false
	}
	if len(handle) > 2 && strings.Trim(handle[1:len(handle)-1], wordBytes) != "" {
		return false
	}
	u := scanner{text: prefix + padding, end: len(prefix)}
	uri, next, ok := u.uri(0, "")
	if !ok || next != len(prefix) {
		return false
	}
	s.values = append(s.values, handle+" "+uri)
	s.tokens[len(s.tokens)-1].value = int32(len(s.values))
	return true
}

const wordBytes = "-_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
