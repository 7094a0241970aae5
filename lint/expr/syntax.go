package expr

import (
	"errors"
	"fmt"
	"strings"

	"github.com/expr-lang/expr/file"
)

// syntax puts the parser's error into our words.
func (t *text) syntax(err error) {
	p := Problem{Kind: Syntax, To: len(t.body), Suspicious: len(t.tags) > 0}
	var e *file.Error
	if !errors.As(err, &e) {
		p.Message = err.Error()
		t.problem(p)
		return
	}
	p.From, p.To = t.at.byte(e.From), t.at.byte(e.To)
	if p.From >= len(t.body) {
		p.From = len(t.body) - 1
	}
	switch token, unexpected := strings.CutPrefix(e.Message, "unexpected token "); {
	case unexpected && token == "EOF", e.Message == "unexpected end of expression":
		t.unfinished(&p)
	case unexpected:
		t.unexpected(&p, token)
	case strings.HasPrefix(e.Message, "unrecognized character"):
		_, char, _ := strings.Cut(e.Message, "'")
		p.Message = fmt.Sprintf("unexpected %q", strings.TrimSuffix(char, "'"))
	case e.Message == "literal not terminated":
		p.From = t.lastQuote()
		p.To = p.From + 1
		p.Message = "the string that begins here is never closed"
	case strings.Contains(e.Message, "maximum allowed nodes"):
		p.Kind, p.From, p.To, p.Message = TooLong, 0, 1, "the expression has more parts than Argo reads"
	case strings.HasPrefix(e.Message, "expected at least"):
		p.Kind, p.Message = Arguments, "too few arguments: "+e.Message
	default:
		p.Message = strings.ToLower(e.Message[:1]) + strings.TrimSuffix(e.Message[1:], ".")
	}
	t.problem(p)
}

// unfinished speaks of an expression that ends too early.
func (t *text) unfinished(p *Problem) {
	i := t.unclosed()
	if i < 0 {
		p.Message = "the expression ends where a value is missing"
		return
	}
	p.From, p.To = i, i+1
	p.Message = fmt.Sprintf("%q is never closed", t.body[i:i+1])
	if t.in == inTag && t.body[i] == '{' {
		p.Message = `"{" is not closed: the expression ends at the first "}}", put a space between the braces of a nested map`
	}
}

// instead are operators of other languages.
var instead = map[string]string{"=": "==", "&": "&&", "===": "==", "<>": "!=", ":=": "==", "&&&": "&&"}

// unexpected speaks of a token that cannot stand where it does. The parser
// prints it as Operator("=").
func (t *text) unexpected(p *Problem, token string) {
	kind, _, _ := strings.Cut(token, "(")
	value := t.body[p.From:max(p.From, min(p.To, len(t.body)))]
	p.Message = fmt.Sprintf("unexpected %q", value)
	right, known := instead[value]
	switch {
	case known:
		p.Message += fmt.Sprintf("; write %q", right)
		p.Instead = right
	case value == ")" || value == "]" || value == "}":
		p.Message += ": there is nothing for it to close, or a value is missing before it"
	case kind == "Identifier" || kind == "Number" || kind == "String":
		p.Message += ": an operator is missing before it"
	case value == ".":
		if t.piped(p.From) {
			p.Message = `a pipe takes only functions that are built in: write sprig.NAME(...) around the value`
		}
	case kind == "Operator":
		p.Message += ": a value is missing before it"
	}
}

// piped reports whether the dot belongs to "| sprig.f()".
func (t *text) piped(dot int) bool {
	before, ok := strings.CutSuffix(t.body[:dot], "sprig")
	return ok && strings.HasSuffix(strings.TrimSpace(before), "|")
}

// unclosed returns the offset of the innermost bracket that is not closed, or -1.
func (t *text) unclosed() int {
	var stack []int
	for i := 0; i < len(t.body); i++ {
		switch c := t.body[i]; c {
		case '\'', '"', '`':
			i = quoted(t.body, i) - 1
		case '(', '[', '{':
			stack = append(stack, i)
		case ')', ']', '}':
			if len(stack) > 0 {
				stack = stack[:len(stack)-1]
			}
		}
	}
	if len(stack) == 0 {
		return -1
	}
	return stack[len(stack)-1]
}

// lastQuote returns the offset of the quote that begins the last string.
func (t *text) lastQuote() int {
	last := 0
	for i := 0; i < len(t.body); i++ {
		switch t.body[i] {
		case '\'', '"', '`':
			last = i
			i = lineQuoted(t.body, i) - 1
		}
	}
	return last
}

// lineQuoted is quoted, but a string in quotes ends with its line.
func lineQuoted(s string, at int) int {
	end := quoted(s, at)
	if s[at] == '`' {
		return end
	}
	if i := strings.IndexByte(s[at:end], '\n'); i >= 0 {
		return len(s)
	}
	return end
}
