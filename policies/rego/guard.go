package rego

import (
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// What a function may make at once. The deadline bounds how often it is called.
const (
	maxElements = 100_000
	maxString   = 1 << 20
	maxShift    = 4096
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
	guard(ast.ReplaceN, written),
	guard(ast.JSONMarshal, written),
	guard(ast.JSONMarshalWithOptions, written),
	guard(ast.YAMLMarshal, written),
	guard(ast.BitsShiftLeft, shifted),
	guard(ast.RegexReplace, replaced),
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
		terms := []*ast.Term{ast.VarTerm("tiphys"), ast.StringTerm("guarded")}
		for part := range strings.SplitSeq(name, ".") {
			terms = append(terms, ast.StringTerm(part))
		}
		for _, part := range terms {
			part.Location = t.Location
		}
		t.Value = ast.Ref(terms)
	}
	calls(m, operator)
	ast.WalkWiths(m, func(w *ast.With) bool {
		operator(w.Target)
		operator(w.Value)
		return false
	})
}

// guarded gives functions in a message the names that they have in the text.
func guarded(message string) string { return strings.ReplaceAll(message, prefix, "") }

func span(operands []*ast.Term) error {
	from, ok1 := float(operands[0])
	to, ok2 := float(operands[1])
	step := 1.0
	if len(operands) > 2 {
		step, _ = float(operands[2])
	}
	if n := to - from; ok1 && ok2 && step > 0 && max(n, -n)/step >= maxElements {
		return fmt.Errorf("more than %d numbers", maxElements)
	}
	return nil
}

func float(t *ast.Term) (float64, bool) {
	n, ok := t.Value.(ast.Number)
	if !ok {
		return 0, false
	}
	return n.Float64()
}

func elements(operands []*ast.Term) error {
	sum := 0
	for _, o := range operands {
		if a, ok := o.Value.(*ast.Array); ok {
			sum += a.Len()
		}
	}
	if sum > maxElements {
		return fmt.Errorf("an array of more than %d elements", maxElements)
	}
	return nil
}

func shifted(operands []*ast.Term) error {
	if n, ok := float(operands[1]); ok && n > maxShift {
		return fmt.Errorf("a shift of more than %d bits", maxShift)
	}
	return written(operands[:1])
}

// written bounds the text that is made of the operands.
func written(operands []*ast.Term) error {
	left := maxString
	for _, o := range operands {
		if left = weigh(o.Value, left); left < 0 {
			return tooLong()
		}
	}
	if a, ok := operands[len(operands)-1].Value.(*ast.Array); ok && len(operands) == 2 {
		if s, ok := operands[0].Value.(ast.String); ok && len(s)*a.Len() > maxString {
			return tooLong() // a long delimiter between many
		}
	}
	return nil
}

func tooLong() error { return fmt.Errorf("a text of more than %d bytes", maxString) }

// printed bounds what sprintf makes: its operands, and the width it is given.
func printed(operands []*ast.Term) error {
	if err := written(operands[1:]); err != nil {
		return err
	}
	format, _ := operands[0].Value.(ast.String)
	digits, verb := 0, false
	for i := 0; i < len(format); i++ {
		switch c := format[i]; {
		case c == '%':
			digits, verb = 0, true
		case !verb:
		case c >= '0' && c <= '9':
			if digits++; digits > 3 {
				return fmt.Errorf("a width of more than 3 digits in %.40q", string(format))
			}
		case c == '*':
			return fmt.Errorf("a width by argument in %.40q", string(format))
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			verb = false
		default:
			digits = 0
		}
	}
	return nil
}

// replaced bounds a text in which many short parts are replaced by long ones.
// The operands are those of replace or of regex.replace.
func replaced(operands []*ast.Term) error {
	s, ok1 := operands[0].Value.(ast.String)
	long, ok2 := operands[2].Value.(ast.String)
	if ok1 && ok2 && (len(s) > maxString || (len(s)+1)*(len(long)+1) > 16*maxString) {
		return tooLong()
	}
	return nil
}

// weigh takes the size of a value, written out, from what is left, and stops
// below zero: values share their parts, and a small one may be endless to write.
func weigh(v ast.Value, left int) int {
	switch v := v.(type) {
	case ast.String:
		return left - len(v) - 2
	case ast.Number:
		return left - len(v)
	case *ast.Array:
		left -= 2
		for i := 0; i < v.Len() && left >= 0; i++ {
			left = weigh(v.Elem(i).Value, left-1)
		}
	case ast.Set:
		left -= 2
		_ = v.Iter(func(t *ast.Term) error {
			if left = weigh(t.Value, left-1); left < 0 {
				return tooLong()
			}
			return nil
		})
	case ast.Object:
		left -= 2
		_ = v.Iter(func(k, t *ast.Term) error {
			if left = weigh(t.Value, weigh(k.Value, left-2)); left < 0 {
				return tooLong()
			}
			return nil
		})
	default:
		return left - 5
	}
	return left
}
