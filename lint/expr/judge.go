package expr

import (
	"fmt"
	"maps"
	"slices"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"

	"github.com/tiphys-dev/tiphys/lint/near"
)

// judge keeps a reference, and says so when its root is no variable.
func (w *walker) judge(r Ref) {
	root := r.Segments[0]
	p := Problem{Kind: UnknownVariable, From: root.From, To: root.To}
	switch _, argo := argoFunctions[root.Name]; {
	case w.env.Has(root.Name):
		w.out.Refs = append(w.out.Refs, r)
		return
	case root.Name == "sprig":
		w.uncalled(r)
		return
	case KnownRoot(root.Name):
		w.out.Refs = append(w.out.Refs, r)
		p.Kind, p.Suspicious = Misplaced, true
		p.Message = fmt.Sprintf("%q has no value %s, only %s", root.Name, w.env, home(root.Name))
	case argo || isBuiltin(root.Name):
		p.Message = fmt.Sprintf("%q is a function, not a variable: call it, %s(...)", root.Name, root.Name)
	default:
		p.Message = fmt.Sprintf("%q is no variable", root.Name)
		if name, ok := near.Name(root.Name, environments[w.env].roots); ok {
			p.Message += fmt.Sprintf("; did you mean %q?", name)
			p.Instead = name
		} else if len(r.Segments) == 1 {
			p.Message += fmt.Sprintf("; write '%s' in quotes if it is meant as a string", root.Name)
		}
	}
	w.problem(p)
}

// uncalled speaks of sprig.upper without parentheses.
func (w *walker) uncalled(r Ref) {
	if len(r.Segments) == 1 {
		w.problem(Problem{Kind: UnknownVariable, From: r.From, To: r.To, Message: `"sprig" is a set of functions: call one of them, sprig.trim(...)`})
		return
	}
	f := r.Segments[1]
	if !w.sprig(f) {
		return
	}
	w.problem(Problem{Kind: UnknownVariable, From: r.From, To: f.To,
		Message: fmt.Sprintf("%q is a function: call it, %s(...)", "sprig."+f.Name, "sprig."+f.Name)})
}

// sprig reports whether sprig has the function, and else says so.
func (w *walker) sprig(f Segment) bool {
	if _, ok := sprigFunctions[f.Name]; ok {
		return true
	}
	p := Problem{Kind: UnknownFunction, From: f.From, To: f.To, Message: fmt.Sprintf("sprig has no function %q", f.Name)}
	switch name, ok := near.Name(f.Name, slices.Sorted(maps.Keys(sprigFunctions))); {
	case hidden[f.Name]:
		p.Message = fmt.Sprintf("%q is not there: Argo hides the environment of its controller", "sprig."+f.Name)
	case isBuiltin(f.Name):
		p.Message += fmt.Sprintf("; write %s, which is built in", f.Name)
	case ok:
		p.Message += fmt.Sprintf("; did you mean %q?", name)
		p.Instead = name
	}
	w.problem(p)
	return false
}

func isBuiltin(name string) bool {
	_, ok := builtin.Index[name]
	return ok
}

// call looks at f(...), sprig.f(...) and value.method(...). What the language
// itself calls a builtin is no such node, and is for its type checker.
func (w *walker) call(n *ast.CallNode, lets *bound) {
	w.callee(n, lets)
	g := unguarded
	if m, ok := n.Callee.(*ast.MemberNode); ok {
		if f, named := w.segment(m.Property); named && carefree[f.Name] {
			g = guarded
		}
	}
	for _, a := range n.Arguments {
		w.side(a, lets, g)
	}
}

// carefree are the functions of sprig that are there for values that may be absent.
var carefree = map[string]bool{"default": true, "coalesce": true, "empty": true}

func (w *walker) callee(n *ast.CallNode, lets *bound) {
	switch c := n.Callee.(type) {
	case *ast.IdentifierNode:
		from, to := w.span(c)
		if lets.has(c.Value) || w.masked(from, to) {
			return
		}
		if a, ok := argoFunctions[c.Value]; ok {
			w.arguments(c.Value, from, to, a, len(n.Arguments))
			return
		}
		w.unknown(Segment{c.Value, from, to})
	case *ast.MemberNode:
		root, ok := c.Node.(*ast.IdentifierNode)
		f, named := w.segment(c.Property)
		if !ok || root.Value != "sprig" || lets.has("sprig") {
			w.visit(c.Node, lets) // a method of a value
			return
		}
		if named && w.sprig(f) {
			w.arguments("sprig."+f.Name, f.From, f.To, sprigFunctions[f.Name], len(n.Arguments))
		}
	default:
		w.visit(n.Callee, lets)
	}
}

// unknown speaks of a call of a function that there is not.
func (w *walker) unknown(f Segment) {
	p := Problem{Kind: UnknownFunction, From: f.From, To: f.To, Message: fmt.Sprintf("%q is no function", f.Name)}
	_, sprig := sprigFunctions[f.Name]
	names := slices.Concat(slices.Sorted(maps.Keys(argoFunctions)), builtin.Names)
	name, ok := near.Name(f.Name, names)
	switch {
	case sprig:
		p.Message += fmt.Sprintf("; write sprig.%s", f.Name)
		p.Instead = "sprig." + f.Name
	case ok:
		p.Message += fmt.Sprintf("; did you mean %q?", name)
		p.Instead = name
	case f.Name == "sprig":
		p.Message += "; write sprig.NAME(...)"
	}
	w.problem(p)
}

func (w *walker) arguments(name string, from, to int, a arity, have int) {
	if have >= a.least && (a.most < 0 || have <= a.most) {
		return
	}
	want := fmt.Sprintf("%d", a.least)
	if a.most < 0 {
		want = "at least " + want
	}
	w.problem(Problem{Kind: Arguments, From: from, To: to, Message: fmt.Sprintf("%s takes %s %s, not %d", name, want, plural(a.least, "argument"), have)})
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}
