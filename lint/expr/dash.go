package expr

import (
	"fmt"
	"slices"
	"strings"
)

// dashed is a path with names such as my-param written with a dot, which the
// language reads as a subtraction: inputs.parameters.my - param.
type dashed struct {
	ref Ref
	// names are the indices of the segments that hold the dash.
	names []int
}

// findDashes looks for them in the text rather than in the tree, because
// steps.step-1.status does not even parse.
func findDashes(s string) []dashed {
	if !strings.Contains(s, "-") {
		return nil
	}
	var found []dashed
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '\'' || c == '"' || c == '`':
			i = quoted(s, i)
		case strings.HasPrefix(s[i:], "//"):
			i = after(s, i, "\n")
		case strings.HasPrefix(s[i:], "/*"):
			i = after(s, i+2, "*/")
		case word(c):
			d := readPath(s, i)
			if len(d.names) > 0 && !(i > 0 && (s[i-1] == '.' || s[i-1] == '#')) {
				found = append(found, d)
			}
			i = d.ref.To
		default:
			i++
		}
	}
	return found
}

// readPath reads a.b['c'].d from a word on.
func readPath(s string, at int) dashed {
	d := dashed{ref: Ref{From: at}}
	r := &d.ref
	for i := at; ; {
		end := wordEnd(s, i)
		seg := Segment{s[i:end], i, end}
		r.Segments = append(r.Segments, seg)
		if textual(*r) {
			if to := dashEnd(s, end); to > end {
				seg = Segment{s[i:to], i, to}
				r.Segments[len(r.Segments)-1] = seg
				d.names = append(d.names, len(r.Segments)-1)
				end = to
			}
		}
		r.To = end
		for end < len(s) && s[end] == '[' {
			var ok bool
			if seg, end, ok = index(s, end); !ok {
				return d
			}
			r.Segments = append(r.Segments, seg)
			r.To = end
		}
		if strings.HasPrefix(s[end:], "?.") {
			r.Guarded = true
			end++
		}
		if end+1 >= len(s) || s[end] != '.' || !word(s[end+1]) {
			return d
		}
		i = end + 1
	}
}

// textual reports whether the path as far as it goes is a string or an object,
// so that nothing can be subtracted from it.
func textual(r Ref) bool {
	switch n := len(r.Segments); r.Root() {
	case "steps", "tasks":
		return n == 2 || n == 5 && r.At(2) == "outputs" && keyed(r.At(3))
	case "inputs", "outputs":
		return n == 3 && keyed(r.At(1))
	case "workflow":
		return n == 3 && keyed(r.At(1)) || n == 4 && r.At(1) == "outputs" && keyed(r.At(2))
	case "item":
		return n == 2
	}
	return false
}

func keyed(name string) bool {
	return slices.Contains([]string{"parameters", "artifacts", "labels", "annotations"}, name)
}

// dashEnd returns the end of -param, or the offset at when none follows.
func dashEnd(s string, at int) int {
	if at+1 >= len(s) || s[at] != '-' || !word(s[at+1]) {
		return at
	}
	end := at
	for end < len(s) && (word(s[end]) || s[end] == '-') {
		end++
	}
	for s[end-1] == '-' {
		end--
	}
	if end < len(s) && s[end] == '(' {
		return at // the name of a function
	}
	return end
}

// index reads ['name'] at the bracket.
func index(s string, at int) (Segment, int, bool) {
	if at+1 >= len(s) || s[at+1] != '\'' && s[at+1] != '"' {
		return Segment{}, at, false
	}
	end := quoted(s, at+1)
	if end >= len(s) || s[end] != ']' {
		return Segment{}, at, false
	}
	return Segment{s[at+2 : end-1], at + 2, end - 1}, end + 1, true
}

// quoted returns the offset behind the string that begins at the offset.
func quoted(s string, at int) int {
	for i := at + 1; i < len(s); i++ {
		switch {
		case s[i] == s[at]:
			return i + 1
		case s[i] == '\\' && s[at] != '`':
			i++
		}
	}
	return len(s)
}

func after(s string, at int, end string) int {
	if i := strings.Index(s[min(at, len(s)):], end); i >= 0 {
		return at + i + len(end)
	}
	return len(s)
}

func word(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= 0x80
}

func wordEnd(s string, at int) int {
	for at < len(s) && word(s[at]) {
		at++
	}
	return at
}

// dashes reports the paths, and puts what they evidently mean in place of what
// the tree made of them.
func (t *text) dashes(found []dashed) {
	for _, d := range found {
		within := func(at int) bool { return at >= d.ref.From && at < d.ref.To }
		t.out.Refs = slices.DeleteFunc(t.out.Refs, func(r Ref) bool { return within(r.From) })
		t.out.Problems = slices.DeleteFunc(t.out.Problems, func(p Problem) bool { return within(p.From) && p.Kind != Dash })
		t.out.Refs = append(t.out.Refs, d.ref)
		for _, i := range d.names {
			t.problem(t.dash(d, i))
		}
	}
	slices.SortStableFunc(t.out.Refs, func(a, b Ref) int { return a.From - b.From })
	slices.SortStableFunc(t.out.Problems, func(a, b Problem) int { return a.From - b.From })
}

// dash speaks of the i-th segment of a path. The bytes of the problem are the
// name with its dot, so that the problems of one path do not overlap.
func (t *text) dash(d dashed, i int) Problem {
	seg := d.ref.Segments[i]
	p := Problem{Kind: Dash, From: seg.From - 1, To: seg.To, Instead: "['" + seg.Name + "']"}
	if t.body[max(seg.From-2, 0)] == '?' {
		p.From = seg.From // a?.['b-c']
	}
	var of strings.Builder
	for j, s := range d.ref.Segments[:i] {
		switch {
		case strings.Contains(s.Name, "-"):
			of.WriteString("['" + s.Name + "']")
		case j > 0:
			of.WriteString("." + s.Name)
		default:
			of.WriteString(s.Name)
		}
	}
	left, right, _ := strings.Cut(seg.Name, "-")
	p.Message = fmt.Sprintf("%q subtracts %q from %q; write %s", t.body[d.ref.From:seg.To], right, of.String()+"."+left, of.String()+p.Instead)
	if i > 1 && strings.Trim(right, "0123456789") == "" {
		p.Message += fmt.Sprintf(", or asInt(%s.%s) - %s", of.String(), left, right)
	}
	return p
}
