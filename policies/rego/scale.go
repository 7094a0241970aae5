package rego

import (
	"github.com/open-policy-agent/opa/v1/ast"
)

// A scale knows of what the variables of a rule are made.
type scale struct {
	growth *growth
	wide   int // of the sizes: one more than the rule has arguments
	made   map[ast.Var][]*ast.Term
	sizes  map[ast.Var]size
	terms  map[*ast.Term]size
	// bare is a scale on which what is taken out of a value weighs nothing, so
	// that [x | some x in list] is no larger than the list; it has none itself.
	bare *scale
}

func (g *growth) scale(r *ast.Rule) *scale {
	s := g.bare(r)
	s.bare = g.bare(r)
	s.read(r)
	s.bare.read(r)
	return s
}

func (g *growth) bare(r *ast.Rule) *scale {
	s := &scale{growth: g, wide: min(len(r.Head.Args), maxArguments) + 1, made: map[ast.Var][]*ast.Term{}, sizes: map[ast.Var]size{}, terms: map[*ast.Term]size{}}
	for i, arg := range r.Head.Args {
		ast.WalkVars(arg, func(v ast.Var) bool {
			s.sizes[v] = make(size, s.wide)
			s.sizes[v][min(i, maxArguments-1)+1] = 1
			return false
		})
	}
	return s
}

// read notes all that a rule says, but for what its else says.
func (s *scale) read(r *ast.Rule) {
	parts := []any{r.Body}
	for _, t := range []*ast.Term{r.Head.Key, r.Head.Value} {
		if t != nil {
			parts = append(parts, t)
		}
	}
	for _, part := range parts {
		ast.WalkExprs(part, func(e *ast.Expr) bool {
			s.note(e)
			return false
		})
		ast.WalkRefs(part, func(ref ast.Ref) bool {
			s.indices(ref)
			return false
		})
	}
}

// indices lets the variables in list[x] run over the list, which may be a set.
func (s *scale) indices(ref ast.Ref) {
	for i := 1; i < len(ref) && s.bare != nil; i++ {
		if v, ok := ref[i].Value.(ast.Var); ok && s.sizes[v] == nil {
			s.made[v] = append(s.made[v], &ast.Term{Value: ref[:1], Location: ref[0].Location})
		}
	}
}

// note keeps what an expression like x := [y, y] makes x of.
func (s *scale) note(e *ast.Expr) {
	terms, ok := e.Terms.([]*ast.Term)
	switch {
	case e.IsAssignment():
		s.match(e.Operand(0), s.given(e, e.Operand(1)))
	case e.IsEquality():
		s.unify(e.Operand(0), e.Operand(1))
		if len(e.With) > 0 {
			s.match(e.Operand(0), s.given(e, e.Operand(1)))
		}
	case ok && e.IsCall() && len(terms) > 2:
		// Behind the arguments there may be a term for the value.
		if n := len(terms) - 1; n > s.arity(terms[0].Value) {
			s.match(terms[n], &ast.Term{Value: ast.Call(terms[:n]), Location: terms[0].Location})
		}
	default:
		if d, ok := e.Terms.(*ast.SomeDecl); ok && len(d.Symbols) == 1 {
			if in, ok := d.Symbols[0].Value.(ast.Call); ok && len(in) > 2 {
				for _, v := range in[1 : len(in)-1] {
					s.elements(v, in[len(in)-1])
				}
			}
		}
	}
}

// given is a value with all that the expression puts in the place of input, or of
// rules, as often as the module takes anything out of these.
func (s *scale) given(e *ast.Expr, t *ast.Term) *ast.Term {
	all := ast.Call{ast.NewTerm(ast.Ref{ast.VarTerm("union")}), t}
	for _, w := range e.With {
		if ref, ok := w.Target.Value.(ast.Ref); ok {
			for range min(s.growth.taken[ref[0].String()], maxGiven) {
				all = append(all, w.Value)
			}
		}
	}
	if len(all) == 2 {
		return t
	}
	return &ast.Term{Value: all, Location: t.Location}
}

// unify gives variables the values that they are equal to; a pattern that is
// equal to a variable is rather what that is made of.
func (s *scale) unify(a, b *ast.Term) {
	_, ok1 := a.Value.(ast.Var)
	_, ok2 := b.Value.(ast.Var)
	if ok1 || !ok2 {
		s.match(a, b)
	}
	if ok2 || !ok1 {
		s.match(b, a)
	}
}

// match gives the variables of a pattern the parts of a value.
func (s *scale) match(pattern, value *ast.Term) {
	switch p := pattern.Value.(type) {
	case ast.Var:
		s.made[p] = append(s.made[p], value)
	case *ast.Array:
		of, ok := value.Value.(*ast.Array)
		for i := range p.Len() {
			if ok && of.Len() == p.Len() {
				s.match(p.Elem(i), of.Elem(i))
			} else if !ok {
				s.match(p.Elem(i), value)
			}
		}
	case ast.Object:
		of, ok := value.Value.(ast.Object)
		p.Foreach(func(k, t *ast.Term) {
			if part := value; !ok {
				s.match(t, part)
			} else if part = of.Get(k); part != nil {
				s.match(t, part)
			}
		})
	}
}

// elements lets a variable run over a collection.
func (s *scale) elements(v, t *ast.Term) {
	switch in := t.Value.(type) {
	case *ast.Array:
		in.Foreach(func(t *ast.Term) { s.match(v, t) })
	case ast.Set:
		in.Foreach(func(t *ast.Term) { s.match(v, t) })
	case ast.Object:
		in.Foreach(func(k, t *ast.Term) { s.match(v, k); s.match(v, t) })
	default:
		if s.bare != nil {
			s.match(v, t)
		}
	}
}

// value is the size of what a rule has, or a function gives back.
func (s *scale) value(h *ast.Head) size {
	switch {
	case h.Key != nil && h.Value == nil:
		return s.several(h.Key)
	case h.Value == nil:
		return s.one()
	case len(h.Args) == 0 && !h.Ref().IsGround():
		return s.several(h.Value)
	}
	return s.size(h.Value)
}
