package depends

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/near"
)

// parser is a shunting yard: it never recurses, and goes on after a problem
// so that every operand is found.
type parser struct {
	s   string
	at  int
	out *Expr

	values   []*node
	pending  []pending
	last     token
	problems []Problem
	broken   bool
}

// pending is an operator whose right side is not complete, or an open parenthesis.
type pending struct {
	op       operator
	from, to int
}

// token is what was read last: an operator or a parenthesis with 0 for the
// start, an operand with set value.
type token struct {
	from, to int
	kind     kind
}

type kind uint8

const (
	start  kind = iota // nothing, or "(": an operand must follow
	opened             // "("
	infix              // an operator: an operand must follow
	value              // an operand or ")": an operator may follow
)

// token reads one token and reports whether there was one.
func (p *parser) token() bool {
	for p.at < len(p.s) && strings.IndexByte(space, p.s[p.at]) >= 0 {
		p.at++
	}
	if p.at >= len(p.s) {
		return false
	}
	from := p.at
	switch c := p.s[from]; {
	case c == '(':
		p.at++
		p.juxtaposed(from, p.at)
		p.pending = append(p.pending, pending{paren, from, p.at})
		p.last = token{from, p.at, opened}
	case c == ')':
		p.at++
		p.close(from)
	case alnum(c) || strings.HasPrefix(p.s[from:], "{{"):
		p.word()
	default:
		p.symbol()
	}
	return true
}

// enough problems are more than anyone reads of one field.
const enough = 20

func (p *parser) problem(from, to int, format string, args ...any) *Problem {
	p.broken = true
	if len(p.problems) >= enough {
		return &Problem{}
	}
	p.problems = append(p.problems, Problem{From: from, To: to, Message: fmt.Sprintf(format, args...)})
	return &p.problems[len(p.problems)-1]
}

// juxtaposed reports an operand that follows another one.
func (p *parser) juxtaposed(from, to int) {
	if p.last.kind == value {
		p.problem(from, to, "an operator is missing between %q and %q: write \"&&\" or \"||\"", p.text(p.last), p.s[from:to])
		p.infix(and, from, from)
	}
}

func (p *parser) text(t token) string { return p.s[t.from:t.to] }

// symbol reads an operator, or what is meant as one.
func (p *parser) symbol() {
	from := p.at
	run := p.run()
	switch {
	case strings.HasPrefix(run, "!=") || strings.HasPrefix(run, "==") || strings.HasPrefix(run, "="):
		p.at = from + len(run)
		p.problem(from, p.at, `depends cannot compare with %q: write task.Status, with "&&", "||", "!" and parentheses`, run)
		p.infix(and, from, p.at)
	case run[0] == '!':
		p.at = from + 1
		p.juxtaposed(from, p.at)
		p.pending = append(p.pending, pending{not, from, p.at})
		p.last = token{from, p.at, infix}
	case strings.HasPrefix(run, "&&") || strings.HasPrefix(run, "||"):
		p.at = from + 2
		p.infix(operator(run[0]), from, p.at)
	case run[0] == '&' || run[0] == '|' || run[0] == ',' || run[0] == ';' || run[0] == '+':
		p.at = from + 1
		op, want := and, "&&"
		if run[0] == '|' {
			op, want = or, "||"
		}
		p.problem(from, p.at, "%q is no operator of depends; write %q", run[:1], want).Instead = want
		p.infix(op, from, p.at)
	default:
		p.at = from + len(run)
		p.problem(from, p.at, "unexpected %q", run)
	}
}

// run returns the symbols from here to the next word, space or parenthesis.
func (p *parser) run() string {
	end := p.at + 1
	for end < len(p.s) && !alnum(p.s[end]) && strings.IndexByte(space+"()!{", p.s[end]) < 0 {
		end++
	}
	if p.s[p.at] == '!' && end < len(p.s) && p.s[end] == '=' {
		end++
	}
	return p.s[p.at:end]
}

// infix notes "&&" or "||".
func (p *parser) infix(op operator, from, to int) {
	switch {
	case p.last.kind == infix:
		if !p.broken || from < to {
			p.problem(from, to, "%q follows %q: a task is missing between them", p.s[from:to], p.text(p.last))
		}
		return
	case p.last.kind != value:
		p.problem(from, to, "%q has no task to its left", p.s[from:to])
		return
	}
	for len(p.pending) > 0 && binds(p.pending[len(p.pending)-1].op, op) {
		p.reduce()
	}
	p.pending = append(p.pending, pending{op, from, to})
	p.last = token{from, to, infix}
}

// binds reports whether left is done before right.
func binds(left, right operator) bool {
	return left == not || left == and || left == or && right == or
}

// reduce completes the last pending operator.
func (p *parser) reduce() {
	op := p.pending[len(p.pending)-1]
	p.pending = p.pending[:len(p.pending)-1]
	n := &node{op: op.op}
	need := 2
	if op.op == not {
		need = 1
	}
	if len(p.values) < need {
		p.broken = true
		return
	}
	n.right = p.values[len(p.values)-1]
	if need == 2 {
		n.left = p.values[len(p.values)-2]
	}
	p.values = append(p.values[:len(p.values)-need], n)
}

func (p *parser) close(from int) {
	switch p.last.kind {
	case infix:
		p.problem(p.last.from, p.last.to, "%q has no task to its right", p.text(p.last))
	case opened:
		p.problem(p.last.from, from+1, "the parentheses hold nothing")
	}
	i := len(p.pending) - 1
	for i >= 0 && p.pending[i].op != paren {
		i--
	}
	if i < 0 {
		p.problem(from, from+1, `")" closes nothing`)
		return
	}
	for len(p.pending)-1 > i {
		p.reduce()
	}
	p.pending = p.pending[:i]
	p.last = token{from, from + 1, value}
}

func (p *parser) finish() {
	switch p.last.kind {
	case infix:
		p.problem(p.last.from, p.last.to, "%q has no task to its right", p.text(p.last))
	}
	for len(p.pending) > 0 {
		if top := p.pending[len(p.pending)-1]; top.op == paren {
			p.problem(top.from, top.to, `"(" is never closed`)
			p.pending = p.pending[:len(p.pending)-1]
			continue
		}
		p.reduce()
	}
	if !p.broken && len(p.values) == 1 {
		p.out.root = p.values[0]
	}
	slices.SortStableFunc(p.problems, func(a, b Problem) int { return a.From - b.From })
}

// dotted reports and skips what follows the status of an operand: a.b.Failed.
func (p *parser) dotted(o Operand) bool {
	if p.at >= len(p.s) || p.s[p.at] != '.' {
		return false
	}
	rest := strings.IndexFunc(p.s[p.at:], func(r rune) bool {
		return r != '.' && r != '-' && r != '_' && !(r < 0x80 && alnum(byte(r)))
	})
	if p.at += rest; rest < 0 {
		p.at = len(p.s)
	}
	p.problem(o.From, p.at, "%q has more than one dot: write the task, or task.Status", p.s[o.From:p.at])
	return true
}

// words are operators of other languages; Argo takes them as tasks.
var words = map[string]operator{"and": and, "or": or, "not": not}

// word reads an operand, or an operator that is written as a word.
func (p *parser) word() {
	from := p.at
	o := Operand{From: from}
	p.name(&o)
	o.TaskTo = p.at
	o.Task = p.s[from:p.at]
	if op, ok := words[strings.ToLower(o.Task)]; ok && p.meant(op) {
		want := map[operator]string{and: "&&", or: "||", not: "!"}[op]
		p.problem(from, p.at, "Argo takes %q as the name of a task; write %q", o.Task, want).Instead = want
		if op == not {
			p.juxtaposed(from, p.at)
			p.pending = append(p.pending, pending{not, from, p.at})
			p.last = token{from, p.at, infix}
			return
		}
		p.infix(op, from, p.at)
		return
	}
	if p.at < len(p.s) && p.s[p.at] == '.' {
		p.at++
		o.StatusFrom = p.at
		p.name(&o)
		o.Status = p.s[o.StatusFrom:p.at]
	} else {
		o.StatusFrom = p.at
	}
	o.To = p.at
	p.juxtaposed(from, p.at)
	if !p.dotted(o) {
		p.status(o)
	}
	p.out.Operands = append(p.out.Operands, o)
	p.values = append(p.values, &node{operand: o})
	p.last = token{from, p.at, value}
}

// meant reports whether a word stands where only the operator can: "a and b",
// "not b".
func (p *parser) meant(op operator) bool {
	rest := strings.TrimLeft(p.s[p.at:], space)
	follows := rest != "" && (alnum(rest[0]) || rest[0] == '(' || rest[0] == '!' || strings.HasPrefix(rest, "{{"))
	if op == not {
		return follows && p.last.kind != value
	}
	return p.last.kind == value && follows
}

// name reads letters, digits, dashes and tags. An underscore is no part of a
// task's name to Argo, but surely of what was meant as one.
func (p *parser) name(o *Operand) {
	for p.at < len(p.s) {
		c := p.s[p.at]
		if alnum(c) || c == '-' || c == '_' {
			p.at++
			continue
		}
		if !strings.HasPrefix(p.s[p.at:], "{{") {
			return
		}
		o.Opaque = true
		if i := strings.Index(p.s[p.at:], "}}"); i >= 0 {
			p.at += i + len("}}")
		} else {
			p.at = len(p.s)
		}
	}
}

// status reports what is wrong with the status of an operand.
func (p *parser) status(o Operand) {
	switch {
	case o.StatusFrom == o.TaskTo || o.Opaque && o.Status != "":
	case o.Status == "":
		p.problem(o.From, o.To, "a status is missing after %q: one of %s", p.s[o.From:o.To], strings.Join(Statuses(), ", "))
	case !slices.Contains(Statuses(), o.Status):
		pr := Problem{Kind: UnknownStatus, From: o.StatusFrom, To: o.To}
		pr.Message = fmt.Sprintf("%q is no status of a task", o.Status)
		name, ok := meaning[o.Status]
		if !ok {
			name, ok = near.Name(o.Status, Statuses())
		}
		if ok {
			pr.Message += fmt.Sprintf("; did you mean %q?", name)
			pr.Instead = name
		} else {
			pr.Message += ": one of " + strings.Join(Statuses(), ", ")
		}
		if len(p.problems) < enough {
			p.problems = append(p.problems, pr)
		}
	}
}

// meaning maps words for statuses from elsewhere in Argo to those of depends.
var meaning = map[string]string{
	"Success": Succeeded, "Successful": Succeeded, "Completed": Succeeded,
	"Error": Errored, "Failure": Failed, "Fail": Failed, "Skip": Skipped,
}

func alnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}
