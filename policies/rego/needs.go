package rego

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// A part is one of the documents in input.tiphys.
type part uint8

const (
	partWorkflows part = iota
	partTemplates
	partContainers
	partGraphs
	partReferences
	parts
)

var partNames = [parts]string{"workflows", "templates", "containers", "graphs", "references"}

// needs are the parts of the input that a module can see, found by what it
// refers to. What it cannot see is not built.
type needs struct {
	bare   fields // input.spec
	object fields // input.review.object.spec
	review bool
	parts  [parts]bool
	// templates is set where the module has this word, so that the specs of
	// input.tiphys.workflows have them: they are most of an object.
	templates bool
}

// fields are some of the fields of an object, or all of them.
type fields struct {
	all   bool
	names []string // sorted
}

func (f *fields) add(name string) {
	if i, ok := slices.BinarySearch(f.names, name); !ok {
		f.names = slices.Insert(f.names, i, name)
	}
}

func (f *fields) join(o fields) {
	f.all = f.all || o.all
	for _, n := range o.names {
		f.add(n)
	}
}

// key identifies the fields.
func (f *fields) key() string {
	if f.all {
		return "*"
	}
	return strings.Join(f.names, "\n")
}

func (n *needs) join(o needs) {
	n.bare.join(o.bare)
	n.object.join(o.object)
	n.review = n.review || o.review
	for i, has := range o.parts {
		n.parts[i] = n.parts[i] || has
	}
}

// reach returns the needs of a module: its own, and those of the rules of the
// library that it reaches.
func reach(c *ast.Compiler, m *ast.Module) needs {
	n := needsOf(m, names(m, "tiphys"))
	n.templates = names(m, "templates")
	lib := libraryNeeds()
	seen := map[*ast.Rule]bool{}
	var follow func(r *ast.Rule)
	follow = func(r *ast.Rule) {
		if seen[r] {
			return
		}
		seen[r] = true
		if r.Module.Package.Path.Equal(libraryPath) {
			n.join(lib[string(r.Head.Ref()[0].Value.(ast.Var))])
		}
		for d := range c.Graph.Dependencies(r) {
			if d, ok := d.(*ast.Rule); ok {
				follow(d)
			}
		}
	}
	for _, r := range c.Modules[moduleFile].Rules {
		for ; r != nil; r = r.Else {
			follow(r)
		}
	}
	return n
}

// names reports whether a module has a word as a string: without it, a field of
// that name is out of its reach, but for one who walks over all fields.
func names(m *ast.Module, word string) bool {
	found := false
	ast.WalkTerms(m, func(t *ast.Term) bool {
		s, ok := t.Value.(ast.String)
		found = found || ok && string(s) == word
		return found
	})
	return found
}

// needsOf walks over what is written, before the compiler takes it apart. With
// named, input as a whole has input.tiphys.
func needsOf(x any, named bool) needs {
	w := &reader{named: named}
	w.walk(x)
	return w.needs
}

// A reader notes what is read of the input.
type reader struct {
	needs
	named bool
}

func (w *reader) walk(x any) {
	ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case *ast.Package:
			return true
		case ast.Ref:
			return w.ref(x)
		case ast.Var:
			if x.Equal(ast.InputRootDocument.Value) {
				w.path(nil)
			}
		case ast.Call:
			return w.call(x)
		case *ast.Expr:
			if terms, ok := x.Terms.([]*ast.Term); ok && x.IsCall() && w.call(terms) {
				for _, with := range x.With {
					w.walk(with)
				}
				return true
			}
		}
		return false
	}).Walk(x)
}

// ref notes a reference, and reports whether it has been walked over.
func (w *reader) ref(ref ast.Ref) bool {
	if len(ref) == 0 || !ref[0].Equal(ast.InputRootDocument) {
		return false
	}
	var path []string
	for i := 1; i < len(ref); i++ {
		s, ok := key(ref, i)
		if !ok {
			break
		}
		path = append(path, s)
	}
	if len(path) == 0 && len(ref) > 1 {
		w.path(nil)
		w.everyPart() // input[x]: any field at all
	} else {
		w.path(path)
	}
	for _, t := range ref[1:] {
		w.walk(t)
	}
	return true
}

// call notes object.get(input, path, default), and reports whether it is that.
func (w *reader) call(terms []*ast.Term) bool {
	if len(terms) != 4 || terms[0].Value.String() != "object.get" || !isInput(terms[1]) {
		return false
	}
	var path []string
	switch k := terms[2].Value.(type) {
	case ast.String:
		path = []string{string(k)}
	case *ast.Array:
		for i := range k.Len() {
			s, ok := k.Elem(i).Value.(ast.String)
			if !ok {
				break
			}
			path = append(path, string(s))
		}
	}
	if len(path) == 0 {
		return false
	}
	w.path(path)
	w.walk(terms[2])
	w.walk(terms[3])
	return true
}

// isInput reports whether a term is input as a whole.
func isInput(t *ast.Term) bool {
	if ref, ok := t.Value.(ast.Ref); ok && len(ref) == 1 {
		t = ref[0]
	}
	return t.Equal(ast.InputRootDocument)
}

// path notes a path below input: what lies deeper is needed too.
func (w *reader) path(p []string) {
	n := &w.needs
	at := func(i int) string {
		if i < len(p) {
			return p[i]
		}
		return ""
	}
	switch {
	case len(p) == 0:
		n.bare.all, n.object.all, n.review = true, true, true
		if w.named {
			n.everyPart()
		}
	case p[0] == "parameters":
	case p[0] == "review":
		n.review = true
		switch {
		case len(p) == 1, at(1) == "object" && len(p) == 2:
			n.object.all = true
		case at(1) == "object":
			n.object.add(at(2))
		}
	case p[0] == "tiphys":
		if i := slices.Index(partNames[:], at(1)); i >= 0 {
			n.parts[i] = true
		} else {
			n.everyPart()
		}
	default:
		n.bare.add(p[0])
	}
}

func (n *needs) everyPart() {
	for i := range n.parts {
		n.parts[i] = true
	}
}
