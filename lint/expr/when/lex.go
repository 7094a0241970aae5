package when

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tiphys-dev/tiphys/lint/expr"
)

type kind uint8

const (
	end      kind = iota
	number        // 3, 0.5
	boolean       // true, false
	text          // 'x', "x"
	moment        // a quoted date, which govaluate compares as such
	bare          // x, without quotes: a string to Argo
	tag           // {{x}}, or a word with a tag in it
	operator      // ==, &&, in, ...
	opening       // (
	closing       // )
	comma
)

// token is one piece of a condition. Its text is that of the bytes [from, to).
type token struct {
	kind     kind
	from, to int
	text     string
}

// lexer cuts a condition as govaluate does.
type lexer struct {
	s        string
	at       int
	tags     []expr.Tag // those that begin at or after at
	problems []Problem
}

func (l *lexer) problem(from, to int, format string, args ...any) {
	l.problems = append(l.problems, Problem{From: from, To: to, Message: fmt.Sprintf(format, args...)})
}

// tokens reads all of s, or up to the first problem.
func (l *lexer) tokens() []token {
	var all []token
	for {
		l.space()
		if l.at >= len(l.s) {
			return append(all, token{kind: end, from: len(l.s), to: len(l.s)})
		}
		t := l.token()
		if len(l.problems) > 0 {
			return nil
		}
		t.text = l.s[t.from:t.to]
		all = append(all, t)
	}
}

func (l *lexer) space() {
	for l.at < len(l.s) {
		r, n := utf8.DecodeRuneInString(l.s[l.at:])
		if !unicode.IsSpace(r) {
			return
		}
		l.at += n
	}
}

// tagged skips the tag that begins here, if there is one.
func (l *lexer) tagged() bool {
	for len(l.tags) > 0 && l.tags[0].Start < l.at {
		l.tags = l.tags[1:]
	}
	if len(l.tags) == 0 || l.tags[0].Start != l.at {
		return false
	}
	l.at = l.tags[0].End
	return true
}

func (l *lexer) token() token {
	t := token{from: l.at}
	r, n := utf8.DecodeRuneInString(l.s[l.at:])
	switch {
	case r == '\'' || r == '"':
		t.kind = l.quoted()
	case r == '(':
		t.kind, l.at = opening, l.at+n
	case r == ')':
		t.kind, l.at = closing, l.at+n
	case r == ',':
		t.kind, l.at = comma, l.at+n
	case r == '[':
		t.kind = l.bracketed()
	case wordly(r) || r == '.' || strings.HasPrefix(l.s[l.at:], "{{"):
		t.kind = l.word()
	default:
		t.kind = l.symbol()
	}
	t.to = l.at
	return t
}

// quoted reads a string; either quote closes either.
func (l *lexer) quoted() kind {
	from := l.at
	holds := false
	for l.at++; l.at < len(l.s); l.at++ {
		if l.tagged() {
			holds = true
			l.at--
			continue
		}
		switch l.s[l.at] {
		case '\\':
			l.at++
		case '\'', '"':
			l.at++
			if !holds && dated(l.s[from+1:l.at-1]) {
				return moment
			}
			return text
		}
	}
	l.at = len(l.s)
	l.problem(from, from+1, "the string that begins here is never closed")
	return text
}

// dated reports whether govaluate takes a string for a point in time.
func dated(s string) bool {
	for _, layout := range []string{
		time.ANSIC, time.UnixDate, time.RubyDate, time.Kitchen, time.RFC3339Nano, time.DateOnly, "2006-01-02 15:04",
		time.DateTime, "2006-01-02 15:04:05-07:00", "2006-01-02T15Z0700", "2006-01-02T15:04Z0700", "2006-01-02T15:04:05.999999999Z0700",
	} {
		if _, err := time.Parse(layout, s); err == nil {
			return true
		}
	}
	return false
}

// bracketed reads [a-b], an operand that may hold anything.
func (l *lexer) bracketed() kind {
	from := l.at
	for l.at++; l.at < len(l.s); l.at++ {
		if l.tagged() {
			l.at--
			continue
		}
		switch l.s[l.at] {
		case '\\':
			l.at++
		case ']':
			l.at++
			return bare
		}
	}
	l.at = len(l.s)
	l.problem(from, from+1, `"[" is never closed`)
	return bare
}

func wordly(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' }

// word reads letters, digits, dots and tags that touch each other.
func (l *lexer) word() kind {
	from := l.at
	k := bare
	for l.at < len(l.s) {
		if l.tagged() {
			k = tag
			continue
		}
		r, n := utf8.DecodeRuneInString(l.s[l.at:])
		if !wordly(r) && r != '.' {
			break
		}
		l.at += n
	}
	if k == tag {
		return tag
	}
	return l.plain(from)
}

// plain tells numbers, booleans and words apart.
func (l *lexer) plain(from int) kind {
	w := l.s[from:l.at]
	first, _ := utf8.DecodeRuneInString(w)
	switch {
	case w == "true" || w == "false":
		return boolean
	case w == "in" || w == "IN":
		return operator
	case unicode.IsLetter(first) && !strings.Contains(w, "."):
		return bare
	case strings.Trim(w, "0123456789.") == "":
		if _, err := strconv.ParseFloat(w, 64); err == nil {
			return number
		}
	case strings.HasPrefix(w, "0x") && len(w) > 2 && strings.Trim(w[2:], "0123456789abcdefABCDEF") == "":
		return number
	}
	what := "is neither a number nor a word"
	if unicode.IsLetter(first) {
		what = "is a field of a variable to Argo, because of its dot"
	}
	l.problems = append(l.problems, Problem{From: from, To: l.at, Instead: quote(w),
		Message: fmt.Sprintf("%q %s: write %s in quotes", w, what, quote(w))})
	return bare
}

func quote(s string) string { return "'" + s + "'" }

// symbols are the operators of govaluate that are no words, longest first.
var symbols = []string{"==", "!=", ">=", "<=", "=~", "!~", "&&", "||", "??", "**", ">>", "<<", ">", "<", "!", "~", "+", "-", "*", "/", "%", "&", "|", "^", "?", ":"}

// instead are operators of other languages.
var instead = map[string]string{"=": "==", "===": "==", "!==": "!=", "<>": "!=", "=>": ">=", "=<": "<=", "~=": "=~"}

// symbol reads an operator. govaluate takes all symbols that touch each other
// as one, so "==-" is none; only "!" and "(" are commonly written like that.
func (l *lexer) symbol() kind {
	from := l.at
	for l.at < len(l.s) {
		r, n := utf8.DecodeRuneInString(l.s[l.at:])
		if wordly(r) && r != '_' || unicode.IsSpace(r) || strings.ContainsRune(`()'"[],`, r) || strings.HasPrefix(l.s[l.at:], "{{") {
			break
		}
		l.at += n
	}
	run := l.s[from:l.at]
	for _, s := range symbols {
		if run == s {
			return operator
		}
	}
	p := Problem{From: from, To: l.at, Message: fmt.Sprintf("unexpected %q", run)}
	right, known := instead[run]
	switch {
	case known:
		p.Message = fmt.Sprintf("%q is no operator; write %q", run, right)
		p.Instead = right
	case len(run) > 1 && (strings.HasSuffix(run, "-") || strings.HasSuffix(run, "!")):
		p.Message = fmt.Sprintf("Argo takes %q as one operator: put a space before the %q", run, run[len(run)-1:])
	default:
		p.Message += "; write a string that holds it in quotes"
	}
	l.problems = append(l.problems, p)
	return operator
}
