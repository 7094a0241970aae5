package rego

import (
	"cmp"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// prefix stands before the name of a function that is guarded. OPA has no way
// to put another function in the place of one of its own, so calls are renamed
// before a module is compiled; guarded is what undoes it in messages.
const prefix = "tiphys.guarded."

// guards are the functions that can make very much of very little.
var guards = []*topdown.Builtin{
	guard(ast.NumbersRange, span),
	guard(ast.NumbersRangeStep, span),
	guard(ast.ArrayConcat, elements),
	guard(ast.Sprintf, printed),
	guard(ast.Concat, written),
	guard(ast.Replace, replaced),
	guard(ast.ReplaceN, replacedAll),
	guard(ast.JSONMarshal, written),
	guard(ast.JSONMarshalWithOptions, written),
	guard(ast.YAMLMarshal, written),
	guard(ast.BitsShiftLeft, shifted),
	guard(ast.RegexTemplateMatch, func(operands []*ast.Term) error { return searched(operands[0], operands[1]) }),
	guard(ast.RegexReplace, func(operands []*ast.Term) error {
		return cmp.Or(replaced(operands), searched(operands[1], operands[0]))
	}),
	guard(ast.RegexMatch, func(operands []*ast.Term) error { return searched(operands[0], operands[1]) }),
	guard(ast.RegexSplit, func(operands []*ast.Term) error { return searched(operands[0], operands[1]) }),
	guard(ast.RegexFind, func(operands []*ast.Term) error { return searched(operands[0], operands[1]) }),
	guard(ast.RegexFindAllStringSubmatch, func(operands []*ast.Term) error { return searched(operands[0], operands[1]) }),
	guard(ast.WalkBuiltin, traversed),
	guard(ast.Max, traversed),
	guard(ast.Min, traversed),
	guard(ast.Sort, traversed),
	guard(ast.JSONPatch, traversed),
	guard(ast.ArrayFlatten, traversed),
	guard(ast.ObjectUnionN, traversed),
	guard(ast.Sum, traversed),
	guard(ast.ReachableBuiltin, traversed),
	guard(ast.ObjectSubset, traversed),
	guard(ast.AnyPrefixMatch, ordered),
	guard(ast.AnySuffixMatch, ordered),
	guard(ast.IndexOf, sought),
	guard(ast.IndexOfN, sought),
	guard(ast.Trim, trimmed),
	guard(ast.TrimLeft, trimmed),
	guard(ast.TrimRight, trimmed),
	guard(ast.Multiply, multiplied),
	guard(ast.Product, multiplied),
	guard(ast.InternalTemplateString, written),
}

// builtins are all functions that OPA does not have itself, by name.
var builtins = func() map[string]*topdown.Builtin {
	all := map[string]*topdown.Builtin{}
	for _, list := range [][]*topdown.Builtin{own, guards} {
		for _, b := range list {
			all[b.Decl.Name] = b
		}
	}
	return all
}()

func guard(decl *ast.Builtin, check func([]*ast.Term) error) *topdown.Builtin {
	renamed := *decl
	renamed.Name, renamed.Infix = prefix+decl.Name, ""
	call, arity := topdown.GetBuiltin(decl.Name), decl.Decl.Arity()
	return &topdown.Builtin{
		Decl: &renamed,
		Func: func(c topdown.BuiltinContext, operands []*ast.Term, iter func(*ast.Term) error) error {
			// Behind the arguments there may be a term for the value.
			if err := check(operands[:arity]); err != nil {
				return halt(c, decl.Name, err)
			}
			return call(c, operands, iter)
		},
	}
}

// halt ends an evaluation with an error of a function, and says where.
func halt(c topdown.BuiltinContext, name string, err error) error {
	return topdown.Halt{Err: &topdown.Error{Code: topdown.BuiltinErr, Message: name + ": " + err.Error(), Location: c.Location}}
}

// rename puts the guards in the place of the functions that have one.
func rename(m *ast.Module) {
	hidden := map[string]bool{} // by rules and imports of the same name
	for _, r := range m.Rules {
		hidden[r.Head.Ref()[0].String()] = true
	}
	for _, i := range m.Imports {
		hidden[string(i.Name())] = true
	}
	operator := func(t *ast.Term) {
		ref, ok := t.Value.(ast.Ref)
		if !ok {
			return
		}
		name := ref.String()
		if _, ok := builtins[prefix+name]; !ok || hidden[ref[0].String()] {
			return
		}
		t.Value = guardOf(name, t.Location)
	}
	calls(m, operator)
	ast.WalkWiths(m, func(w *ast.With) bool {
		operator(w.Target)
		operator(w.Value)
		return false
	})
}

// seal guards what the compiler makes of template strings.
func seal(m *ast.Module) {
	name := ast.InternalTemplateString.Name
	calls(m, func(t *ast.Term) {
		if ref, ok := t.Value.(ast.Ref); ok && ref.String() == name {
			t.Value = guardOf(name, t.Location)
		}
	})
}

// guardOf is what the guard of a function is called by.
func guardOf(name string, at *ast.Location) ast.Ref {
	ref := ast.Ref{ast.VarTerm("tiphys"), ast.StringTerm("guarded")}
	for part := range strings.SplitSeq(name, ".") {
		ref = append(ref, ast.StringTerm(part))
	}
	for _, part := range ref {
		part.Location = at
	}
	return ref
}

// guarded gives functions in a message the names that they have in the text.
func guarded(message string) string {
	message = strings.ReplaceAll(message, prefix, "")
	return strings.ReplaceAll(message, ast.InternalTemplateString.Name, "a template string")
}
