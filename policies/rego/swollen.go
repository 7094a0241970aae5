package rego

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// swollen returns the first term that doubles what other terms have doubled: forty lines
// like x2 := [x1, x1] make a value that OPA copies for hours, and no deadline is
// looked at while it does.
func swollen(m *ast.Module) []*ast.Term {
	var out []*ast.Term
	for _, r := range m.Rules {
		for ; r != nil; r = r.Else {
			s := scale{made: map[ast.Var][]*ast.Term{}, sizes: map[ast.Var]int{}}
			ast.WalkExprs(r, func(e *ast.Expr) bool {
				s.note(e)
				return false
			})
			for _, terms := range s.made {
				for _, t := range terms {
					if s.size(t) > maxElements {
						out = append(out, t)
					}
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b *ast.Term) int { return a.Location.Compare(b.Location) })
	return out[:min(len(out), 1)]
}

// A scale knows of what the variables of a rule are made.
type scale struct {
	made  map[ast.Var][]*ast.Term
	sizes map[ast.Var]int
}

// note keeps what an expression like x := [y, y] makes x of.
func (s *scale) note(e *ast.Expr) {
	if !e.IsAssignment() && !e.IsEquality() {
		return
	}
	a, b := e.Operand(0), e.Operand(1)
	for range 2 {
		if v, ok := a.Value.(ast.Var); ok {
			s.made[v] = append(s.made[v], b)
		}
		a, b = b, a
	}
}

// size counts the parts of a term, up to a bound.
func (s *scale) size(t *ast.Term) int {
	sum := 1
	add := func(t *ast.Term) { sum = min(sum+s.size(t), maxElements+1) }
	switch v := t.Value.(type) {
	case ast.Var:
		if n, ok := s.sizes[v]; ok {
			return n
		}
		s.sizes[v] = 1 // for one that is made of itself
		for _, of := range s.made[v] {
			sum = max(sum, s.size(of))
		}
		s.sizes[v] = sum
	case *ast.Array:
		v.Foreach(add)
	case ast.Set:
		v.Foreach(add)
	case ast.Object:
		v.Foreach(func(k, t *ast.Term) { add(k); add(t) })
	case *ast.ArrayComprehension:
		add(v.Term)
		add(v.Term) // twice at least, or there were no need of it
	case *ast.SetComprehension:
		add(v.Term)
	case *ast.ObjectComprehension:
		add(v.Value)
		add(v.Value)
	case ast.Call:
		if slices.Contains(joins, v[0].Value.String()) {
			for _, t := range v[1:] {
				add(t)
			}
		}
	}
	return sum
}

// joins are the functions whose value has their arguments in it.
var joins = []string{"array.concat", "array.flatten", "array.reverse", "json.patch", "object.union", "object.union_n", "or", "union"}
