package fix

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// replace puts a new value in the place of a node. Of a string only the part
// that differs is touched.
func replace(e lint.Edit) (Change, error) {
	n := e.Node
	s, ok := e.Value.(string)
	if ok && n.Kind == manifest.String {
		if c, ok := part(n, s); ok {
			return c, nil
		}
	}
	return Change{n.Start, n.End, gap(n) + render(e.Value, isJSON(n))}, nil
}

// gap is the space that a value needs where there was none: "key:" and nothing.
func gap(n *manifest.Node) string {
	if n.Start == n.End && n.Key != nil {
		return " "
	}
	return ""
}

// part changes the bytes in which two strings differ, in the style in which
// the old one is written.
func part(n *manifest.Node, s string) (Change, bool) {
	from := 0
	for from < len(n.Value) && from < len(s) && n.Value[from] == s[from] {
		from++
	}
	for from > 0 && !(utf8.RuneStart(at(s, from)) && utf8.RuneStart(at(n.Value, from))) {
		from--
	}
	to, end := len(n.Value), len(s)
	for to > from && end > from && n.Value[to-1] == s[end-1] {
		to--
		end--
	}
	for to < len(n.Value) && !utf8.RuneStart(n.Value[to]) {
		to++
		end++
	}
	if from == to && from > 0 {
		from-- // an insertion has no bytes of its own to map
		for from > 0 && !utf8.RuneStart(n.Value[from]) {
			from--
		}
	}
	span := n.Range(from, to)
	middle := s[from:end]
	if !span.Known() || from == to || strings.ContainsAny(middle, "\n\r\t\\\"'") && n.Style != manifest.Literal || strings.Contains(middle, "\n") {
		return Change{}, false
	}
	c := Change{span.Start, span.End, middle}
	return c, n.Style != manifest.Plain || simple(s)
}

func at(s string, i int) byte {
	if i < len(s) {
		return s[i]
	}
	return 0
}

// simple reports whether s can stand without quotes anywhere and stays the
// same string.
func simple(s string) bool {
	if s == "" || strings.ContainsAny(s, "\n\r\t,[]{}#&*!|>'\"%@`:") || strings.TrimSpace(s) != s || strings.HasPrefix(s, "-") || strings.HasPrefix(s, "?") {
		return false
	}
	docs := manifest.Parse(source.NewFile("", []byte("k: "+s+"\n")))
	return len(docs) == 1 && docs[0].Root.Get("k").Text() == s && docs[0].Root.Get("k").Kind == manifest.String
}

// render writes a value on one line; asJSON for text that is JSON, or stands
// inside of JSON.
func render(v any, asJSON bool) string {
	switch v := v.(type) {
	case string:
		if !asJSON && simple(v) {
			return v
		}
		return quote(v)
	case map[string]any:
		var parts []string
		for _, k := range keys(v) {
			parts = append(parts, render(k, asJSON)+": "+render(v[k], asJSON))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		var parts []string
		for _, e := range v {
			parts = append(parts, render(e, asJSON))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case nil:
		return "null"
	}
	return fmt.Sprint(v)
}

func quote(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return fmt.Sprintf("%q", s)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func keys(m map[string]any) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// block writes a field on lines of its own.
func block(key string, v any, indent string) string {
	m, ok := v.(map[string]any)
	if !ok || len(m) == 0 {
		return indent + render(key, false) + ": " + render(v, false)
	}
	lines := []string{indent + render(key, false) + ":"}
	for _, k := range keys(m) {
		lines = append(lines, block(k, m[k], indent+"  "))
	}
	return strings.Join(lines, "\n")
}

// isJSON reports whether the text around n is JSON, where keys need quotes.
func isJSON(n *manifest.Node) bool {
	r := n.Root()
	return strings.HasSuffix(n.File.Name, ".json") || r.Style == manifest.Flow && r.Kind == manifest.Map && len(r.Children) > 0 && r.Children[0].Key.Style == manifest.DoubleQuoted
}

// setField sets one field of a map.
func setField(f *source.File, e lint.Edit) (Change, error) {
	n := e.Node
	if old := n.Get(e.Key); old != nil {
		if old.Kind >= manifest.List {
			return Change{}, errors.New("the field is there and is no scalar")
		}
		return replace(lint.Edit{Node: old, Value: e.Value})
	}
	switch {
	case n.Kind == manifest.Null:
		return Change{n.Start, n.End, gap(n) + render(map[string]any{e.Key: e.Value}, isJSON(n))}, nil
	case n.Kind != manifest.Map:
		return Change{}, errors.New("it is no object")
	case n.Style == manifest.Flow:
		field := render(e.Key, isJSON(n)) + ": " + render(e.Value, isJSON(n))
		if len(n.Children) == 0 {
			return Change{n.Start, n.End, "{" + field + "}"}, nil
		}
		end := n.Children[len(n.Children)-1].End
		return Change{end, end, ", " + field}, nil
	}
	first, last := n.Children[0].Key, n.Children[len(n.Children)-1]
	line := bytes.LastIndexByte(f.Bytes[:first.Start], '\n') + 1
	indent := strings.Repeat(" ", first.Start-line)
	text := block(e.Key, e.Value, indent)
	ends := "\n"
	if line > 1 && f.Bytes[line-2] == '\r' {
		ends = "\r\n"
		text = strings.ReplaceAll(text, "\n", ends)
	}
	end := lineEnd(f.Bytes, last.End)
	if end == len(f.Bytes) && (end == 0 || f.Bytes[end-1] != '\n') {
		return Change{end, end, ends + text}, nil
	}
	return Change{end, end, text + ends}, nil
}

// lineEnd returns where the line after the one of off begins. An offset that
// is already the beginning of a line stays where it is.
func lineEnd(text []byte, off int) int {
	if off > 0 && text[off-1] == '\n' {
		return off
	}
	if i := bytes.IndexByte(text[off:], '\n'); i >= 0 {
		return off + i + 1
	}
	return len(text)
}

// remove takes a node out of its parent.
func remove(f *source.File, n *manifest.Node) (Change, error) {
	p := n.Parent
	if p == nil {
		return Change{}, errors.New("a document cannot be removed")
	}
	i := n.Index()
	start := n.Start
	if n.Key != nil {
		start = n.Key.Start
	}
	switch {
	case len(p.Children) == 1:
		empty := map[manifest.Kind]string{manifest.Map: "{}", manifest.List: "[]"}[p.Kind]
		return Change{p.Start, p.End, empty}, nil
	case i+1 < len(p.Children) && (p.Style == manifest.Flow || p.Kind == manifest.Map && !firstOnLine(f.Bytes, start)):
		next := p.Children[i+1]
		to := next.Start
		if next.Key != nil {
			to = next.Key.Start
		}
		return Change{start, to, ""}, nil
	case p.Style == manifest.Flow:
		return Change{p.Children[i-1].End, n.End, ""}, nil
	}
	line := bytes.LastIndexByte(f.Bytes[:start], '\n') + 1
	return Change{line, lineEnd(f.Bytes, n.End), ""}, nil
}

func firstOnLine(text []byte, off int) bool {
	line := bytes.LastIndexByte(text[:off], '\n') + 1
	return len(bytes.TrimSpace(text[line:off])) == 0
}
