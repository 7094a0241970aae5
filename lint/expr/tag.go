// Package expr reads what stands between the braces: the tags {{...}} and the
// expressions {{=...}} of Argo Workflows, and the fields that are expressions.
//
// It knows scalar values and byte offsets into them, nothing of YAML, and
// never whether a name has a value: that depends on where it stands, and is
// for the caller to judge by the references found here. Nothing panics and
// nothing takes more than bounded time, whatever the text.
package expr

import (
	"iter"
	"strings"
)

const (
	open  = "{{"
	shut  = "}}"
	equal = "="
)

// A Tag is one {{...}} or {{=...}} of a scalar.
type Tag struct {
	// Start and End are the bytes of the whole tag with its braces. Of an
	// unclosed tag, End is the end of the scalar.
	Start, End int
	// From and To are the bytes of what is between the braces (and after "="),
	// without surrounding space.
	From, To int
	// Expression is set for {{=...}}.
	Expression bool
	// Unclosed is set when no "}}" follows. Argo then takes what comes after
	// the scalar into the tag, or refuses the template.
	Unclosed bool
}

// Tags iterates over the tags of s as Argo's template engine finds them: from
// "{{" to the next "}}", whatever is between, so that a "{{" in a tag belongs
// to the tag, and the "}}" of a nested map ends it. It allocates nothing.
func Tags(s string) iter.Seq[Tag] {
	return func(yield func(Tag) bool) {
		for at := 0; ; {
			t, ok := next(s, at)
			if !ok || !yield(t) {
				return
			}
			at = t.End
		}
	}
}

// Tagged reports whether s holds a tag, closed or not.
func Tagged(s string) bool { return strings.Contains(s, open) }

func next(s string, at int) (Tag, bool) {
	i := strings.Index(s[at:], open)
	if i < 0 {
		return Tag{}, false
	}
	t := Tag{Start: at + i}
	t.From = t.Start + len(open)
	if n := strings.Index(s[t.From:], shut); n >= 0 {
		t.To = t.From + n
		t.End = t.To + len(shut)
	} else {
		t.To, t.End, t.Unclosed = len(s), len(s), true
	}
	// Argo knows an expression by its first byte: {{ =x}} is a simple tag.
	if strings.HasPrefix(s[t.From:t.To], equal) {
		t.Expression = true
		t.From++
	}
	t.From, t.To = trim(s, t.From, t.To)
	return t, true
}

// trim narrows the bytes [from, to) of s to what is not space.
func trim(s string, from, to int) (int, int) {
	from = to - len(strings.TrimLeft(s[from:to], space))
	return from, from + len(strings.TrimRight(s[from:to], space))
}

const space = " \t\n\r\v\f\u0085\u00a0"

// Text returns what is between the braces of the tag in s.
func (t Tag) Text(s string) string { return s[t.From:t.To] }

// Ref returns the variable that a simple tag of s names.
func (t Tag) Ref(s string) Ref { return parseRef(s, t.From, t.To) }

// Nested returns the tag inside of a simple tag, as in
// {{inputs.parameters.{{item}}}}. Argo replaces the inner one first, and then
// reads the outer one again; the braces that close the inner one are those
// that end t, and the outer tag goes on after t.
func (t Tag) Nested(s string) (Tag, bool) {
	i := strings.LastIndex(s[t.From:t.To], open)
	if i < 0 || t.Expression || t.Unclosed {
		return Tag{}, false
	}
	return next(s[:t.End], t.From+i)
}

// Parse parses the expression of a tag {{=...}} of s. Offsets are those of s.
func (t Tag) Parse(s string, env Env) *Expr { return parse(s, t.From, t.To, env, inTag) }
