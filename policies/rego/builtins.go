package rego

import (
	"encoding/json"
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
	builtin("tiphys.image", types.S, types.NewObject(nil, types.NewDynamicProperty(types.S, types.A)), imageOf),
	builtin("tiphys.quantity", types.NewAny(types.S, types.N), types.N, quantityOf),
	builtin("tiphys.duration", types.NewAny(types.S, types.N), types.N, durationOf),
}

func builtin(name string, in, out types.Type, f func(ast.Value) (*ast.Term, error)) *topdown.Builtin {
	return &topdown.Builtin{
		Decl: &ast.Builtin{Name: name, Decl: types.NewFunction(types.Args(in), out)},
		Func: func(_ topdown.BuiltinContext, operands []*ast.Term, iter func(*ast.Term) error) error {
			t, err := f(operands[0].Value)
			if err != nil {
				return err
			}
			return iter(t)
		},
	}
}

// imageOf takes an image reference apart. One that no registry can have has a
// problem and no parts, so that it is on no list of what is allowed; one with a
// tag {{...}} is known only when the workflow runs, and is dynamic.
func imageOf(v ast.Value) (*ast.Term, error) {
	s, ok := v.(ast.String)
	if !ok {
		return nil, fmt.Errorf("tiphys.image: %s is no string", ast.ValueName(v))
	}
	return imageTerm(string(s)), nil
}

// The hosts and folders that an image without them comes from.
const (
	hub     = "docker.io"
	library = "library/"
)

func imageTerm(s string) *ast.Term {
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
	))
}

// quantityOf makes a number of 500m, "1Gi" or 2.
func quantityOf(v ast.Value) (*ast.Term, error) {
	s, err := scalar(v)
	if err != nil {
		return nil, fmt.Errorf("tiphys.quantity: %w", err)
	}
	q, err := quantity.Parse(s)
	if err != nil {
		return nil, fmt.Errorf("tiphys.quantity: %q is no quantity: %w", s, err)
	}
	n, ok := q.Decimal()
	if !ok {
		return nil, fmt.Errorf("tiphys.quantity: %q is more than anything can have", s)
	}
	return ast.NewTerm(ast.Number(n)), nil
}

// durationOf makes seconds of 1h30m, "90" or 90.
func durationOf(v ast.Value) (*ast.Term, error) {
	s, err := scalar(v)
	if err != nil {
		return nil, fmt.Errorf("tiphys.duration: %w", err)
	}
	d, err := duration.ParseSeconds(s)
	if err != nil {
		return nil, fmt.Errorf("tiphys.duration: %q is no duration: %w", s, err)
	}
	if d%time.Second == 0 {
		return ast.NumberTerm(json.Number(fmt.Sprint(int64(d / time.Second)))), nil
	}
	return ast.FloatNumberTerm(d.Seconds()), nil
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
