package when

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// combine tells what an operator makes of two parts, and reports those that do
// not go together.
func (p *parser) combine(op token, l, r value) value {
	v := value{from: l.from, to: r.to, is: boolean, slip: l.slip || r.slip}
	switch op.text {
	case "&&", "||":
		p.logical(op, l)
		p.logical(op, r)
	case "==", "!=":
		p.compare(op, v, l, r)
	case "<", ">", "<=", ">=":
		p.order(op, v, l, r)
	case "=~", "!~":
		p.match(op, l, r)
	case "in", "IN":
		if r.is != tag {
			p.suspect(r, "%q needs a list of at least two values, as in ('a', 'b')", op.text)
		}
	case "?", ":", "??":
		v.is = tag
	case "+":
		p.sum(&v, l, r)
	default:
		p.calculate(op, &v, l, r)
	}
	return v
}

// differ reports whether the parts are known to be of different kinds. Text
// with a tag in it may be a date.
func differ(l, r value) bool {
	if l.is == moment && r.tagged() || r.is == moment && l.tagged() {
		return false
	}
	return l.is != tag && r.is != tag && l.is != r.is
}

// tagged reports whether the part is one operand that holds a tag.
func (v value) tagged() bool { return v.literal != nil && strings.Contains(v.literal.text, "{{") }

func (p *parser) logical(op token, v value) {
	if v.is == tag || v.is == boolean || v.slip {
		return
	}
	pr := p.suspect(v, "%q needs true or false on both sides, not %s: compare it with something", op.text, p.names(v))
	if v.literal != nil && (strings.EqualFold(v.literal.text, "true") || strings.EqualFold(v.literal.text, "false")) {
		pr.Instead = strings.ToLower(v.literal.text)
	}
}

// compare looks at "==" and "!=", which are exact about kinds: a tag that
// becomes true is a boolean, and never equal to 'true' in quotes.
func (p *parser) compare(op token, v, l, r value) {
	if v.slip {
		return
	}
	for _, side := range [2][2]value{{l, r}, {r, l}} {
		a, b := side[0], side[1]
		if a.literal == nil || b.literal == nil || b.literal.kind != text && b.literal.kind != moment {
			continue
		}
		inner := b.literal.text[1 : len(b.literal.text)-1]
		if a.literal.kind == tag && simple(inner) {
			p.suspect(v, "{{...}} without quotes never equals %s in quotes: Argo reads its value %s as %s; quote both sides or neither",
				b.literal.text, inner, kindWord(inner))
			return
		}
		if (a.literal.kind == boolean || a.literal.kind == number) && strings.Contains(inner, "{{") {
			p.suspect(v, "a string in quotes never equals %s without quotes: quote both sides or neither", a.literal.text)
			return
		}
	}
	if differ(l, r) && l.literal != nil && r.literal != nil {
		p.suspect(v, "%q compares %s with %s, which are never equal", op.text, p.describe(l), p.describe(r))
	}
}

// simple reports whether the text without quotes is no string.
func simple(s string) bool { return kindWord(s) != "" }

func kindWord(s string) string {
	if s == "true" || s == "false" {
		return "a boolean"
	}
	if date(s) {
		return "a calculation"
	}
	if strings.Trim(s, "0123456789.") == "" {
		if _, err := strconv.ParseFloat(s, 64); err == nil {
			return "a number"
		}
	}
	return ""
}

func (p *parser) describe(v value) string {
	if v.is == boolean {
		return "a boolean"
	}
	return p.names(v)
}

func (p *parser) order(op token, v, l, r value) {
	if v.slip {
		return
	}
	if l.is == boolean || r.is == boolean || differ(l, r) {
		p.suspect(v, "%q cannot order %s and %s", op.text, p.describe2(l), p.describe2(r))
	}
}

func (p *parser) describe2(v value) string {
	if v.is == tag {
		return "what {{...}} stands for"
	}
	return p.describe(v)
}

func (p *parser) match(op token, l, r value) {
	if r.literal != nil && r.literal.kind == text && !strings.Contains(r.literal.text, "{{") {
		pattern := strings.ReplaceAll(r.literal.text[1:len(r.literal.text)-1], `\\`, `\`)
		if _, err := regexp.Compile(pattern); err != nil {
			if _, raw := regexp.Compile(r.literal.text[1 : len(r.literal.text)-1]); raw != nil {
				p.suspect(r, "%s is no regular expression: %s", r.literal.text, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
				return
			}
		}
	}
	if l.is == number || l.is == boolean || r.is == number || r.is == boolean {
		p.suspect(value{from: l.from, to: r.to}, "%q compares a string with a pattern; write both in quotes", op.text)
	}
}

// sum looks at "+", which adds numbers and joins strings.
func (p *parser) sum(v *value, l, r value) {
	switch {
	case l.is == text || r.is == text:
		v.is = text
	case l.is == number && r.is == number:
		v.is = number
	case l.is == boolean || r.is == boolean:
		p.suspect(*v, `"+" cannot add true and false`)
		v.is, v.slip = tag, true
	default:
		v.is = tag
	}
}

// calculate looks at "-", "/" and the like. With a word on a side it is no
// calculation but a string that should be in quotes.
func (p *parser) calculate(op token, v *value, l, r value) {
	v.is = number
	if op.text == "&" || op.text == "|" {
		v.is, v.slip = boolean, true
		p.suspect(value{from: op.from, to: op.to}, "%q calculates with bits; write %q", op.text, op.text+op.text).Instead = op.text + op.text
		return
	}
	if date(p.s[v.from:v.to]) {
		p.unquoted(op, v)
		return
	}
	if l.is == number && r.is == number || l.slip || r.slip {
		p.extend(v)
		return
	}
	if l.is == text || r.is == text || l.is == boolean || r.is == boolean {
		p.unquoted(op, v)
	}
}

// unquoted reports a string with an operator in it.
func (p *parser) unquoted(op token, v *value) {
	v.slip = true
	whole := p.s[v.from:v.to]
	if strings.ContainsAny(whole, " \t\n'\"()") {
		p.suspect(*v, "%q calculates with numbers only; write a string that holds it in quotes", op.text)
		return
	}
	p.suspect(*v, "Argo calculates %q, as it has no quotes: write %s", whole, quote(whole)).Instead = quote(whole)
}

// extend lets the last report of an unquoted string, a-b, grow with the next
// part, a-b-c.
func (p *parser) extend(v *value) {
	if !v.slip || len(p.problems) == 0 {
		return
	}
	last := &p.problems[len(p.problems)-1]
	if last.From != v.from || last.To >= v.to || last.Instead == "" {
		return
	}
	whole := p.s[v.from:v.to]
	last.To = v.to
	last.Instead = quote(whole)
	last.Message = fmt.Sprintf("Argo calculates %q, as it has no quotes: write %s", whole, quote(whole))
}

// date reports whether numbers with dashes between them look like a date.
func date(s string) bool {
	return len(s) == len("2006-01-02") && s[4] == '-' && s[7] == '-' && strings.Trim(s, "0123456789-") == ""
}
