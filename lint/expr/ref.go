package expr

import "strings"

// A Segment is one name of the path of a variable, at the bytes [From, To) of
// the scalar (without quotes and brackets).
type Segment struct {
	Name     string
	From, To int
}

// A Ref is a variable that a tag or an expression names:
// inputs.parameters.x is three segments.
type Ref struct {
	// From and To are the bytes of the whole path.
	From, To int
	// Segments are at least one. A simple tag is split at every dot, so a label
	// such as workflow.labels.a.b/c has more of them than one may think: see Rest.
	Segments []Segment
	// Dynamic is set when what follows the segments is decided only at run
	// time, as in steps[item].status, or is not named at all.
	Dynamic bool
	// Guarded is set when the expression itself cares for an absent value: left
	// of "??", behind "?.", compared with nil.
	Guarded bool
}

// parseRef reads the path in the bytes [from, to) of s. Any text is a path:
// Argo compares names, it does not parse them.
func parseRef(s string, from, to int) Ref {
	r := Ref{From: from, To: to, Segments: make([]Segment, 0, 1+strings.Count(s[from:to], "."))}
	for {
		end := to
		if i := strings.IndexByte(s[from:to], '.'); i >= 0 {
			end = from + i
		}
		r.Segments = append(r.Segments, Segment{Name: s[from:end], From: from, To: end})
		if end == to {
			break
		}
		from = end + 1
	}
	r.Dynamic = strings.Contains(s[r.From:r.To], open)
	return r
}

// Root returns the first name: inputs, workflow, steps, ...
func (r Ref) Root() string { return r.At(0) }

// At returns the i-th name, "" when there is none.
func (r Ref) At(i int) string {
	if i < 0 || i >= len(r.Segments) {
		return ""
	}
	return r.Segments[i].Name
}

// Name returns the whole path with dots between its names, which is the form
// of a simple tag: tasks['a-b'].status is tasks.a-b.status.
func (r Ref) Name() string { return r.Rest(0) }

// Rest returns the names from the i-th on with dots between them, "" when
// there are none. Rest(2) of workflow.labels.a.b/c is the label a.b/c.
func (r Ref) Rest(i int) string {
	if i < 0 || i >= len(r.Segments) {
		return ""
	}
	n := 0
	for _, s := range r.Segments[i:] {
		n += len(s.Name) + 1
	}
	var b strings.Builder
	b.Grow(n)
	for j, s := range r.Segments[i:] {
		if j > 0 {
			b.WriteByte('.')
		}
		b.WriteString(s.Name)
	}
	return b.String()
}

// Span returns the bytes of the names from the i-th on, of the last name when
// i is beyond it.
func (r Ref) Span(i int) (from, to int) {
	if len(r.Segments) == 0 {
		return r.From, r.To
	}
	last := len(r.Segments) - 1
	return r.Segments[min(max(i, 0), last)].From, r.Segments[last].To
}

// Has reports whether the path begins with these names.
func (r Ref) Has(names ...string) bool {
	if len(names) > len(r.Segments) {
		return false
	}
	for i, n := range names {
		if r.Segments[i].Name != n {
			return false
		}
	}
	return true
}
