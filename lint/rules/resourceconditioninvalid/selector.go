package resourceconditioninvalid

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/expr"
	"github.com/tiphys-dev/tiphys/lint/names"
)

// problem is what is wrong with the bytes [from, to) of a condition.
type problem struct {
	from, to int
	message  string
}

type kind uint8

const (
	end kind = iota
	word
	comma
	opening
	closing
	not
	compare // = == != > <
)

// token is a piece of a condition; an opaque one holds a tag.
type token struct {
	kind     kind
	from, to int
	text     string
	opaque   bool
}

// parser reads a condition as Kubernetes reads a label selector:
//
//	a == b, c in (d, e), f > 3, !g
type parser struct {
	s      string
	at     int
	tags   []expr.Tag // those that are not behind at
	next   token
	failed *problem
}

// parse returns the first problem of a condition, or nil.
func parse(s string) *problem {
	p := &parser{s: s}
	for t := range expr.Tags(s) {
		if !t.Unclosed {
			p.tags = append(p.tags, t)
		}
	}
	p.take()
	for p.failed == nil && p.next.kind != end {
		p.requirement()
		if p.failed != nil {
			break
		}
		switch sep := p.take(); sep.kind {
		case end:
		case comma:
			if p.next.kind != word && p.next.kind != not {
				p.fail(sep, `a condition is missing after ","`)
			}
		default:
			p.joined(sep)
		}
	}
	return p.failed
}

func (p *parser) fail(t token, format string, args ...any) {
	if p.failed == nil {
		p.failed = &problem{t.from, t.to, fmt.Sprintf(format, args...)}
	}
}

// joined speaks of what stands where a comma should.
func (p *parser) joined(t token) {
	switch t.text {
	case "&&", "&", "and", "AND":
		p.fail(t, `conditions are joined by ",", not by %q`, t.text)
	case "||", "|", "or", "OR":
		p.fail(t, "there is no %q: all conditions must hold", t.text)
	default:
		p.fail(t, `unexpected %q: conditions are joined by ","`, t.text)
	}
}

// take returns the next token and reads the one behind it.
func (p *parser) take() token {
	t := p.next
	for p.at < len(p.s) && strings.IndexByte(" \t\r\n", p.s[p.at]) >= 0 {
		p.at++
	}
	p.next = token{from: p.at}
	if p.at < len(p.s) {
		p.scan()
	}
	p.next.to = p.at
	p.next.text = p.s[p.next.from:p.at]
	return t
}

const special = "=!(),><"

func (p *parser) scan() {
	switch c := p.s[p.at]; c {
	case '(':
		p.next.kind = opening
	case ')':
		p.next.kind = closing
	case ',':
		p.next.kind = comma
	case '>', '<':
		p.next.kind = compare
	case '=', '!':
		p.next.kind = compare
		if strings.HasPrefix(p.s[p.at+1:], "=") {
			p.at++
		} else if c == '!' {
			p.next.kind = not
		}
	default:
		p.word()
		return
	}
	p.at++
}

// word reads up to a space or a symbol outside of tags.
func (p *parser) word() {
	p.next.kind = word
	for p.at < len(p.s) {
		for len(p.tags) > 0 && p.tags[0].End <= p.at {
			p.tags = p.tags[1:]
		}
		if len(p.tags) > 0 && p.tags[0].Start == p.at {
			p.at, p.next.opaque = p.tags[0].End, true
			continue
		}
		if strings.IndexByte(special+" \t\r\n", p.s[p.at]) >= 0 {
			return
		}
		p.at++
	}
}

// requirement reads one condition.
func (p *parser) requirement() {
	absent := p.next.kind == not
	if absent {
		p.take()
	}
	key := p.take()
	if key.kind != word {
		p.fail(key, "a field is missing before %q", key.text)
		return
	}
	if reason, _, ok := names.LabelKey(key.text); !ok && !key.opaque {
		p.fail(key, "the field %q %s", key.text, reason)
		return
	}
	if absent || p.next.kind == end || p.next.kind == comma {
		return
	}
	switch op := p.take(); {
	case op.kind == compare:
		p.exact(op)
	case op.text == "in" || op.text == "notin":
		p.set(op)
	default:
		p.joined(op)
	}
}

// exact reads the value behind = == != > <.
func (p *parser) exact(op token) {
	ordered := op.text == ">" || op.text == "<"
	if p.next.kind == end || p.next.kind == comma {
		if ordered {
			p.fail(op, "a number is missing after %q", op.text)
		}
		return
	}
	v := p.take()
	if v.kind != word {
		if v.from == op.to {
			op.to, op.text = v.to, op.text+v.text
			p.fail(op, "there is no operator %q, only = == != > < in notin", op.text)
			return
		}
		p.fail(v, "unexpected %q after %q", v.text, op.text)
		return
	}
	p.value(v)
	if _, err := strconv.ParseInt(v.text, 10, 64); ordered && err != nil && !v.opaque {
		p.fail(v, "%q compares with whole numbers, not with %q", op.text, v.text)
	}
}

// set reads the values behind in and notin.
func (p *parser) set(op token) {
	open := p.take()
	if open.kind != opening {
		p.fail(op, `%q needs values in parentheses: %s (a, b)`, op.text, op.text)
		return
	}
	last := comma
	for p.failed == nil {
		switch t := p.take(); {
		case t.kind == closing:
			return
		case t.kind == word && last == comma:
			p.value(t)
			last = word
		case t.kind == comma:
			last = comma
		case t.kind == end:
			p.fail(open, `"(" is never closed`)
		default:
			p.fail(t, `unexpected %q: values are parted by ","`, t.text)
		}
	}
}

func (p *parser) value(v token) {
	if v.opaque {
		return
	}
	if strings.IndexByte(`"'`, v.text[0]) >= 0 {
		p.fail(v, "values are written without quotes: %s", strings.Trim(v.text, `"'`))
		return
	}
	if reason, _, ok := names.LabelValue(v.text); !ok {
		p.fail(v, "the value %q %s", v.text, reason)
	}
}
