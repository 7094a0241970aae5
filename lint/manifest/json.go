package manifest

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/tiphys-dev/tiphys/lint/source"
)

// A jsonParser makes the tree of one JSON value.
type jsonParser struct {
	builder
	text string
	i    int
	end  int
	out  decoder
}

func parseJSON(f *source.File, placeless bool) *Document {
	p := &jsonParser{builder: builder{file: f, placeless: placeless}, text: padded(f.Bytes), end: len(f.Bytes)}
	if strings.HasPrefix(p.text, bom) {
		p.i = len(bom)
	}
	p.begin(p.i, p.end)
	if at := invalidUTF8(f.Bytes); at >= 0 {
		p.fatal = encodingProblem(f, at, min(at+utf8.UTFMax, p.end))
		return p.finish(nil)
	}
	p.space()
	if p.i >= p.end {
		return p.doc
	}
	root := p.value()
	if p.space(); p.fatal == nil && p.i < p.end {
		p.fail(Syntax, p.i, p.i+1, "text after the end of the JSON value: remove it")
	}
	return p.finish(root)
}

func (p *jsonParser) space() {
	for c := p.text[p.i]; c == ' ' || c == '\n' || c == '\t' || c == '\r'; c = p.text[p.i] {
		p.i++
	}
}

// expect fails at the current position, in other words at the end of the text.
func (p *jsonParser) expect(what string) {
	if p.i >= p.end {
		p.fail(Syntax, p.end, p.end, "the JSON ends here: expected "+what)
		return
	}
	_, n := utf8.DecodeRuneInString(p.text[p.i:])
	p.fail(Syntax, p.i, p.i+n, "expected "+what+", found "+quote(p.text[p.i:p.i+n]))
}

func (p *jsonParser) value() *Node {
	switch c := p.text[p.i]; {
	case c == '{':
		return p.collection(Map)
	case c == '[':
		return p.collection(List)
	case c == '"':
		return p.string()
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	}
	for _, w := range [...]struct {
		text string
		kind Kind
	}{{"true", Bool}, {"false", Bool}, {"null", Null}} {
		if strings.HasPrefix(p.text[p.i:], w.text) {
			n := p.node(w.kind, Plain, p.i, p.i+len(w.text))
			if w.kind == Bool {
				n.Value = w.text
			}
			p.i = n.End
			return n
		}
	}
	p.expect("a value")
	return nil
}

func (p *jsonParser) collection(kind Kind) *Node {
	n := p.node(kind, Flow, p.i, open)
	if p.depth++; p.depth > maxDepth {
		p.fail(Limit, p.i, p.i+1, "nested deeper than 1000 levels")
		return n
	}
	base := len(p.stack)
	end := byte(']')
	if kind == Map {
		end = '}'
	}
	p.i++
	p.space()
	for first := true; p.fatal == nil && (!first || p.text[p.i] != end); first = false {
		var key *Node
		if kind == Map {
			key = p.key()
		}
		if p.fatal != nil {
			return n
		}
		v := p.value()
		if p.fatal != nil {
			return n
		}
		v.Key = key
		p.stack = append(p.stack, v)
		if p.space(); p.text[p.i] == end {
			break
		}
		if p.text[p.i] != ',' {
			p.unclosed(n, end)
			return n
		}
		p.i++
		p.space()
	}
	p.i++
	p.depth--
	n.End = p.i
	if kind == Map {
		p.object(n, base)
	} else {
		p.list(n, base)
	}
	return n
}

func (p *jsonParser) unclosed(n *Node, end byte) {
	if p.i >= p.end {
		p.fail(Syntax, n.Start, n.Start+1, quote(p.text[n.Start:n.Start+1])+" is never closed")
		return
	}
	p.expect("',' or " + quoteByte(end))
}

// key reads a key and its colon, up to the value.
func (p *jsonParser) key() *Node {
	if p.text[p.i] != '"' {
		p.expect("a key in double quotes")
		return nil
	}
	n := p.string()
	p.space()
	if p.fatal == nil && p.text[p.i] != ':' {
		p.expect("':' after the key")
	}
	p.i++
	p.space()
	return n
}

func (p *jsonParser) number() *Node {
	start := p.i
	if p.text[p.i] == '-' {
		p.i++
	}
	n := digits(p.text[p.i:])
	switch {
	case n == 0:
		p.expect("a digit")
		return nil
	case n > 1 && p.text[p.i] == '0':
		p.fail(Syntax, p.i, p.i+1, "a JSON number cannot start with 0")
		return nil
	}
	p.i += n
	whole := true
	if p.text[p.i] == '.' {
		whole = false
		p.i++
		if n = digits(p.text[p.i:]); n == 0 {
			p.expect("a digit")
			return nil
		}
		p.i += n
	}
	if c := p.text[p.i]; c == 'e' || c == 'E' {
		whole = false
		p.i++
		if c := p.text[p.i]; c == '-' || c == '+' {
			p.i++
		}
		if n = digits(p.text[p.i:]); n == 0 {
			p.expect("a digit")
			return nil
		}
		p.i += n
	}
	node := p.node(Int, Plain, start, p.i)
	if text := p.text[start:p.i]; whole && decimal(text) {
		node.Value = text
	} else if node.Kind, node.Value = parseNumber(text).json(text); node.Kind == String {
		p.fail(Syntax, start, p.i, "the number is too large")
	}
	return node
}

func (p *jsonParser) string() *Node {
	start := p.i
	i := start + 1
	simple := true
	for {
		for p.text[i] >= ' ' && p.text[i] != '"' && p.text[i] != '\\' {
			i++
		}
		switch c := p.text[i]; {
		case i >= p.end:
			p.fail(Syntax, start, start+1, "the string that starts here is never closed")
			return nil
		case c < ' ':
			p.fail(Syntax, i, i+1, "a line break, tab or control character cannot stand in a JSON string: write it as an escape")
			return nil
		case c == '\\':
			simple = false
			n := jsonEscape(p.text[i:p.end])
			if n < 0 {
				p.fail(Syntax, i, min(i+2, p.end), quote(p.text[i:min(i+2, p.end)])+` is no escape in JSON: write "\\" for a backslash`)
				return nil
			}
			i += n
			continue
		}
		break
	}
	p.i = i + 1
	n := p.node(String, DoubleQuoted, start, p.i)
	n.Value = p.text[start+1 : i]
	if !simple {
		p.out.reset(p.text, i)
		p.out.json(start + 1)
		n.Value = string(p.out.buf)
	}
	return n
}

// jsonEscape returns the length of the escape at the start of s, -1 if it is none.
func jsonEscape(s string) int {
	if len(s) < 2 {
		return -1
	}
	switch s[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if codeUnit(s) >= 0 {
			return 6
		}
	}
	return -1
}

// codeUnit returns the number of the \uXXXX at the start of s, or -1.
func codeUnit(s string) rune {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return -1
	}
	v := 0
	for i := 2; i < 6; i++ {
		h := unhex(s[i])
		if h < 0 {
			return -1
		}
		v = v<<4 | h
	}
	return rune(v)
}

// json decodes a string from after its opening quote to the end. It stops at
// what is no JSON.
func (d *decoder) json(i int) {
	for i < d.end {
		from := i
		for i < d.end && d.text[i] != '\\' {
			i++
		}
		d.copy(from, i)
		if i >= d.end {
			return
		}
		n := jsonEscape(d.text[i:d.end])
		if n < 0 {
			return
		}
		var r rune
		switch c := d.text[i+1]; c {
		case 'b':
			r = '\b'
		case 'f':
			r = '\f'
		case 'n':
			r = '\n'
		case 'r':
			r = '\r'
		case 't':
			r = '\t'
		case 'u':
			r = codeUnit(d.text[i:d.end])
			if utf16.IsSurrogate(r) {
				r = utf16.DecodeRune(r, codeUnit(d.text[i+6:d.end]))
				if r != utf8.RuneError {
					n = 12
				}
			}
		default:
			r = rune(c)
		}
		d.put(string(r), i, i+n)
		i += n
	}
}
