package scope

import (
	"strings"

	"github.com/tiphys-dev/tiphys/lint/expr"
	"github.com/tiphys-dev/tiphys/lint/manifest"
)

// checkedRoots begin the names that Argo looks up: docs/argo.md.
var checkedRoots = [...]string{"item.", "steps.", "inputs.", "outputs.", "pod.", "workflow.", "tasks."}

// scalar looks at the tags of one scalar or key.
func (a *analyzer) scalar(n *manifest.Node, s Site) {
	for t := range expr.Tags(n.Value) {
		looked := true
		if nested, ok := t.Nested(n.Value); ok {
			looked = checked(t.Text(n.Value)) // Argo looks at the outer name
			t = nested                        // which the inner one decides
		}
		switch {
		case t.Unclosed:
			a.unclosed(n, t, s)
		case t.Expression:
			a.expression(n, t, s)
		default:
			u := Use{Site: s, Node: n, From: t.Start, To: t.End, Name: t.Text(n.Value)}
			u.Answer = a.simple(n.Value[t.Start+len("{{"):t.End-len("}}")], s)
			u.Strict = u.Strict && looked
			a.out.Uses = append(a.out.Uses, u)
		}
	}
}

// simple answers for what stands between the braces of a simple tag. A tag that
// is broken over lines, or holds tabs, is not replaced: Argo reads JSON, where
// these are no space but a backslash and a letter.
func (a *analyzer) simple(text string, s Site) Answer {
	name := strings.TrimSpace(text)
	ans := a.answer(name, s)
	as := strings.Trim(text, " \u0085\u00a0")
	if as == name || !checked(name) {
		return ans
	}
	strict := ans.Strict || ans.State == Known
	if ans.State != Missing {
		ans = missing("is not replaced: a tag must stand on one line, with nothing but blanks around its name")
	}
	// One that begins so is no name that Argo looks up.
	ans.Strict = strict && checked(as) && s.Part != Spec && s.Part != Rest && !s.Replaced
	return ans
}

// checked reports whether Argo looks a name up.
func checked(name string) bool {
	for _, root := range checkedRoots {
		if strings.HasPrefix(name, root) {
			return true
		}
	}
	return false
}

// unclosed notes a "{{" without "}}" that Argo takes for a tag. One with other
// text behind it is left alone: it may be a shell's or Python's own.
func (a *analyzer) unclosed(n *manifest.Node, t expr.Tag, s Site) {
	text := t.Text(n.Value)
	for _, root := range checkedRoots {
		if strings.HasPrefix(text, root) || t.Expression {
			end := t.Start + len("{{") + len(firstWord(n.Value[t.Start+len("{{"):]))
			a.out.Unclosed = append(a.out.Unclosed, Unclosed{Site: s, Node: n, From: t.Start, To: end})
			return
		}
	}
}

// firstWord returns s up to the first space after its first word.
func firstWord(s string) string {
	i := len(s) - len(strings.TrimLeft(s, " \t\n"))
	if j := strings.IndexAny(s[i:], " \t\n"); j >= 0 {
		return s[:i+j]
	}
	return s
}

func (a *analyzer) expression(n *manifest.Node, t expr.Tag, s Site) {
	e := t.Parse(n.Value, expr.Template)
	if len(e.Problems) > 0 {
		a.out.Expressions = append(a.out.Expressions, Expression{Site: s, Node: n, From: t.From, To: t.To, Problems: e.Problems})
	}
	for _, r := range e.Refs {
		u := Use{Site: s, Node: n, From: r.From, To: r.To, Name: r.Name(), Expr: true, Guarded: r.Guarded}
		switch {
		case r.Dynamic:
			u.Answer = open
		case whole(r) || r.Root() == "lastRetry" || r.Root() == "cronworkflow":
			u.Answer = unchecked
		default:
			u.Answer = a.answer(u.Name, s)
			u.Strict = false // Argo looks into no expression
		}
		a.out.Uses = append(a.out.Uses, u)
	}
}

// whole reports whether an expression takes a map of variables as a whole,
// which a simple tag cannot.
func whole(r expr.Ref) bool {
	switch last := r.At(len(r.Segments) - 1); len(r.Segments) {
	case 1:
		return true
	case 2:
		return r.Root() == "steps" || r.Root() == "tasks" || last == "parameters" || last == "artifacts" || last == "outputs"
	case 3:
		return last == "outputs" || r.At(1) == "outputs"
	case 4:
		return r.At(2) == "outputs" && (last == "parameters" || last == "artifacts")
	}
	return r.Root() == "item"
}
