package rego

import (
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// libraryPath is the package of the library.
var libraryPath = ast.MustParseRef("data.tiphys.lib")

// shape reports what makes a module no module of a policy.
func shape(m *ast.Module) []Problem {
	var all []Problem
	say := func(at *ast.Location, format string, args ...any) {
		p := Problem{Message: fmt.Sprintf(format, args...)}
		if at != nil {
			p.Line, p.Column = at.Row, at.Col
		}
		all = append(all, p)
	}
	if m.Package.Path.HasPrefix(ast.MustParseRef("data.tiphys")) {
		say(m.Package.Location, "package %s is that of the library: choose another name", packageOf(m.Package.Path))
	}
	if len(m.Rules) > MaxRules {
		say(m.Rules[MaxRules].Location, "the module has %d rules, and more than %d are not read", len(m.Rules), MaxRules)
	}
	for _, t := range swollen(m) {
		say(t.Location, "this value takes parts of others that often, itself or in what it calls, that it has more than %d: use each of them once", maxElements)
	}
	ast.WalkWiths(m, func(w *ast.With) bool {
		if n := w.Value.Value.String(); ast.BuiltinMap[n] != nil && !slices.Contains(allowed, n) {
			say(w.Value.Location, "%s", refused(n))
		}
		return false
	})
	found := false
	for _, r := range m.Rules {
		if _, ok := entry(r); !ok {
			continue
		}
		found = true
		if len(r.Head.Args) > 0 {
			say(r.Location, "%s is a function: a policy asks for it without arguments, write %s contains msg if", r.Head.Name, r.Head.Name)
		}
	}
	if !found {
		say(m.Package.Location, "the module has no rule violation, deny or warn, so that it finds nothing: write violation contains msg if")
	}
	return sorted(all)
}

// entry returns which of the rules that a policy asks for r is.
func entry(r *ast.Rule) (Kind, bool) {
	ref := r.Head.Ref()
	if len(ref) == 0 {
		return 0, false
	}
	head, _ := ref[0].Value.(ast.Var)
	for i, k := range kinds {
		if string(head) == k {
			return Kind(i), true
		}
	}
	return 0, false
}

// queries returns what to ask of a module.
func queries(m *ast.Module) []query {
	var has [len(kinds)]bool
	for _, r := range m.Rules {
		if k, ok := entry(r); ok {
			has[k] = true
		}
	}
	var out []query
	for k, ok := range has {
		if !ok {
			continue
		}
		ref := m.Package.Path.Append(ast.StringTerm(kinds[k]))
		out = append(out, query{Kind(k), ast.NewBody(ast.Equality.Expr(ast.VarTerm("x"), ast.NewTerm(ref)))})
	}
	return out
}

// packageOf writes the path of a package without data.
func packageOf(path ast.Ref) string { return strings.TrimPrefix(path.String(), "data.") }

// mentions reports whether a module refers to data below path, or imports it.
func mentions(m *ast.Module, path ast.Ref) bool {
	found := false
	ast.WalkRefs(m, func(r ast.Ref) bool {
		found = found || r.HasPrefix(path) || path.HasPrefix(r.GroundPrefix()) && len(r) > 0 && r[0].Value.Compare(ast.DefaultRootDocument.Value) == 0
		return found
	})
	return found
}

// title is that of the metadata of the package.
func title(m *ast.Module) string {
	for _, a := range m.Annotations {
		if a.Scope == "package" && a.Title != "" {
			return strings.Join(strings.Fields(a.Title), " ")
		}
	}
	return ""
}

// pageOf is the page of the module as a rule: its title, its description and
// its text.
func pageOf(m *Module, parsed *ast.Module) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", either(m.Title, m.Name))
	for _, a := range parsed.Annotations {
		if a.Scope == "package" && a.Description != "" {
			fmt.Fprintf(&b, "%s\n\n", strings.TrimSpace(a.Description))
		}
	}
	return b.String()
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
