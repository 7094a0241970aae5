package rego

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

func (s *scale) one() size {
	z := make(size, s.wide)
	z[0] = 1
	return z
}

// several is the size of a collection of what a term may be: twice at least, or
// there were no need of it.
func (s *scale) several(t *ast.Term) size {
	z := s.one()
	z.plus(s.size(t), 1)
	if s.bare != nil {
		z.plus(s.bare.size(t), 1)
	} else {
		z.plus(s.size(t), 1)
	}
	return z
}

// size counts the parts of a term.
func (s *scale) size(t *ast.Term) size {
	if z, ok := s.terms[t]; ok {
		return z
	}
	z := s.one()
	s.terms[t] = z
	sum := sum{scale: s, size: z}
	switch v := t.Value.(type) {
	case ast.Var:
		z = s.variable(v)
	case ast.Ref:
		z = s.reference(v)
	case *ast.Array:
		v.Foreach(func(t *ast.Term) { sum.add(t, 1) })
		sum.end()
	case ast.Set:
		v.Foreach(func(t *ast.Term) { sum.add(t, 1) })
		sum.end()
	case ast.Object:
		v.Foreach(func(k, t *ast.Term) { sum.add(k, 1); sum.add(t, 1) })
		sum.end()
	case *ast.ArrayComprehension:
		z = s.several(v.Term)
	case *ast.SetComprehension:
		z = s.several(v.Term)
	case *ast.ObjectComprehension:
		z = s.several(ast.ArrayTerm(v.Key, v.Value))
	case ast.Call:
		z = s.call(v)
	}
	s.terms[t] = z
	return z
}

// A sum is the size of several terms. Different fields of one value are
// together no larger than the value.
type sum struct {
	*scale
	size   size
	fields map[string]map[string]int // how often each field of a value is taken
	wholes map[string]ast.Ref
}

func (s *sum) add(t *ast.Term, times int) {
	whole, field := s.field(t)
	if whole == nil {
		s.size.plus(s.scale.size(t), times)
		return
	}
	if s.fields == nil {
		s.fields, s.wholes = map[string]map[string]int{}, map[string]ast.Ref{}
	}
	k := whole.String()
	if s.fields[k] == nil {
		s.fields[k], s.wholes[k] = map[string]int{}, whole
	}
	s.fields[k][field] = min(s.fields[k][field]+times, maxElements+1)
	s.size.plus(s.one(), times)
}

func (s *sum) end() {
	for k, fields := range s.fields {
		most := 0
		for _, n := range fields {
			most = max(most, n)
		}
		s.size.plus(s.reference(s.wholes[k]), most)
	}
}

func (s *scale) variable(v ast.Var) size {
	if z, ok := s.sizes[v]; ok {
		return z
	}
	s.sizes[v] = s.one() // for one that is made of itself
	if len(s.made[v]) == 0 {
		return s.whole(ast.Ref{ast.NewTerm(v)})
	}
	z := s.one()
	for _, of := range s.made[v] {
		z.or(s.size(of))
	}
	s.sizes[v] = z
	return z
}

// reference is the size of what a reference takes, which is no more than the
// whole that it takes it out of.
func (s *scale) reference(ref ast.Ref) size {
	if s.local(ref) {
		if len(ref) == 1 || s.bare != nil {
			return s.variable(ref[0].Value.(ast.Var))
		}
		return s.one()
	}
	return s.whole(ref)
}

// local reports whether a reference is to a variable of the rule.
func (s *scale) local(ref ast.Ref) bool {
	v, ok := ref[0].Value.(ast.Var)
	return ok && (s.sizes[v] != nil || len(s.made[v]) > 0)
}

// whole is the size of the rule that a reference is to.
func (s *scale) whole(ref ast.Ref) size {
	z := s.one()
	path := s.growth.path(ref)
	for n := len(path); n > len(s.growth.pkg); n-- {
		if at := path[:n].String(); s.growth.rules[at] != nil {
			if n == len(path) || s.bare != nil {
				z.or(s.growth.of(at)[:1])
			}
			break
		}
	}
	return z
}

// field returns of which value a term takes a field, and which, also of a
// variable that has been given it; or nil.
func (s *scale) field(t *ast.Term) (ast.Ref, string) {
	if v, ok := t.Value.(ast.Var); ok && len(s.made[v]) == 1 {
		t = s.made[v][0]
	}
	ref, ok := t.Value.(ast.Ref)
	if !ok || len(ref) < 2 || !s.local(ref) {
		return nil, ""
	}
	name, ok := key(ref, 1)
	if !ok {
		return nil, ""
	}
	return ref[:1], name
}

// arity is how many arguments a function has, and very many if there is no such function.
func (s *scale) arity(operator ast.Value) int {
	ref, ok := operator.(ast.Ref)
	if !ok {
		return maxElements
	}
	if rules := s.growth.rules[s.growth.path(ref).String()]; rules != nil {
		return len(rules[0].Head.Args)
	}
	if b := ast.BuiltinMap[ref.String()]; b != nil {
		return b.Decl.Arity()
	}
	return maxElements
}

// call is the size of what a function gives back.
func (s *scale) call(c ast.Call) size {
	z := s.one()
	ref, ok := c[0].Value.(ast.Ref)
	if !ok {
		return z
	}
	name := ref.String()
	apply := func(path string) {
		of := s.growth.of(path)
		got := sum{scale: s, size: s.one()}
		got.size[0] = of[0]
		for i := 1; i < len(c) && len(of) > 1; i++ {
			got.add(c[i], of[min(i, len(of)-1)])
		}
		got.end()
		z.or(got.size)
	}
	for _, path := range s.growth.mocks[name] {
		if s.growth.rules[path] != nil {
			apply(path)
		}
	}
	switch path := s.growth.path(ref).String(); {
	case s.growth.rules[path] != nil:
		apply(path)
	case slices.Contains(joins, name), strings.HasSuffix(name, ".parameter"):
		for _, t := range c[1:] {
			z.plus(s.size(t), 1)
		}
	}
	return z
}

// joins are the functions whose value has their arguments in it.
var joins = []string{
	"array.concat", "array.flatten", "array.reverse", "array.slice", "json.filter", "json.patch", "json.remove", "object.filter",
	"object.get", "object.remove", "object.union", "object.union_n", "or", "union", "walk",
}
