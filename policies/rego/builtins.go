package rego

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/types"

	"github.com/tiphys-dev/tiphys/lint/duration"
	"github.com/tiphys-dev/tiphys/lint/image"
	"github.com/tiphys-dev/tiphys/lint/quantity"
)

// own are the functions that Tiphys adds; data.tiphys.lib is where to call them.
var own = []*topdown.Builtin{
	builtin("tiphys.image", types.Args(types.S), types.NewObject(nil, types.NewDynamicProperty(types.S, types.A)), imageOf),
	builtin("tiphys.quantity", types.Args(types.NewAny(types.S, types.N)), types.N, quantityOf),
	builtin("tiphys.duration", types.Args(types.NewAny(types.S, types.N)), types.N, durationOf),
	builtin("tiphys.within", types.Args(types.A, types.NewArray(nil, types.S)), types.B, withinOf),
}

func builtin(name string, in []types.Type, out types.Type, f func([]*ast.Term) (*ast.Term, error)) *topdown.Builtin {
	return &topdown.Builtin{
		Decl: &ast.Builtin{Name: name, Decl: types.NewFunction(in, out)},
		Func: func(c topdown.BuiltinContext, operands []*ast.Term, iter func(*ast.Term) error) error {
			t, err := f(operands)
			if err != nil {
				return halt(c, name, err)
			}
			return iter(t)
		},
	}
}

// imageOf takes an image reference apart. One that no registry can have has a
// problem and no parts, so that it is on no list of what is allowed; one with a
// tag {{...}} is known only when the workflow runs, and is dynamic.
func imageOf(operands []*ast.Term) (*ast.Term, error) {
	s, ok := operands[0].Value.(ast.String)
	if !ok {
		return nil, fmt.Errorf("%s is no string", article(ast.ValueName(operands[0].Value)))
	}
	return imageTerm(string(s), ""), nil
}

// The hosts and folders that an image without them comes from.
const (
	hub     = "docker.io"
	library = "library/"
)

func imageTerm(s, path string) *ast.Term {
	var r image.Ref
	problem := ""
	dynamic := strings.Contains(s, "{{")
	if !dynamic {
		var p *image.Problem
		if r, p = image.Parse(s); p != nil {
			r, problem = image.Ref{}, p.Message
		}
	}
	registry, repository := r.Registry, r.Name
	if r.Name != "" {
		if registry == "" {
			registry = hub
		}
		if registry == hub && !strings.Contains(repository, "/") {
			repository = library + repository
		}
	}
	return ast.NewTerm(ast.NewObject(
		pair("ref", text(s)),
		pair("registry", text(registry)),
		pair("name", text(repository)),
		pair("tag", text(r.Tag)),
		pair("digest", text(r.Digest)),
		pair("dynamic", ast.InternedTerm(dynamic)),
		pair("problem", text(problem)),
		pair("path", text(path)),
	))
}

// quantityOf makes a number of 500m, "1Gi" or 2.
func quantityOf(operands []*ast.Term) (*ast.Term, error) {
	s, err := scalar(operands[0].Value)
	if err != nil {
		return nil, fmt.Errorf("%w", err)
	}
	q, err := quantity.Parse(s)
	if err != nil {
		return nil, fmt.Errorf("%q is no quantity: %w", s, err)
	}
	n, ok := q.Decimal()
	if !ok {
		return nil, fmt.Errorf("%q is more than anything can have", s)
	}
	return ast.NewTerm(ast.Number(n)), nil
}

// durationOf makes seconds of 1h30m, "90" or 90.
func durationOf(operands []*ast.Term) (*ast.Term, error) {
	s, err := scalar(operands[0].Value)
	if err != nil {
		return nil, fmt.Errorf("%w", err)
	}
	d, err := duration.ParseSeconds(s)
	if err != nil {
		return nil, fmt.Errorf("%q is no duration: %w", s, err)
	}
	if d%time.Second == 0 {
		return ast.NumberTerm(json.Number(fmt.Sprint(int64(d / time.Second)))), nil
	}
	return ast.FloatNumberTerm(d.Seconds()), nil
}

// withinOf reports whether an image comes from one of a list of places.
func withinOf(operands []*ast.Term) (*ast.Term, error) {
	img, ok := operands[0].Value.(ast.Object)
	if !ok {
		return nil, fmt.Errorf("%s is no image: take one apart with lib.image", article(ast.ValueName(operands[0].Value)))
	}
	registry, ok1 := textOf(img, "registry")
	name, ok2 := textOf(img, "name")
	if !ok1 || !ok2 {
		return nil, errors.New("the object has no registry and name: take an image apart with lib.image")
	}
	places, ok := operands[1].Value.(*ast.Array)
	if !ok {
		return nil, fmt.Errorf("%s is no list of places", article(ast.ValueName(operands[1].Value)))
	}
	found := false
	for i := range places.Len() {
		place, ok := places.Elem(i).Value.(ast.String)
		if !ok {
			return nil, fmt.Errorf("%s is no place: write a registry, or a folder of one", places.Elem(i))
		}
		found = found || name != "" && under(registry+"/"+name, strings.TrimRight(string(place), "/"))
	}
	return ast.InternedTerm(found), nil
}

// under reports whether a path is a place or lies in it.
func under(path, place string) bool {
	rest, ok := strings.CutPrefix(path, place)
	return ok && place != "" && (rest == "" || rest[0] == '/')
}

func scalar(v ast.Value) (string, error) {
	switch v := v.(type) {
	case ast.String:
		if strings.Contains(string(v), "{{") {
			return "", fmt.Errorf("%q is known only when the workflow runs: ask lib.dynamic first", string(v))
		}
		return string(v), nil
	case ast.Number:
		return string(v), nil
	}
	return "", fmt.Errorf("%s is neither a string nor a number", ast.ValueName(v))
}
