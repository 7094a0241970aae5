// Package rego compiles and evaluates the modules of policies: rules written in
// Rego, in the form that other Rego tools take, with what only Tiphys knows.
//
// A module is a pure function of its input. It is compiled once, against a list
// of functions that reach neither network, clock, environment nor chance, and
// evaluated under a deadline. It never answers "nothing" where it could not
// judge: what goes wrong is an error.
package rego

import (
	"context"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
)

// A Source is the text of a module.
type Source struct {
	// Policy is the name of the policy that holds the module, "" for a file of
	// its own; Name is that of the module, words in kebab-case.
	Policy, Name string
	// Title says in one line what the rule asks for; "" takes the title of the
	// METADATA of the package, if there is one.
	Title string
	// File names the text in traces; "" is the name.
	File string
	Text string
}

// A Problem is why a module does not compile. Line and Column count from 1 in
// the text of the module; they are 0 where the module as a whole is meant.
type Problem struct {
	Line, Column int
	Message      string
}

// String prints a problem with its place.
func (p Problem) String() string {
	if p.Line == 0 {
		return p.Message
	}
	return fmt.Sprintf("%d:%d: %s", p.Line, p.Column, p.Message)
}

// The bounds of a module.
const (
	MaxText  = 64 << 10
	MaxRules = 500
)

// A Module is compiled and may be evaluated by several goroutines.
type Module struct {
	Source

	program    *program
	parameters ast.Value // nil for none
}

// Compile reads and compiles a module. There is no module where there are
// problems, and no panic and no endless work, whatever the text.
func Compile(s Source) (*Module, []Problem) { return compile(s) }

// With returns the module with input.parameters. What is made of the
// parameters is made here, once.
func (m *Module) With(parameters map[string]any) (*Module, error) {
	v, err := ast.InterfaceToValue(parameters)
	if err != nil {
		return nil, fmt.Errorf("read parameters of module %s: %w", m.Name, err)
	}
	out := *m
	out.parameters = v
	return &out, nil
}

// Kind tells which rule of a module spoke.
type Kind uint8

// The rules that a module may have; one at least.
const (
	Violation Kind = iota
	Deny
	Warn
)

var kinds = [...]string{"violation", "deny", "warn"}

// String is the name of the rule.
func (k Kind) String() string { return kinds[k] }

// A Result is one thing that a module says.
type Result struct {
	Kind    Kind
	Message string
	// Path is the field in the object, as manifest.Node.Path writes it; "" where
	// the module names none.
	Path string
	// Details is what the module gives for machines, as encoding/json would
	// read it; nil for none.
	Details any
}

// Eval judges an object. The results are sorted and without doubles. The error
// says why the module could not judge: it failed, took longer than ctx allows
// or than MaxTime, or said more than MaxResults.
func (m *Module) Eval(ctx context.Context, in *Input) ([]Result, error) { return m.eval(ctx, in, nil) }
