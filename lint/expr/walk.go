package expr

import (
	"strconv"

	"github.com/expr-lang/expr/ast"
)

// walker finds the variables and the calls of an expression.
type walker struct{ *text }

// bound is a name that let declares; the expression sees the innermost first.
type bound struct {
	name  string
	outer *bound
}

func (b *bound) has(name string) bool {
	for ; b != nil; b = b.outer {
		if b.name == name {
			return true
		}
	}
	return false
}

func (w *walker) visit(n ast.Node, lets *bound) {
	switch n := n.(type) {
	case *ast.IdentifierNode, *ast.MemberNode, *ast.ChainNode:
		w.path(n, lets, unguarded)
	case *ast.CallNode:
		w.call(n, lets)
	case *ast.BuiltinNode:
		w.all(n.Arguments, lets)
	case *ast.UnaryNode:
		w.visit(n.Node, lets)
	case *ast.BinaryNode:
		w.binary(n, lets)
	case *ast.SliceNode:
		w.all([]ast.Node{n.Node, n.From, n.To}, lets)
	case *ast.PredicateNode:
		w.visit(n.Node, lets)
	case *ast.ConditionalNode:
		w.all([]ast.Node{n.Cond, n.Exp1, n.Exp2}, lets)
	case *ast.VariableDeclaratorNode:
		w.visit(n.Value, lets)
		w.visit(n.Expr, &bound{n.Name, lets})
	case *ast.SequenceNode:
		w.all(n.Nodes, lets)
	case *ast.ArrayNode:
		w.all(n.Nodes, lets)
	case *ast.MapNode:
		w.all(n.Pairs, lets)
	case *ast.PairNode:
		w.visit(n.Key, lets)
		w.visit(n.Value, lets)
	}
}

func (w *walker) all(nodes []ast.Node, lets *bound) {
	for _, n := range nodes {
		w.visit(n, lets)
	}
}

// guard tells whether the expression cares for an absent value.
type guard uint8

const (
	unguarded guard = iota
	guarded
)

func (w *walker) binary(n *ast.BinaryNode, lets *bound) {
	left, right := unguarded, unguarded
	switch n.Operator {
	case "??":
		left = guarded
	case "==", "!=":
		if _, ok := n.Right.(*ast.NilNode); ok {
			left = guarded
		}
		if _, ok := n.Left.(*ast.NilNode); ok {
			right = guarded
		}
	}
	w.side(n.Left, lets, left)
	w.side(n.Right, lets, right)
}

func (w *walker) side(n ast.Node, lets *bound, g guard) {
	switch n.(type) {
	case *ast.IdentifierNode, *ast.MemberNode, *ast.ChainNode:
		w.path(n, lets, g)
	default:
		w.visit(n, lets)
	}
}

// path reads a chain of fields, a.b['c'].d, from its end to its root.
func (w *walker) path(n ast.Node, lets *bound, g guard) {
	var fields []*ast.MemberNode // the last one first
	for {
		switch m := n.(type) {
		case *ast.ChainNode:
			n = m.Node
			continue
		case *ast.MemberNode:
			fields = append(fields, m)
			n = m.Node
			continue
		}
		break
	}
	root, ok := n.(*ast.IdentifierNode)
	if ok {
		from, to := w.span(root)
		ok = !lets.has(root.Value) && root.Value != "$env" && !w.masked(from, to)
	} else {
		w.visit(n, lets)
	}
	if !ok {
		for i := len(fields) - 1; i >= 0; i-- {
			w.visit(fields[i].Property, lets)
		}
		return
	}
	r := w.ref(root, fields, lets)
	r.Guarded = r.Guarded || g == guarded
	w.judge(r)
}

// ref makes a reference of a root and the fields that follow, the last first.
func (w *walker) ref(root *ast.IdentifierNode, fields []*ast.MemberNode, lets *bound) Ref {
	from, to := w.span(root)
	r := Ref{From: from, To: to, Segments: []Segment{{root.Value, from, to}}}
	for i := len(fields) - 1; i >= 0; i-- {
		m := fields[i]
		r.Guarded = r.Guarded || m.Optional
		s, ok := w.segment(m.Property)
		if !ok {
			r.Dynamic = true
			w.visit(m.Property, lets)
		}
		if !r.Dynamic {
			r.Segments = append(r.Segments, s)
			r.To = s.To
			if _, number := m.Property.(*ast.IntegerNode); number || w.isQuote(s.To) {
				r.To = w.closed(s.To)
			}
		}
	}
	return r
}

// segment returns the name that a field or an index is known to be.
func (w *walker) segment(property ast.Node) (Segment, bool) {
	from, to := w.span(property)
	if w.masked(from, to) {
		return Segment{}, false
	}
	switch p := property.(type) {
	case *ast.StringNode:
		if from < to && w.isQuote(from) {
			from, to = from+1, max(from+1, to-1)
		}
		return Segment{p.Value, from, to}, true
	case *ast.IntegerNode:
		return Segment{"[" + strconv.Itoa(p.Value) + "]", from, to}, true
	}
	return Segment{}, false
}

func (w *walker) isQuote(at int) bool {
	return at < len(w.body) && (w.body[at] == '\'' || w.body[at] == '"' || w.body[at] == '`')
}

// closed returns the end of an index whose name ends at the offset: behind the
// quote and the bracket.
func (w *walker) closed(at int) int {
	i := at
	for i < len(w.body) && (w.isQuote(i) || isSpace(w.body[i])) {
		i++
	}
	if i < len(w.body) && w.body[i] == ']' {
		return i + 1
	}
	return at
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
