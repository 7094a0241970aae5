package rego

import (
	"fmt"
	"math/bits"
	"regexp/syntax"

	"github.com/open-policy-agent/opa/v1/ast"
)

// What a function may make at once. The deadline bounds how often it is called.
const (
	maxElements  = 100_000
	maxString    = 1 << 20
	maxShift     = 4096
	maxDigits    = 1 << 16
	maxTraversed = 16 << 20 // an object of 3 MiB has its graph beside it
	maxSearch    = 1 << 28  // steps of a search, as by a regular expression: seconds
	maxRepeat    = 1000     // what one letter of a regular expression may be made of
)

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

// replacedAll is replaced for the operands of strings.replace_n: the patterns
// with what takes their place, and the text.
func replacedAll(operands []*ast.Term) error {
	all, ok := operands[0].Value.(ast.Object)
	if !ok {
		return nil
	}
	return all.Iter(func(_, by *ast.Term) error { return replaced([]*ast.Term{operands[1], nil, by}) })
}

// searched bounds the work of a regular expression, which no deadline ends: for
// each byte of a text it may look at each of its steps.
func searched(pattern, in *ast.Term) error {
	p, ok1 := pattern.Value.(ast.String)
	s, ok2 := in.Value.(ast.String)
	if !ok1 || !ok2 || maxRepeat*len(p)*len(s) <= maxSearch {
		return nil
	}
	steps := len(p)
	if tree, err := syntax.Parse(string(p), syntax.Perl); err == nil {
		if program, err := syntax.Compile(tree.Simplify()); err == nil {
			steps = len(program.Inst)
		}
	}
	if steps*len(s) > maxSearch {
		return fmt.Errorf("an expression of %d steps for a text of %d bytes", steps, len(s))
	}
	return nil
}

// ordered bounds the work of putting texts in order, to look up others among them:
// each is read once for each time that their number can be halved.
func ordered(operands []*ast.Term) error {
	sum, number := 0, 0
	add := func(t *ast.Term) {
		if s, ok := t.Value.(ast.String); ok {
			sum, number = sum+len(s), number+1
		}
	}
	each(operands, add)
	if sum*bits.Len(uint(number)) > maxSearch {
		return fmt.Errorf("%d texts of %d bytes together", number, sum)
	}
	return nil
}

// each calls f for the operands, or for the elements of those that are arrays or
// sets.
func each(operands []*ast.Term, f func(*ast.Term)) {
	for _, o := range operands {
		switch v := o.Value.(type) {
		case *ast.Array:
			v.Foreach(f)
		case ast.Set:
			v.Foreach(f)
		default:
			f(o)
		}
	}
}

// trimmed bounds the work of cutting letters off a text: each of it is compared
// with each of those that are cut off.
func trimmed(operands []*ast.Term) error {
	s, ok1 := operands[0].Value.(ast.String)
	letters, ok2 := operands[1].Value.(ast.String)
	if ok1 && ok2 && len(s)*len(letters) > maxSearch {
		return fmt.Errorf("%d letters of a text of %d bytes", len(letters), len(s))
	}
	return nil
}

// sought bounds the work of finding a text in another, which is compared at each
// place, though many bytes at once.
func sought(operands []*ast.Term) error {
	in, ok1 := operands[0].Value.(ast.String)
	s, ok2 := operands[1].Value.(ast.String)
	if ok1 && ok2 && len(in)*len(s) > 16*maxSearch {
		return fmt.Errorf("a text of %d bytes in one of %d", len(s), len(in))
	}
	return nil
}

// multiplied bounds the digits of a product.
func multiplied(operands []*ast.Term) error {
	digits := 0
	add := func(t *ast.Term) {
		if n, ok := t.Value.(ast.Number); ok {
			digits += len(n)
		}
	}
	each(operands, add)
	if digits > maxDigits {
		return fmt.Errorf("a number of more than %d digits", maxDigits)
	}
	return nil
}

// traversed bounds a value that a function goes through from end to end.
func traversed(operands []*ast.Term) error {
	left := maxTraversed
	for _, o := range operands {
		if left = weigh(o.Value, left); left < 0 {
			return fmt.Errorf("a value of more than %d bytes", maxTraversed)
		}
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
