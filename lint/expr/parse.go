package expr

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"
)

// Nobody writes expressions beyond these limits; the parser, which is
// recursive, must not see them.
const (
	maxBytes = 32 << 10
	maxDepth = 200
)

// setting tells an expression in a tag from a field that is one.
type setting uint8

const (
	inField setting = iota
	inTag
)

// Parse parses a field that is an expression as a whole, as
// retryStrategy.expression is. Argo replaces tags in it before it evaluates
// it, so whatever a tag stands for is taken to fit.
func Parse(s string, env Env) *Expr {
	from, to := trim(s, 0, len(s))
	return parse(s, from, to, env, inField)
}

// text is one expression at work.
type text struct {
	// body is the expression, with tags made into names of the same length.
	body string
	tags []Tag
	env  Env
	in   setting
	at   offsets
	out  *Expr
}

func parse(s string, from, to int, env Env, in setting) *Expr {
	out := &Expr{}
	t := &text{body: s[from:to], env: env, in: in, out: out}
	if t.readable() {
		t.parse()
	}
	for i := range out.Problems {
		out.Problems[i].From += from
		out.Problems[i].To += from
	}
	for i := range out.Refs {
		r := &out.Refs[i]
		r.From, r.To = r.From+from, r.To+from
		for j := range r.Segments {
			r.Segments[j].From += from
			r.Segments[j].To += from
		}
	}
	return out
}

// enough problems are more than anyone reads of one expression.
const enough = 20

func (t *text) problem(p Problem) {
	if len(t.out.Problems) >= enough {
		return
	}
	p.To = min(max(p.From, p.To), len(t.body))
	p.From = min(p.From, p.To)
	t.out.Problems = append(t.out.Problems, p)
}

// readable reports whether there is something to parse, and masks tags.
func (t *text) readable() bool {
	switch {
	case t.body == "":
		t.problem(Problem{Kind: Syntax, Message: "the expression is empty"})
		return false
	case len(t.body) > maxBytes:
		t.problem(Problem{Kind: TooLong, To: 1, Message: fmt.Sprintf("the expression has %d bytes; more than %d are not checked", len(t.body), maxBytes)})
		return false
	}
	if t.in == inTag {
		if i := strings.Index(t.body, open); i >= 0 {
			inner, _ := next(t.body+shut, i)
			t.problem(Problem{Kind: NestedTag, From: i, To: len(t.body), Message: fmt.Sprintf(
				"an expression can hold no tag: write %s without braces", strings.TrimSpace(inner.Text(t.body+shut)))})
			return false
		}
	}
	for tag := range Tags(t.body) {
		if tag.Unclosed {
			return false
		}
		t.tags = append(t.tags, tag)
	}
	if len(t.tags) > 0 {
		t.body = mask(t.body, t.tags)
	}
	if depth(t.body) > maxDepth {
		t.problem(Problem{Kind: TooLong, To: 1, Message: fmt.Sprintf("the expression nests more than %d deep, which is not checked", maxDepth)})
		return false
	}
	t.at = offsetsOf(t.body)
	return true
}

// mask writes a name over each tag, so that offsets stay what they are.
func mask(s string, tags []Tag) string {
	b := []byte(s)
	for _, tag := range tags {
		for i := tag.Start; i < tag.End; i++ {
			b[i] = '_'
		}
	}
	return string(b)
}

// masked reports whether a tag stands in the bytes [from, to).
func (t *text) masked(from, to int) bool {
	for _, tag := range t.tags {
		if tag.Start < to && from < tag.End {
			return true
		}
	}
	return false
}

func depth(s string) int {
	now, most := 0, 0
	for i := range len(s) {
		switch s[i] {
		case '(', '[', '{':
			now++
			most = max(most, now)
		case ')', ']', '}':
			now--
		}
	}
	return most
}

func (t *text) parse() {
	dashes := findDashes(t.body)
	tree, err := t.tree()
	switch {
	case err == nil:
		w := &walker{text: t}
		w.visit(tree.Node, nil)
	case len(dashes) == 0:
		t.syntax(err)
		return
	}
	t.dashes(dashes)
	if len(t.out.Problems) == 0 {
		t.check(tree)
	}
}

// tree calls the parser of the language. Should that ever panic, the
// expression is one that Argo's controller would not survive either.
func (t *text) tree() (tree *parser.Tree, err error) {
	defer func() {
		if r := recover(); r != nil {
			tree, err = nil, fmt.Errorf("parse the expression: %v", r)
		}
	}()
	return parser.Parse(t.body)
}

// span returns where a node stands.
func (t *text) span(n ast.Node) (from, to int) {
	l := n.Location()
	return t.at.byte(l.From), t.at.byte(l.To)
}

// offsets are the bytes at which the runes of a text begin: the language
// counts runes. It is nil where each is one byte.
type offsets []int

func offsetsOf(s string) offsets {
	if utf8.RuneCountInString(s) == len(s) {
		return nil
	}
	all := make(offsets, 0, len(s))
	for i := range s {
		all = append(all, i)
	}
	return append(all, len(s))
}

func (o offsets) byte(rune int) int {
	switch {
	case o == nil:
		return max(rune, 0)
	case rune >= len(o):
		return o[len(o)-1]
	}
	return o[max(rune, 0)]
}
