package when

import (
	"fmt"
	"slices"
	"strings"
)

// value is what is known of a part of a condition.
type value struct {
	from, to int
	is       kind // number, boolean, text, moment; tag where that is not known
	// literal is the token, if the part is no more than that.
	literal *token
	// slip is set where a word with a dash or a slash was taken apart.
	slip bool
}

// parser climbs the levels of operators. It stops at the first error of
// syntax, but goes on after what is merely suspicious.
type parser struct {
	s        string
	tokens   []token
	last     token // the one taken last
	depth    int
	failed   bool
	problems []Problem
}

// levels are the binary operators, from those that bind least.
var levels = [][]string{
	{"?", ":", "??"}, {"||"}, {"&&"},
	{"==", "!=", ">", "<", ">=", "<=", "=~", "!~", "in", "IN"},
	{"^", "&", "|"}, {"<<", ">>"}, {"+", "-"}, {"*", "/", "%"}, {"**"},
}

func (p *parser) parse() {
	v := p.level(0)
	if !p.failed {
		p.leftover()
	}
	if p.failed {
		// What was suspicious before the error is most likely the same slip.
		p.problems = p.problems[len(p.problems)-1:]
		return
	}
	if v.is != tag && v.is != boolean && !v.slip {
		p.fail(v.from, v.to, "the condition is %s, neither true nor false: compare it with something", p.names(v))
	}
	slices.SortStableFunc(p.problems, func(a, b Problem) int { return a.From - b.From })
}

func (p *parser) names(v value) string {
	switch v.is {
	case number:
		return "a number"
	case moment:
		return "a date"
	}
	return "a string"
}

// leftover reports what follows a whole condition.
func (p *parser) leftover() {
	t := p.tokens[0]
	switch {
	case t.kind == end:
	case t.kind == closing:
		p.fail(t.from, t.to, `")" closes nothing`)
	case t.kind == comma:
		p.fail(t.from, t.to, `unexpected ",": write "&&" or "||"`)
	case t.kind == bare && strings.EqualFold(t.text, "and"):
		p.fail(t.from, t.to, "%q is no operator; write %q", t.text, "&&").Instead = "&&"
	case t.kind == bare && strings.EqualFold(t.text, "or"):
		p.fail(t.from, t.to, "%q is no operator; write %q", t.text, "||").Instead = "||"
	case t.kind == operator:
		p.fail(t.from, t.to, "unexpected %q", t.text)
	case p.last.kind == bare && strings.EqualFold(p.last.text, "not"):
		p.fail(p.last.from, p.last.to, "%q is no operator; write %q", p.last.text, "!").Instead = "!"
	default:
		p.fail(t.from, t.to, "an operator is missing before %q; write a string that holds a space in quotes", t.text)
	}
}

func (p *parser) fail(from, to int, format string, args ...any) *Problem {
	p.failed = true
	p.problems = append(p.problems, Problem{From: from, To: to, Message: fmt.Sprintf(format, args...)})
	return &p.problems[len(p.problems)-1]
}

func (p *parser) suspect(v value, format string, args ...any) *Problem {
	p.problems = append(p.problems, Problem{From: v.from, To: v.to, Suspicious: true, Message: fmt.Sprintf(format, args...)})
	return &p.problems[len(p.problems)-1]
}

func (p *parser) take() token {
	t := p.tokens[0]
	if t.kind != end {
		p.tokens = p.tokens[1:]
	}
	p.last = t
	return t
}

// level reads operands joined by the operators of a level.
func (p *parser) level(n int) value {
	if n == len(levels) {
		return p.prefixed()
	}
	left := p.level(n + 1)
	for !p.failed && p.tokens[0].kind == operator && slices.Contains(levels[n], p.tokens[0].text) {
		op := p.take()
		right := p.operand(n, op)
		if p.failed {
			return left
		}
		left = p.combine(op, left, right)
	}
	return left
}

// operand reads the right side of an operator.
func (p *parser) operand(n int, op token) value {
	switch t := p.tokens[0]; {
	case t.kind == end:
		p.fail(op.from, op.to, "a value is missing after %q", op.text)
	case t.kind == closing || t.kind == operator && !prefix(t.text):
		p.fail(op.from, t.to, "a value is missing between %q and %q", op.text, t.text)
	default:
		return p.level(n + 1)
	}
	return value{}
}

func prefix(op string) bool { return op == "!" || op == "-" || op == "~" }

// prefixed reads one operand with what stands before it.
func (p *parser) prefixed() value {
	if p.depth++; p.depth > maxDepth {
		t := p.tokens[0]
		p.fail(t.from, t.to, "the condition nests more than %d deep, which is not checked", maxDepth).Suspicious = true
		return value{}
	}
	defer func() { p.depth-- }()
	t := p.take()
	switch t.kind {
	case operator:
		if !prefix(t.text) {
			p.fail(t.from, t.to, "a value is missing before %q", t.text)
			return value{}
		}
		return p.prefix(t)
	case opening:
		return p.group(t)
	case closing:
		p.fail(t.from, t.to, `")" closes nothing, or a value is missing before it`)
		return value{}
	case comma:
		p.fail(t.from, t.to, `unexpected ","`)
		return value{}
	case end:
		p.fail(0, t.to, "the condition ends where a value is missing")
		return value{}
	}
	v := value{from: t.from, to: t.to, is: t.kind, literal: &t}
	if v.is == bare {
		v.is = text
	}
	return v
}

func (p *parser) prefix(op token) value {
	if t := p.tokens[0]; t.kind == end || t.kind == closing {
		p.fail(op.from, op.to, "a value is missing after %q", op.text)
		return value{}
	}
	v := p.prefixed()
	if p.failed {
		return v
	}
	want, is := boolean, "true or false"
	if op.text != "!" {
		want, is = number, "a number"
	}
	out := value{from: op.from, to: v.to, is: want}
	switch {
	case v.is == text && v.literal != nil:
		p.fail(out.from, out.to, "%q cannot stand before a string: compare it with something", op.text)
	case v.is != want && v.is != tag:
		p.suspect(out, "%q needs %s, not %s", op.text, is, p.names(v))
		out.slip = true
	}
	return out
}

// group reads what is between parentheses: a part, or the list of "in".
func (p *parser) group(open token) value {
	v := p.level(0)
	list := false
	for !p.failed && p.tokens[0].kind == comma {
		list = true
		p.take()
		p.level(0)
	}
	if p.failed {
		return v
	}
	if t := p.tokens[0]; t.kind != closing {
		if t.kind == end {
			p.fail(open.from, open.to, `"(" is never closed`)
		} else {
			p.leftover()
		}
		return v
	}
	v.from, v.to, v.literal = open.from, p.take().to, nil
	if list {
		v.is = tag
	}
	return v
}
