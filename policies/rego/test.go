package rego

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/types"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// A TestResult is what became of a rule called test_*.
type TestResult struct {
	File, Name   string
	Line, Column int
	// Why is empty for a test that passed.
	Why string
	// Printed is what print wrote.
	Printed string
}

// A FileProblem is a problem of one of several sources.
type FileProblem struct {
	File string
	Problem
}

// testTime bounds one test.
const testTime = 10 * time.Second

// Test runs the rules test_* of the tests, which see the modules. Beside what
// modules may call, they may call print, and tiphys.input, which makes of an
// object, or of its YAML, the input that modules get.
func Test(ctx context.Context, modules, tests []Source) ([]TestResult, []FileProblem) {
	if len(tests) == 0 {
		return nil, nil
	}
	parsed := map[string]*ast.Module{libraryFile: libraryModule()}
	homes := map[string]Source{}
	var problems []FileProblem
	for _, s := range slices.Concat(modules, tests) {
		m, found := parseText(s)
		for _, p := range found {
			problems = append(problems, FileProblem{s.File, p})
		}
		if found != nil {
			continue
		}
		pkg := packageOf(m.Package.Path)
		if other := homes[pkg]; s.Policy != "" && other.File != "" {
			// Together they would be one module, and each is one of its own.
			message := fmt.Sprintf("package %s is also that of %s: choose another name, to tell them apart in tests", pkg, other.File)
			problems = append(problems, FileProblem{s.File, Problem{m.Package.Location.Row, m.Package.Location.Col, message}})
			continue
		}
		if s.Policy != "" {
			homes[pkg] = s
		}
		if m.Package.Path.HasPrefix(libraryPath) {
			continue
		}
		rename(m)
		parsed[s.File] = m
	}
	if problems != nil {
		return nil, problems
	}
	c := ast.NewCompiler().WithCapabilities(testCapabilities()).WithDefaultRegoVersion(ast.RegoV1).WithEnablePrintStatements(true)
	if c.Compile(parsed); c.Failed() {
		for _, e := range c.Errors {
			p := FileProblem{Problem: problemsOf(e)[0]}
			if e.Location != nil {
				p.File = e.Location.File
			}
			problems = append(problems, p)
		}
		return nil, problems
	}
	for _, m := range c.Modules {
		seal(m)
	}
	var out []TestResult
	for _, s := range tests {
		for _, r := range testsOf(parsed[s.File]) {
			out = append(out, runTest(ctx, c, parsed[s.File], r, s.File))
		}
	}
	slices.SortStableFunc(out, func(a, b TestResult) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return out, nil
}

// testsOf returns the first rule of each test.
func testsOf(m *ast.Module) []*ast.Rule {
	var out []*ast.Rule
	seen := map[string]bool{}
	for _, r := range m.Rules {
		name := r.Head.Ref()[0].String()
		if strings.HasPrefix(name, "test_") && !seen[name] {
			seen[name] = true
			out = append(out, r)
		}
	}
	return out
}

func runTest(ctx context.Context, c *ast.Compiler, m *ast.Module, r *ast.Rule, file string) TestResult {
	out := TestResult{File: file, Name: r.Head.Ref()[0].String(), Line: r.Location.Row, Column: r.Location.Col}
	if len(r.Head.Args) > 0 || len(r.Head.Ref()) > 1 || r.Head.Key != nil {
		out.Why = "a test is a rule without arguments and keys: write one for each case"
		return out
	}
	ctx, stop := context.WithTimeout(ctx, testTime)
	defer stop()
	cancel := topdown.NewCancel()
	defer context.AfterFunc(ctx, cancel.Cancel)()
	var printed bytes.Buffer
	body := ast.NewBody(ast.Equality.Expr(ast.VarTerm("x"), ast.NewTerm(m.Package.Path.Append(ast.StringTerm(out.Name)))))
	passed := false
	err := topdown.NewQuery(body).
		WithCompiler(c).WithStore(nothing{}).WithBuiltins(testBuiltins()).WithCancel(cancel).
		WithTime(epoch).WithMetrics(metrics.NoOp()).WithStrictBuiltinErrors(true).WithIndexing(false).
		WithPrintHook(topdown.NewPrintHook(&printed)).
		Iter(ctx, func(r topdown.QueryResult) error {
			passed = r["x"].Equal(ast.InternedBooleanTrue)
			return nil
		})
	out.Printed = printed.String()
	switch {
	case ctx.Err() != nil:
		out.Why = ended(ctx.Err()).Error()
	case err != nil:
		out.Why = failure(err).Error()
	case !passed:
		out.Why = "it is not true"
	}
	return out
}

// inputDecl is tiphys.input, for tests only: a module cannot make its own input.
var inputDecl = &ast.Builtin{
	Name: "tiphys.input",
	Decl: types.NewFunction(types.Args(types.A), types.NewObject(nil, types.NewDynamicProperty(types.S, types.A))),
}

func testCapabilities() *ast.Capabilities {
	c := *capabilities
	c.Builtins = append(slices.Clone(c.Builtins), inputDecl)
	return &c
}

func testBuiltins() map[string]*topdown.Builtin {
	all := map[string]*topdown.Builtin{inputDecl.Name: {Decl: inputDecl, Func: testInput}}
	for name, b := range builtins {
		all[name] = b
	}
	return all
}

func testInput(c topdown.BuiltinContext, operands []*ast.Term, iter func(*ast.Term) error) error {
	o, err := objectOf(operands[0].Value)
	if err != nil {
		return halt(c, inputDecl.Name, err)
	}
	everything := needs{bare: fields{all: true}, object: fields{all: true}, review: true, templates: true}
	everything.everyPart()
	t, err := (&Input{Object: o}).term(&everything, nil)
	if err != nil {
		return halt(c, inputDecl.Name, err)
	}
	return iter(t)
}

// objectOf reads an object of a value, or of a text in YAML.
func objectOf(v ast.Value) (*manifest.Node, error) {
	text, ok := v.(ast.String)
	if !ok {
		text = ast.String(v.String()) // terms are written as JSON, but for sets
	}
	docs := manifest.Parse(source.NewFile("input", []byte(text)))
	if d := docs[0]; len(d.Problems) > 0 {
		return nil, errors.New(d.Problems[0].Message)
	}
	objects := docs[0].Objects()
	if len(objects) != 1 || objects[0].Kind != manifest.Map {
		return nil, fmt.Errorf("%d objects are given: give one", len(objects))
	}
	return objects[0], nil
}
