package rego

import (
	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tiphys-dev/tiphys/lint/manifest"
)

// term makes a term of a node: what encoding/json and OPA would make of the
// object in JSON, without either.
func term(n *manifest.Node) *ast.Term {
	if n == nil {
		return ast.InternedNullTerm
	}
	switch n.Kind {
	case manifest.Bool:
		return ast.InternedTerm(n.Value == "true")
	case manifest.Int, manifest.Float:
		if t := ast.InternedIntNumberTermFromString(n.Value); t != nil {
			return t
		}
		return ast.NewTerm(ast.Number(n.Value))
	case manifest.String:
		return text(n.Value)
	case manifest.List:
		terms := make([]*ast.Term, len(n.Children))
		for i, c := range n.Children {
			terms[i] = term(c)
		}
		return ast.ArrayTerm(terms...)
	case manifest.Map:
		items := make([][2]*ast.Term, len(n.Children))
		for i, c := range n.Children {
			items[i] = [2]*ast.Term{text(c.Key.Value), term(c)}
		}
		return ast.NewTerm(ast.NewObject(items...))
	}
	return ast.InternedNullTerm
}

// text is the term of a string; those that OPA knows already cost nothing.
func text(s string) *ast.Term { return ast.InternedTerm(s) }

func pair(key string, value *ast.Term) [2]*ast.Term { return [2]*ast.Term{text(key), value} }

func object(items ...[2]*ast.Term) *ast.Term { return ast.NewTerm(ast.NewObject(items...)) }
