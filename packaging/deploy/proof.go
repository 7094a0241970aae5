package deploy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/packaging/render"
)

// A proof that a value is what stands in a rendered text is to change it and to
// render again: a text that is the same by chance stays.
type proof struct {
	value *environment.Value
	part  string
}

// mostProven bounds what is rendered for proofs, in bytes, in all environments of
// a chart. Where it is used up, a finding stays at its template.
const mostProven = 32 << 20

// moves reports whether the bytes [start, end) of a rendered file change with a
// part of a value.
func (l *locator) moves(v *environment.Value, part, file string, start, end int) bool {
	out := l.changed(v, part)
	if out == nil {
		return false
	}
	was, is := l.check.output.Files[file], out.Files[file]
	first := strings.LastIndexByte(was[:start], '\n') + 1
	last := len(was)
	if i := strings.IndexByte(was[start:], '\n'); i >= 0 {
		last = start + i
	}
	n := strings.Count(was[:first], "\n")
	lines := strings.Split(is, "\n")
	if strings.Count(was, "\n")+1 != len(lines) {
		return false // who knows which line it became
	}
	return differs(was[first:last], lines[n], start-first, min(end, last)-first)
}

// differs reports whether a and b differ in the bytes [start, end) of a.
func differs(a, b string, start, end int) bool {
	if a == b {
		return false
	}
	same, shorter := 0, min(len(a), len(b))
	for same < shorter && a[same] == b[same] {
		same++
	}
	rest := len(a)
	for n := len(b); rest > same && n > same && a[rest-1] == b[n-1]; n-- {
		rest--
	}
	return same < max(end, start+1) && max(rest, same+1) > start
}

// changed renders with another text in place of a part of a value; nil when that
// cannot be.
func (l *locator) changed(v *environment.Value, part string) *render.Output {
	key := proof{v, part}
	if l.proven == key {
		return l.proof
	}
	l.proven, l.proof = key, nil
	for _, text := range l.check.output.Files {
		l.spent += len(text)
	}
	if l.spent += 4 << 10; l.spent > mostProven/max(l.check.siblings, 1) {
		return nil
	}
	values := render.MergeValues(l.check.values)
	if !put(values, v, other(v, part)) {
		return nil
	}
	if out, err := l.check.Chart.Render(values, l.check.options.Release); err == nil {
		l.proof = out
	}
	return l.proof
}

// other is the value with another part, of the same type and length.
func other(v *environment.Value, part string) any {
	changed := []byte(part)
	last := len(changed) - 1
	for i := last; i >= 0; i-- {
		if c := changed[i]; c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' {
			last = i
			break
		}
	}
	switch c := changed[last]; {
	case c >= '1' && c <= '8':
		changed[last] = c + 1
	case c == '0' || c == '9':
		changed[last] = '5'
	case c == 'x':
		changed[last] = 'y'
	default:
		changed[last] = 'x'
	}
	text := strings.ReplaceAll(v.Text, part, string(changed))
	if v.Kind == manifest.Bool {
		return v.Text != "true"
	}
	return typed(v.Kind, text)
}

func typed(kind manifest.Kind, text string) any {
	switch kind {
	case manifest.Null:
		return nil
	case manifest.Bool:
		return text == "true"
	case manifest.Int, manifest.Float:
		if n, err := strconv.ParseFloat(text, 64); err == nil {
			return n
		}
	}
	return text
}

// plainOf is a value as Helm has it; an encrypted one is empty.
func plainOf(v *environment.Value) any {
	switch v.Kind {
	case manifest.Map:
		all := map[string]any{}
		for _, c := range v.Fields {
			all[c.Key] = plainOf(c)
		}
		return all
	case manifest.List:
		all := []any{}
		for _, c := range v.Items {
			all = append(all, plainOf(c))
		}
		return all
	}
	return typed(v.Kind, v.Text)
}

// put sets the value at the place of v.
func put(values map[string]any, v *environment.Value, to any) bool {
	var path []*environment.Value
	for ; v != nil && v.Parent != nil; v = v.Parent {
		path = append(path, v)
	}
	slices.Reverse(path)
	var at any = values
	for i, step := range path {
		var next any
		switch in := at.(type) {
		case map[string]any:
			if i == len(path)-1 {
				in[step.Key] = to
				return true
			}
			if next = in[step.Key]; next != nil {
				break
			}
			switch step.Kind { // a default of the chart or of a subchart
			case manifest.Map:
				next = map[string]any{}
			case manifest.List:
				next = plainOf(step)
			}
			in[step.Key] = next
		case []any:
			n := slices.Index(step.Parent.Items, step)
			if n < 0 || n >= len(in) {
				return false
			}
			if i == len(path)-1 {
				in[n] = to
				return true
			}
			next = in[n]
		default:
			return false
		}
		at = next
	}
	return false
}
