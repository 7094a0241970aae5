package rego

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// inline lets a module call the functions behind those of the library that do
// nothing but call them: OPA takes twice as long for a function in Rego. A
// module that replaces functions by with is left as it is.
func inline(m *ast.Module) {
	replaces := false
	ast.WalkWiths(m, func(w *ast.With) bool {
		ref, ok := w.Target.Value.(ast.Ref)
		replaces = replaces || !ok || !ref[0].Equal(ast.InputRootDocument)
		return replaces
	})
	at := slices.IndexFunc(m.Imports, func(i *ast.Import) bool { return libraryPath.Equal(i.Path.Value) })
	if replaces || at < 0 {
		return
	}
	alias := ast.VarTerm(string(m.Imports[at].Name()))
	inlined := 0
	operator := func(t *ast.Term) {
		ref, ok := t.Value.(ast.Ref)
		if !ok || len(ref) != 2 || !ref[0].Equal(alias) {
			return
		}
		name, _ := key(ref, 1)
		if _, ok := builtins["tiphys."+name]; !ok {
			return
		}
		head := ast.VarTerm("tiphys")
		head.Location = ref[0].Location
		t.Value = ast.Ref{head, ref[1]}
		inlined++
	}
	calls(m, operator)
	if inlined > 0 && !uses(m, alias) {
		m.Imports = slices.Delete(m.Imports, at, at+1) // or it is one that nobody needs
	}
}

// calls visits the name of each function that is called.
func calls(m *ast.Module, visit func(*ast.Term)) {
	ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case *ast.Expr:
			if x.IsCall() {
				visit(x.Terms.([]*ast.Term)[0])
			}
		case ast.Call:
			visit(x[0])
		}
		return false
	}).Walk(m)
}

// uses reports whether the rules of a module mention a variable.
func uses(m *ast.Module, v *ast.Term) bool {
	found := false
	for _, r := range m.Rules {
		ast.WalkVars(r, func(x ast.Var) bool {
			found = found || x.Equal(v.Value)
			return found
		})
	}
	return found
}
