package rego

import (
	"slices"

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
