package rego

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tiphys-dev/tiphys/lint/manifest"
)

// The bounds of what a module says of one object.
const (
	MaxResults = 100
	MaxMessage = 1000 // bytes
	maxDetails = 64 << 10
)

// A gathering collects results.
type gathering struct {
	kind  Kind
	title string
	all   []Result
}

// take reads the value of a rule: a set or list of what is wrong, an object
// with one such thing for each key, one thing, or true.
func (g *gathering) take(v ast.Value) error {
	switch v := v.(type) {
	case ast.Set:
		return v.Iter(func(t *ast.Term) error { return g.one(t.Value) })
	case *ast.Array:
		return v.Iter(func(t *ast.Term) error { return g.one(t.Value) })
	case ast.Object:
		if v.Get(messageKey) != nil {
			return g.one(v)
		}
		return v.Iter(func(k, t *ast.Term) error {
			if t.Equal(ast.InternedBooleanTrue) {
				return g.one(k.Value)
			}
			return g.one(t.Value)
		})
	case ast.Boolean:
		if v {
			g.add(Result{Message: g.title})
		}
		return nil
	}
	return g.one(v)
}

var messageKey = ast.StringTerm("msg")

// one reads one thing that is wrong: a message, or an object that has one.
func (g *gathering) one(v ast.Value) error {
	switch v := v.(type) {
	case ast.String:
		if strings.TrimSpace(string(v)) == "" {
			return fmt.Errorf("%s has an empty message", g.kind)
		}
		g.add(Result{Message: string(v)})
		return nil
	case ast.Object:
		message, ok := textOf(v, "msg")
		if !ok || strings.TrimSpace(message) == "" {
			return fmt.Errorf("%s has an object without msg, a string that says what is wrong", g.kind)
		}
		r := Result{Message: message}
		if d := v.Get(ast.StringTerm("details")); d != nil {
			if weigh(d.Value, maxDetails) < 0 {
				return fmt.Errorf("%s has details of more than %d bytes", g.kind, maxDetails)
			}
			details, err := detailsOf(d.Value)
			if err != nil {
				return fmt.Errorf("%s: read details: %w", g.kind, err)
			}
			r.Details = details
			if o, ok := d.Value.(ast.Object); ok {
				r.Path = pathOf(o)
			}
		}
		if p := pathOf(v); p != "" {
			r.Path = p
		}
		g.add(r)
		return nil
	}
	return fmt.Errorf("%s has %s: write a string, or an object with msg", g.kind, article(ast.ValueName(v)))
}

func article(word string) string {
	if strings.ContainsRune("aeiou", rune(word[0])) {
		return "an " + word
	}
	return "a " + word
}

func textOf(o ast.Object, key string) (string, bool) {
	t := o.Get(ast.StringTerm(key))
	if t == nil {
		return "", false
	}
	s, ok := t.Value.(ast.String)
	return string(s), ok
}

func detailsOf(v ast.Value) (any, error) {
	out, err := ast.JSON(v)
	if err != nil {
		return nil, err
	}
	if n, ok := out.(json.Number); ok {
		return n, nil
	}
	return out, nil
}

// pathOf reads path or field: the text of a path, or its keys and indices.
func pathOf(o ast.Object) string {
	for _, key := range [...]string{"path", "field"} {
		t := o.Get(ast.StringTerm(key))
		if t == nil {
			continue
		}
		switch v := t.Value.(type) {
		case ast.String:
			return string(v)
		case *ast.Array:
			return join(v)
		}
	}
	return ""
}

func join(keys *ast.Array) string {
	var b strings.Builder
	for i := range keys.Len() {
		switch k := keys.Elem(i).Value.(type) {
		case ast.String:
			b.WriteString(manifest.Field(b.Len() == 0, string(k)))
		case ast.Number:
			b.WriteString("[" + string(k) + "]")
		}
		if b.Len() > MaxMessage {
			break
		}
	}
	return b.String()
}

func (g *gathering) add(r Result) {
	r.Kind, r.Message = g.kind, oneLine(r.Message)
	if len(r.Path) > MaxMessage {
		r.Path = "" // no field has such a path
	}
	g.all = append(g.all, r)
}

// oneLine makes one line of a message, and cuts it where it is too long.
func oneLine(s string) string {
	cut := len(s) > MaxMessage
	if cut {
		s = strings.ToValidUTF8(s[:MaxMessage], "")
	}
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s))
	if cut {
		s += "…"
	}
	return s
}

// results are what was gathered, in order, without doubles, and no more than
// MaxResults: the last then says how many more there are.
func (g *gathering) results() []Result {
	slices.SortStableFunc(g.all, func(a, b Result) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Message, b.Message))
	})
	g.all = slices.CompactFunc(g.all, func(a, b Result) bool {
		return a.Kind == b.Kind && a.Path == b.Path && a.Message == b.Message
	})
	if n := len(g.all); n > MaxResults {
		g.all = append(g.all[:MaxResults-1:MaxResults-1], Result{
			Kind: g.all[0].Kind, Message: "and " + strconv.Itoa(n-MaxResults+1) + " more of this rule",
		})
	}
	return g.all
}
