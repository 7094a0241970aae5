package rego

import (
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// scoped returns a module in which the variables of each comprehension have names
// of their own, as OPA's compiler will give them.
func scoped(m *ast.Module) *ast.Module {
	m = m.Copy()
	s := scopes{"input": true, "data": true}
	for name := range ast.BuiltinMap {
		head, _, _ := strings.Cut(name, ".")
		s[ast.Var(head)] = true
	}
	for _, b := range own {
		head, _, _ := strings.Cut(b.Decl.Name, ".")
		s[ast.Var(head)] = true
	}
	for _, i := range m.Imports {
		s[i.Name()] = true
	}
	for _, r := range m.Rules {
		if v, ok := r.Head.Ref()[0].Value.(ast.Var); ok {
			s[v] = true
		}
	}
	n := 0
	for _, r := range m.Rules {
		for ; r != nil; r = r.Else {
			rest := r.Else
			r.Else = nil
			s.inner(r, &n)
			r.Else = rest
		}
	}
	return m
}

// scopes are the variables that are known where something stands.
type scopes map[ast.Var]bool

// inner renames the variables of the comprehensions in x.
func (s scopes) inner(x any, n *int) {
	here := scopes{}
	for v := range s {
		here[v] = true
	}
	var closures []any
	ast.NewGenericVisitor(func(y any) bool {
		switch y := y.(type) {
		case *ast.ArrayComprehension, *ast.SetComprehension, *ast.ObjectComprehension, *ast.Every:
			if y == x {
				return false
			}
			closures = append(closures, y)
			return true
		case ast.Var:
			here[y] = true
		}
		return false
	}).Walk(x)
	for _, c := range closures {
		*n++
		declares := declared(c)
		ast.WalkTerms(c, func(t *ast.Term) bool {
			if v, ok := t.Value.(ast.Var); ok && (!here[v] || declares[v]) {
				t.Value = ast.Var(fmt.Sprintf("%s in %d", v, *n))
			}
			return false
		})
		here.inner(c, n)
	}
}

// declared are the variables that a comprehension declares, whatever else has
// their names.
func declared(closure any) scopes {
	out := scopes{}
	take := func(t *ast.Term) {
		if t != nil {
			ast.WalkVars(t, func(v ast.Var) bool {
				out[v] = true
				return false
			})
		}
	}
	var body ast.Body
	switch c := closure.(type) {
	case *ast.ArrayComprehension:
		body = c.Body
	case *ast.SetComprehension:
		body = c.Body
	case *ast.ObjectComprehension:
		body = c.Body
	case *ast.Every:
		take(c.Key)
		take(c.Value)
		body = c.Body
	}
	for _, e := range body {
		if e.IsAssignment() {
			take(e.Operand(0))
		}
		if d, ok := e.Terms.(*ast.SomeDecl); ok {
			for _, t := range d.Symbols {
				if in, ok := t.Value.(ast.Call); ok {
					for _, t := range in[1 : len(in)-1] {
						take(t)
					}
				} else {
					take(t)
				}
			}
		}
	}
	return out
}
