package expr

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/types"
)

// check asks the type checker of the language. Argo itself compiles with
// fewer types than are known here: what is found by means of them fails when
// the expression is evaluated, or compares what is never equal.
func (t *text) check(tree *parser.Tree) {
	result, err := t.types(tree)
	var e *file.Error
	switch {
	case errors.As(err, &e):
		t.mistyped(e)
	case err == nil && result != nil && environments[t.env].verdict:
		if k := result.Kind(); k != reflect.Bool && k != reflect.Interface {
			t.problem(Problem{Kind: Types, To: len(t.body), Suspicious: len(t.tags) > 0, Message: fmt.Sprintf(
				"the expression gives %s, but must be true or false", article(typeWord(result.String())))})
		}
	}
}

func (t *text) types(tree *parser.Tree) (result reflect.Type, err error) {
	defer func() {
		if r := recover(); r != nil {
			result, err = nil, fmt.Errorf("check the types: %v", r)
		}
	}()
	c := conf.New(variables())
	c.Strict = false
	return checker.Check(tree, c)
}

// functionTypes are those of Argo's own functions.
func functionTypes(m types.Map) {
	m["asInt"] = types.TypeOf(func(any) int { return 0 })
	m["asFloat"] = types.TypeOf(func(any) float64 { return 0 })
	m["toJson"] = types.TypeOf(func(any) string { return "" })
	m["jsonpath"] = types.TypeOf(func(string, string) any { return nil })
}

// mistyped puts the type checker's error into our words.
func (t *text) mistyped(e *file.Error) {
	p := Problem{Kind: Types, From: t.at.byte(e.From), To: t.at.byte(e.To), Suspicious: true}
	switch {
	case strings.HasPrefix(e.Message, "cannot redeclare "):
		if !strings.HasPrefix(e.Message, "cannot redeclare builtin ") {
			return // the variable need not be there
		}
		p.Message = fmt.Sprintf("let cannot declare %q, which is a function", t.body[p.From:min(p.To, len(t.body))])
	case strings.Contains(e.Message, " arguments"):
		p.Kind, p.Suspicious = Arguments, false
		p.Message = e.Message
	case strings.HasPrefix(e.Message, "invalid operation: "):
		p.Message = operation(strings.TrimPrefix(e.Message, "invalid operation: "))
	case strings.HasPrefix(e.Message, "non-bool expression"):
		p.Message = "the condition must be true or false; compare a string, as in x == 'true'"
	case strings.HasPrefix(e.Message, "error parsing regexp"):
		p.Message = e.Message
		p.Suspicious = false
	default:
		p.Message = words(e.Message)
	}
	t.problem(p)
}

// operation speaks of "+ (mismatched types string and int)".
func operation(s string) string {
	op, mismatch, _ := strings.Cut(strings.TrimSuffix(s, ")"), " (mismatched type")
	left, right, two := strings.Cut(strings.TrimSpace(strings.TrimPrefix(mismatch, "s")), " and ")
	l, r := typeWord(left), typeWord(right)
	switch {
	case op == "&&" || op == "||" || op == "and" || op == "or" || op == "!" || op == "not":
		return fmt.Sprintf("%q needs true or false; compare a string, as in x == 'true'", op)
	case !two:
		return fmt.Sprintf("%q cannot be used with %s", op, article(l))
	case l == "string" && r == "number" || l == "number" && r == "string":
		if op == "==" || op == "!=" {
			return fmt.Sprintf("%q compares a string with a number, which are never equal: write asInt(...) around the string, or quote the number", op)
		}
		return fmt.Sprintf("%q cannot be used with a string and a number: write asInt(...) around the string", op)
	case l == "string" && r == "boolean" || l == "boolean" && r == "string":
		return fmt.Sprintf("%q compares a string with a boolean, which are never equal: write 'true' or 'false' in quotes", op)
	case l == r && l == "string":
		return fmt.Sprintf("%q cannot be used with strings: write asInt(...) or asFloat(...) around them", op)
	}
	return fmt.Sprintf("%q cannot be used with %s and %s", op, article(l), article(r))
}

// typeWord names a Go type as users do.
func typeWord(t string) string {
	switch {
	case t == "bool":
		return "boolean"
	case strings.HasPrefix(t, "int"), strings.HasPrefix(t, "uint"), strings.HasPrefix(t, "float"):
		return "number"
	case strings.HasPrefix(t, "[]"), t == "array":
		return "list"
	case strings.HasPrefix(t, "map["), t == "map", strings.HasPrefix(t, "struct"):
		return "object"
	case strings.HasPrefix(t, "func"):
		return "function"
	case t == "time.Time":
		return "time"
	case t == "time.Duration":
		return "duration"
	}
	return t
}

func article(word string) string {
	if strings.HasPrefix(word, "o") || strings.HasPrefix(word, "i") || strings.HasPrefix(word, "a") {
		return "an " + word
	}
	return "a " + word
}

// words replaces Go's names of types in a message of the checker.
func words(s string) string {
	return strings.NewReplacer("map[string]interface {}", "object", "map[string]any", "object", "[]interface {}", "list", "[]any", "list", "interface {}", "any value").Replace(s)
}
