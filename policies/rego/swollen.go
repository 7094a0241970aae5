package rego

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// swollen returns the first term that doubles what other terms have doubled: forty
// lines like x2 := [x1, x1] make a value that OPA copies for hours, and no deadline
// is looked at while it does. The doubling may as well be that of a function, or
// of a rule, that takes its argument, or another rule, twice.
func swollen(m *ast.Module) []*ast.Term {
	var out []*ast.Term
	m = scoped(m)
	g := growthOf(m)
	for _, r := range m.Rules {
		for ; r != nil; r = r.Else {
			s := g.scale(r)
			check := func(t *ast.Term) bool {
				if s.size(t).sum() > maxElements {
					out = append(out, t)
				}
				return false
			}
			ast.WalkTerms(r.Body, check)
			for _, t := range []*ast.Term{r.Head.Key, r.Head.Value} {
				if t != nil {
					ast.WalkTerms(t, check)
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b *ast.Term) int { return a.Location.Compare(b.Location) })
	return out[:min(len(out), 1)]
}

// A size says of how many parts a value is made: how many it has itself, and how
// often it takes each of the arguments of its function, the last of them together.
type size []int

// What nobody writes is not told apart, so that looking at it takes no time.
const (
	maxArguments = 16
	maxPath      = 32
	maxGiven     = 100
)

func (z size) sum() int {
	n := 0
	for _, k := range z {
		n = min(n+k, maxElements+1)
	}
	return n
}

// plus adds a size some times, up to a bound.
func (z size) plus(other size, times int) {
	for i, k := range other {
		z[i] = min(z[i]+k*times, maxElements+1)
	}
}

// or makes a size that of the larger of two values.
func (z size) or(other size) {
	for i, k := range other {
		z[i] = max(z[i], k)
	}
}

// A growth knows how the rules of a module make their values larger.
type growth struct {
	pkg     ast.Ref
	imports map[ast.Var]ast.Ref
	rules   map[string][]*ast.Rule // by path, and by each path above it
	known   map[string]size
	mocks   map[string][]string // what with puts in the place of a function
	taken   map[string]int      // how often a reference begins with a name
}

func growthOf(m *ast.Module) *growth {
	g := &growth{pkg: m.Package.Path, imports: map[ast.Var]ast.Ref{}, rules: map[string][]*ast.Rule{}, known: map[string]size{}, mocks: map[string][]string{}, taken: map[string]int{}}
	for _, i := range m.Imports {
		if ref, ok := i.Path.Value.(ast.Ref); ok {
			g.imports[i.Name()] = ref
		}
	}
	for _, r := range m.Rules {
		path := g.path(r.Head.Ref()).GroundPrefix()
		for n := len(g.pkg) + 1; n <= len(path); n++ {
			g.rules[path[:n].String()] = append(g.rules[path[:n].String()], r)
		}
	}
	ast.WalkTerms(m, func(t *ast.Term) bool {
		switch v := t.Value.(type) {
		case ast.Ref:
			g.taken[v[0].String()]++
		case ast.Var:
			g.taken[string(v)]++
		}
		return false
	})
	ast.WalkWiths(m, func(w *ast.With) bool {
		target, ok1 := w.Target.Value.(ast.Ref)
		value, ok2 := w.Value.Value.(ast.Ref)
		if v, ok := w.Value.Value.(ast.Var); ok {
			value, ok2 = ast.Ref{ast.NewTerm(v)}, true
		}
		if ok1 && ok2 {
			g.mocks[target.String()] = append(g.mocks[target.String()], g.path(value).String())
		}
		return false
	})
	return g
}

// path is a reference as it is in data, whatever the module calls it.
func (g *growth) path(ref ast.Ref) ast.Ref {
	ref = ref[:min(len(ref), maxPath)]
	head, ok := ref[0].Value.(ast.Var)
	switch from := g.imports[head]; {
	case !ok || ref[0].Equal(ast.DefaultRootDocument) || ref[0].Equal(ast.InputRootDocument):
		return ref
	case from != nil:
		return from.Concat(ref[1:])
	default:
		return g.pkg.Append(ast.StringTerm(string(head))).Concat(ref[1:])
	}
}

// of is the size of what the rules at a path, or below it, have or give back.
func (g *growth) of(path string) size {
	if z, ok := g.known[path]; ok {
		return z
	}
	rules := g.rules[path]
	most := 0
	for _, r := range rules {
		most = max(most, min(len(r.Head.Args), maxArguments))
	}
	g.known[path] = size{1} // for one that is made of itself, which OPA refuses
	each := map[string]size{}
	for _, r := range rules {
		at := r.Head.Ref().String()
		if each[at] == nil {
			each[at] = make(size, most+1)
		}
		for ; r != nil; r = r.Else {
			each[at].or(g.scale(r).value(r.Head))
		}
	}
	sum := make(size, most+1)
	for _, z := range each {
		sum.plus(z, 1)
	}
	g.known[path] = sum
	return sum
}

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
