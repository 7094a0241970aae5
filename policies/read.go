package policies

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// mostFindings bounds what is said of one policy: a file of megabytes may hold
// a million mistakes, and nobody reads them.
const mostFindings = 200

// A reader reads one policy and collects what is wrong with it.
type reader struct {
	policy   *Policy
	findings []lint.Finding
}

func (r *reader) report(n *manifest.Node, format string, args ...any) {
	r.add(lint.Finding{Path: n.Path(), Span: n.Token(), Message: fmt.Sprintf(format, args...)})
}

// reportKey is report for what is wrong with the name of a field.
func (r *reader) reportKey(n *manifest.Node, format string, args ...any) {
	span := n.Token()
	if n.Key != nil {
		span = n.Key.Token()
	}
	r.add(lint.Finding{Path: n.Path(), Span: span, Message: fmt.Sprintf(format, args...)})
}

func (r *reader) reportRange(n *manifest.Node, from, to int, format string, args ...any) {
	r.add(lint.Finding{Path: n.Path(), Span: n.Range(from, to), Message: fmt.Sprintf(format, args...)})
}

func (r *reader) add(f lint.Finding) {
	switch len(r.findings) {
	case mostFindings:
		return
	case mostFindings - 1:
		f.Message, f.Span, f.Related = "there are more mistakes in this policy: mend these first", source.Span{File: f.Span.File, Start: f.Span.Start, End: f.Span.End}, nil
	}
	f.Rule, f.Severity, f.Object = ruleInvalid, lint.Error, r.policy.object()
	r.findings = append(r.findings, f)
}

// A field is one that an object may have.
type field struct {
	name     string
	required bool
	// read is called with the value, which is not null.
	read func(*manifest.Node)
}

// fields reads the fields of an object; the API server drops those that are null.
func (r *reader) fields(n *manifest.Node, what string, known []field) {
	if n.Kind != manifest.Map {
		r.report(n, "%s must be an object, not %s", what, aKind(n))
		return
	}
	for _, c := range n.Children {
		f := find(known, c.Key.Value)
		switch {
		case f == nil:
			r.unknown(c, what, known)
		case c.Set():
			f.read(c)
		}
	}
	for i := range known {
		if f := &known[i]; f.required && !n.Get(f.name).Set() {
			r.reportKey(n, "%s needs %q", what, f.name)
		}
	}
}

func find(known []field, name string) *field {
	for i := range known {
		if known[i].name == name {
			return &known[i]
		}
	}
	return nil
}

func (r *reader) unknown(n *manifest.Node, what string, known []field) {
	var have []string
	for _, f := range known {
		have = append(have, f.name)
	}
	hint := near.Hint(n.Key.Value, have)
	if hint == "" {
		hint = "; the fields are " + strings.Join(have, ", ")
	}
	r.reportKey(n, "unknown field %q in %s%s", short(n.Key.Value), what, hint)
}

// text reads a string that must not be empty.
func (r *reader) text(n *manifest.Node, what string) string {
	switch {
	case n.Kind != manifest.String:
		r.wrongType(n, what, "a string")
	case strings.TrimSpace(n.Value) == "":
		r.report(n, "%s is empty: give it a value, or remove it", what)
	}
	return n.Value
}

// oneOf reads one of a few words.
func (r *reader) oneOf(n *manifest.Node, what string, words ...string) string {
	for _, w := range words {
		if n.Kind == manifest.String && n.Value == w {
			return w
		}
	}
	switch {
	case n.Kind != manifest.String:
		r.wrongType(n, what, "a string")
	case len(words) == 1:
		r.report(n, "%s %q is not %s%s", what, short(n.Value), words[0], near.Hint(n.Value, words))
	default:
		r.report(n, "%s %q is none of %s%s", what, short(n.Value), strings.Join(words, ", "), near.Hint(n.Value, words))
	}
	return ""
}

// list reads the items of a list.
func (r *reader) list(n *manifest.Node, what string, item func(*manifest.Node)) {
	if n.Kind != manifest.List {
		r.wrongType(n, what, "a list")
		return
	}
	for _, c := range n.Children {
		item(c)
	}
}

// texts reads a list of strings that are not empty.
func (r *reader) texts(n *manifest.Node, what, one string) []string {
	var all []string
	r.list(n, what, func(c *manifest.Node) { all = append(all, r.text(c, one)) })
	return all
}

// strings reads an object of strings, such as labels.
func (r *reader) strings(n *manifest.Node, what string, check func(key, value *manifest.Node)) {
	if n.Kind != manifest.Map {
		r.wrongType(n, what, "an object")
		return
	}
	for _, c := range n.Children {
		if c.Kind != manifest.String {
			r.wrongType(c, c.Key.Value, "a string")
			continue
		}
		check(c.Key, c)
	}
}

// wrongType says what is there instead; where quotes would mend it, it says so.
func (r *reader) wrongType(n *manifest.Node, what, want string) {
	hint := ""
	if want == "a string" && n.Scalar() {
		hint = "; write " + strconv.Quote(written(n))
	}
	r.report(n, "%s must be %s, not %s%s", what, want, aKind(n), hint)
}

// written is the text of a scalar as its author wrote it: the yes of a true.
func written(n *manifest.Node) string {
	if text := n.Span().Text(); n.Style == manifest.Plain && len(text) > 0 {
		return string(text)
	}
	return n.Value
}

// aKind names what a node is, a scalar with its value.
func aKind(n *manifest.Node) string {
	switch {
	case n == nil || n.Kind == manifest.Null:
		return "null"
	case n.Kind == manifest.String:
		return "the string " + quote(n.Value)
	case n.Kind == manifest.List:
		return "a list"
	case n.Kind == manifest.Map:
		return "an object"
	}
	return "the " + n.Kind.String() + " " + short(written(n))
}

func quote(s string) string { return strconv.Quote(short(s)) }

// longest is how much of a value is quoted.
const longest = 60

func short(s string) string {
	if r := []rune(s); len(r) > longest {
		return string(r[:longest]) + "…"
	}
	return s
}

// plain is the value of a node as encoding/json would have it, with whole
// numbers kept apart.
func plain(n *manifest.Node) any {
	if n == nil {
		return nil
	}
	switch n.Kind {
	case manifest.Map:
		out := make(map[string]any, len(n.Children))
		for _, c := range n.Children {
			out[c.Key.Value] = plain(c)
		}
		return out
	case manifest.List:
		out := make([]any, len(n.Children))
		for i, c := range n.Children {
			out[i] = plain(c)
		}
		return out
	case manifest.String:
		return n.Value
	case manifest.Bool:
		return n.Value == "true"
	case manifest.Int:
		if i, err := strconv.ParseInt(n.Value, 10, 64); err == nil {
			return i
		}
		fallthrough
	case manifest.Float:
		f, _ := strconv.ParseFloat(n.Value, 64)
		return f
	}
	return nil
}
