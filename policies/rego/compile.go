package rego

import (
	"cmp"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
)

// maxCompile bounds the time that a module may take to compile. The limits of
// its text see to it that nothing real comes near.
const maxCompile = 10 * time.Second

// A program is what is made of a text once, whatever the parameters.
type program struct {
	compiler *ast.Compiler
	queries  []query // one for each rule that the module has
	needs    needs
	page     string
}

// A query asks for one rule.
type query struct {
	kind Kind
	body ast.Body
}

// compile runs in a goroutine of its own, because OPA's compiler cannot be
// stopped: what takes too long is left to its end, and refused.
func compile(s Source) (*Module, []Problem) {
	type outcome struct {
		module   *Module
		problems []Problem
	}
	done := make(chan outcome, 1)
	go func() {
		defer func() {
			if e := recover(); e != nil {
				done <- outcome{problems: []Problem{{Message: fmt.Sprintf("OPA broke on this module: %v\n%s", e, debug.Stack())}}}
			}
		}()
		m, problems := build(s)
		done <- outcome{m, problems}
	}()
	timer := time.NewTimer(maxCompile)
	defer timer.Stop()
	select {
	case o := <-done:
		return o.module, o.problems
	case <-timer.C:
		return nil, []Problem{{Message: fmt.Sprintf("the module takes longer than %s to compile: make it smaller", maxCompile)}}
	}
}

func build(s Source) (*Module, []Problem) {
	parsed, problems := parse(s)
	if problems != nil {
		return nil, problems
	}
	modules := map[string]*ast.Module{moduleFile: parsed}
	if mentions(parsed, libraryPath) {
		modules[libraryFile] = libraryModule()
	}
	compiler, problems := link(modules)
	if problems != nil {
		return nil, problems
	}
	if problems := unresolved(compiler, compiler.Modules[moduleFile]); problems != nil {
		return nil, problems
	}
	seal(compiler.Modules[moduleFile])
	p := &program{compiler: compiler, queries: queries(parsed)}
	p.needs = reach(compiler, parsed)
	m := &Module{Source: s, program: p}
	if m.Title == "" {
		m.Title = title(parsed)
	}
	p.page = pageOf(m, parsed)
	return m, nil
}

// The names of the modules in the compiler.
const (
	moduleFile  = "module.rego"
	libraryFile = "tiphys/lib.rego"
)

// parse reads a text and checks what can be checked without the compiler.
func parse(s Source) (*ast.Module, []Problem) {
	m, problems := parseText(s)
	if problems == nil {
		problems = shape(m)
	}
	if problems != nil {
		return nil, problems
	}
	rename(m)
	inline(m)
	return m, nil
}

func parseText(s Source) (*ast.Module, []Problem) {
	if len(s.Text) > MaxText {
		return nil, []Problem{{Message: fmt.Sprintf("the module has %d bytes, and more than %d are not read", len(s.Text), MaxText)}}
	}
	if depth := nesting(s.Text); depth > maxNesting {
		return nil, []Problem{{Message: fmt.Sprintf("brackets are nested more than %d deep", maxNesting)}}
	}
	name := cmp.Or(s.File, s.Name, moduleFile)
	m, err := ast.ParseModuleWithOpts(name, s.Text, ast.ParserOptions{
		RegoVersion: ast.RegoV1, Capabilities: capabilities, ProcessAnnotation: true,
	})
	if strings.TrimSpace(s.Text) == "" || err == nil && m == nil {
		return nil, []Problem{{Message: "the module is empty: begin with package and a rule violation, deny or warn"}}
	}
	if err != nil {
		return nil, problemsOf(err)
	}
	return m, nil
}

// link compiles modules against the capabilities.
func link(modules map[string]*ast.Module) (*ast.Compiler, []Problem) {
	c := ast.NewCompiler().WithCapabilities(capabilities).WithStrict(true).WithDefaultRegoVersion(ast.RegoV1)
	c.Compile(modules)
	if c.Failed() {
		return nil, problemsOf(c.Errors)
	}
	return c, nil
}

// maxNesting bounds how deep brackets stand in each other: the parser and the
// compiler call themselves for each.
const maxNesting = 100

// nesting is an upper bound of how deep brackets stand in each other.
func nesting(text string) int {
	depth, most := 0, 0
	for i := range len(text) {
		switch text[i] {
		case '(', '[', '{':
			depth++
			most = max(most, depth)
		case ')', ']', '}':
			depth = max(depth-1, 0)
		}
	}
	return most
}

// problemsOf makes problems of what OPA complains of.
func problemsOf(err error) []Problem {
	var all ast.Errors
	if !errors.As(err, &all) {
		var one *ast.Error
		if !errors.As(err, &one) {
			return []Problem{{Message: err.Error()}}
		}
		all = ast.Errors{one}
	}
	out := make([]Problem, 0, len(all))
	for _, e := range all {
		p := Problem{Message: reword(e)}
		if e.Location != nil {
			p.Line, p.Column = e.Location.Row, e.Location.Col
		}
		out = append(out, p)
	}
	return sorted(out)
}

func sorted(all []Problem) []Problem {
	slices.SortFunc(all, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(all)
}

// reword says what OPA says in our words, where those help more.
func reword(e *ast.Error) string {
	message := guarded(e.Message)
	if name, ok := strings.CutPrefix(message, "undefined function "); ok {
		if rest, ok := strings.CutPrefix(name, "data."); ok {
			return fmt.Sprintf("function %s does not exist: a rule may hide the functions whose names begin as its own, object those like object.get", rest)
		}
		return refused(name)
	}
	if rest, ok := strings.CutPrefix(message, "var "); ok {
		if name, ok := strings.CutSuffix(rest, " is unsafe"); ok {
			return fmt.Sprintf("%q gets no value anywhere: assign it with :=, or declare what it runs over with some", name)
		}
	}
	if e.Code == ast.TypeErr && e.Details != nil {
		for _, line := range e.Details.Lines() {
			message += "; " + strings.Join(strings.Fields(line), " ")
		}
	}
	return message
}
