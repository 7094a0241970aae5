package rego

import (
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tiphys-dev/tiphys/lint/near"
)

// Reading what is not there is no mistake in Rego: the rule is silently never
// true. So what is read is compared with what there can be.
var (
	fieldsOfReview = []string{
		"dryRun", "kind", "name", "namespace", "namespaceObject", "object", "oldObject", "operation", "options",
		"requestKind", "requestResource", "requestSubResource", "resource", "subResource", "uid", "userInfo",
	}
	fieldsOfObject = []string{"apiVersion", "kind", "metadata", "spec", "status", "review", "parameters", "tiphys"}
)

// unresolved reports what a compiled module reads that can never be there.
func unresolved(c *ast.Compiler, m *ast.Module) []Problem {
	var all []Problem
	say := func(t *ast.Term, message string) {
		p := Problem{Message: message}
		at := t.Location
		for _, part := range t.Value.(ast.Ref) {
			if at == nil {
				at = part.Location // of an imported name, only what follows has a place
			}
		}
		if at != nil {
			p.Line, p.Column = at.Row, at.Col
		}
		all = append(all, p)
	}
	ast.WalkTerms(m, func(t *ast.Term) bool {
		ref, ok := t.Value.(ast.Ref)
		if !ok || len(ref) == 0 {
			return false
		}
		switch {
		case ref[0].Equal(ast.DefaultRootDocument):
			if why := unknownData(c, m, ref); why != "" {
				say(t, why)
			}
		case ref[0].Equal(ast.InputRootDocument):
			if why := unknownInput(ref); why != "" {
				say(t, why)
			}
		}
		return false
	})
	return sorted(all)
}

func unknownData(c *ast.Compiler, m *ast.Module, ref ast.Ref) string {
	at := packageOf(ref.GroundPrefix())
	if len(ref) > 1 && !ref[1].IsGround() {
		return "data is read as a whole: name the rule that is meant"
	}
	switch {
	case ref.HasPrefix(m.Package.Path), ref.HasPrefix(libraryPath):
		if len(c.GetRules(ref)) > 0 || len(c.GetRulesWithPrefix(ref.GroundPrefix())) > 0 {
			return ""
		}
		pkg := m.Package.Path
		if ref.HasPrefix(libraryPath) {
			pkg = libraryPath
		}
		if len(ref) == len(pkg) {
			return fmt.Sprintf("%s is a whole package: name the rule of it that is meant", at)
		}
		wanted, _ := ref[len(pkg)].Value.(ast.String)
		return fmt.Sprintf("%s has no %q%s", packageOf(pkg), string(wanted), near.Hint(string(wanted), rulesOf(c, pkg)))
	}
	return fmt.Sprintf("data.%s is not there: a module sees its own rules, data.tiphys.lib and input; give values in parameters", at)
}

func rulesOf(c *ast.Compiler, pkg ast.Ref) []string {
	var out []string
	for _, m := range c.Modules {
		if m.Package.Path.Equal(pkg) {
			for _, r := range m.Rules {
				out = append(out, strings.TrimPrefix(r.Head.Ref()[0].Value.String(), "data."))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func unknownInput(ref ast.Ref) string {
	first, ok := key(ref, 1)
	if !ok {
		return ""
	}
	second, ok := key(ref, 2)
	switch {
	case first == "review" && ok && !slices.Contains(fieldsOfReview, second):
		return fmt.Sprintf("input.review has no %q%s", second, near.Hint(second, fieldsOfReview))
	case first == "tiphys" && ok && !slices.Contains(partNames[:], second):
		return fmt.Sprintf("input.tiphys has no %q%s", second, near.Hint(second, partNames[:]))
	case slices.Contains(fieldsOfObject, first):
		return ""
	}
	if hint := near.Hint(first, fieldsOfObject); hint != "" {
		return fmt.Sprintf("input has no %q%s", first, hint)
	}
	return ""
}

// key returns the i-th part of a reference, if it is a string.
func key(ref ast.Ref, i int) (string, bool) {
	if i >= len(ref) {
		return "", false
	}
	s, ok := ref[i].Value.(ast.String)
	return string(s), ok
}
