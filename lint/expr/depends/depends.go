// Package depends reads the depends field of a task of a DAG:
//
//	build && (test.Succeeded || test.Skipped)
//
// The operators are "&&", "||" and "!"; an operand is a task, or a task with a
// status. Argo checks the names of tasks and statuses when a workflow is
// submitted, the rest only when the task is due.
package depends

import (
	"slices"
	"strings"
)

// The statuses that an operand can ask for.
const (
	Succeeded    = "Succeeded"
	Failed       = "Failed"
	Errored      = "Errored"
	Skipped      = "Skipped"
	Omitted      = "Omitted"
	Daemoned     = "Daemoned"
	AnySucceeded = "AnySucceeded"
	AllFailed    = "AllFailed"
)

// Statuses returns all of them.
func Statuses() []string {
	return []string{Succeeded, Failed, Errored, Skipped, Omitted, Daemoned, AnySucceeded, AllFailed}
}

// Loop reports whether the status is one of the items of a loop, which only a
// task with withItems, withParam or withSequence has.
func Loop(status string) bool { return status == AnySucceeded || status == AllFailed }

// An Operand is a task, or a task with a status, at the bytes [From, To).
type Operand struct {
	Task string
	// Status is "" for a task alone, which asks for Succeeded, Skipped or Daemoned.
	Status   string
	From, To int
	// TaskTo ends the task, StatusFrom begins the status.
	TaskTo, StatusFrom int
	// Opaque is set when the operand holds a {{tag}}: what it names is known
	// only when the workflow runs.
	Opaque bool
}

// An Expr is a depends field. It holds all operands, in the order of the text,
// also when there are problems.
type Expr struct {
	Operands []Operand
	root     *node // nil if there are no operands or the syntax is broken
}

// Kind tells what is wrong.
type Kind uint8

// The kinds of problems.
const (
	Syntax        Kind = iota // Argo fails when the task is due
	UnknownStatus             // Argo refuses the workflow
)

// A Problem is what is wrong with the bytes [From, To).
type Problem struct {
	Kind     Kind
	From, To int
	Message  string // in the words of house style
	// Instead is the text that may stand in place of the bytes, if one is known.
	Instead string
}

// Tasks returns the names of the tasks, each once, in the order of the text,
// without those that a tag decides.
func (e *Expr) Tasks() []string {
	var tasks []string
	for _, o := range e.Operands {
		if !o.Opaque && !slices.Contains(tasks, o.Task) {
			tasks = append(tasks, o.Task)
		}
	}
	return tasks
}

// Valid reports whether the syntax is whole, so that Eval has something to say.
func (e *Expr) Valid() bool { return e.root != nil || len(e.Operands) == 0 }

// Eval computes the expression: is reports whether a task has a status. A task
// without a status is asked for Succeeded, Skipped and Daemoned, which is what
// it stands for. An empty expression is true, a broken one false.
func (e *Expr) Eval(is func(task, status string) bool) bool {
	if e.root == nil {
		return len(e.Operands) == 0
	}
	return e.root.eval(is)
}

type operator byte

const (
	operand operator = 0
	not     operator = '!'
	and     operator = '&'
	or      operator = '|'
	paren   operator = '('
)

// node is one operator with what it works on; an operand is its own node.
type node struct {
	op          operator
	left, right *node // not has right only
	operand     Operand
}

func (n *node) eval(is func(task, status string) bool) bool {
	switch n.op {
	case not:
		return !n.right.eval(is)
	case and:
		return n.left.eval(is) && n.right.eval(is)
	case or:
		return n.left.eval(is) || n.right.eval(is)
	}
	o := n.operand
	if o.Status != "" {
		return is(o.Task, o.Status)
	}
	return is(o.Task, Succeeded) || is(o.Task, Skipped) || is(o.Task, Daemoned)
}

// space is what may stand between operands.
const space = " \t\r\n"

// longest bounds what is parsed: a DAG has at most a few hundred tasks.
const longest = 64 << 10

// Parse parses s. It always returns an expression, with what was understood.
func Parse(s string) (*Expr, []Problem) {
	if strings.Trim(s, space) == "" {
		return &Expr{}, nil
	}
	if len(s) > longest {
		return &Expr{Operands: []Operand{{From: 0, To: 1, TaskTo: 1, StatusFrom: 1, Opaque: true}}},
			[]Problem{{To: 1, Message: "depends is longer than 64 KiB, which is not checked"}}
	}
	p := &parser{s: s, out: &Expr{}}
	for p.token() {
	}
	p.finish()
	return p.out, p.problems
}
