package render

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"text/template/parse"
)

// Marks stand between these two characters, which are for private use and mean
// nothing. A template that has them itself is not mapped.
const (
	markOpen = "\uE000"
	markShut = "\uE001"
)

// The kinds of marks: a literal text begins, with its offset in the template;
// what an action prints begins, with its number; and ends, with the same. No
// action of another template has that number.
const (
	markLiteral = 'L'
	markAction  = 'A'
	markEnd     = 'Z'
)

// An Action is a {{ }} of a template, at its top level.
type Action struct {
	// Start and End are its bytes in the template.
	Start, End int
	// Values are the paths of the values that it reads, as far as the template
	// tells: image.tag for {{ .Values.image.tag }}, jobs for {{ .Values.jobs | toYaml }}.
	Values [][]string
	// Direct is set when it prints a value as it is: {{ .Values.image.tag | quote }}.
	Direct bool
}

// marker writes a template again, with marks that survive rendering.
//
// The text that a parsed template holds has its white space trimmed already, so
// marks beside an action do not change what {{- and -}} trim.
type marker struct {
	src     []byte
	out     strings.Builder
	first   int // the number of the first action
	actions []Action
	reads   reader
}

// mark returns the template with marks, and its actions, which are numbered
// from first on.
func mark(name string, src []byte, first int, partials *partials) (string, []Action, error) {
	if bytes.Contains(src, []byte(markOpen)) || bytes.Contains(src, []byte(markShut)) {
		return "", nil, fmt.Errorf("%s uses characters for private use", name)
	}
	set := map[string]*parse.Tree{}
	t := parse.New(name)
	t.Mode = parse.SkipFuncCheck
	if _, err := t.Parse(string(src), "", "", set); err != nil {
		return "", nil, err
	}
	m := &marker{src: src, first: first, reads: reader{partials: partials, dot: []string{}, root: []string{}}}
	for defined, tree := range set {
		if defined != name && tree.Root != nil {
			fmt.Fprintf(&m.out, "{{define %q}}%s{{end}}", defined, printed(tree.Root))
		}
	}
	if t.Root != nil {
		m.list(t.Root)
	}
	return m.out.String(), m.actions, nil
}

// printed is the text of a list; what could run into the action behind it does
// not.
func printed(l *parse.ListNode) string {
	m := marker{}
	m.list(l)
	return m.out.String()
}

func (m *marker) mark(kind byte, n int) {
	if m.src == nil {
		return
	}
	m.out.WriteString(markOpen)
	m.out.WriteByte(kind)
	m.out.WriteString(strconv.Itoa(n))
	m.out.WriteString(markShut)
}

func (m *marker) list(l *parse.ListNode) {
	if l == nil {
		return
	}
	for _, n := range l.Nodes {
		m.node(n)
	}
}

func (m *marker) node(n parse.Node) {
	switch n := n.(type) {
	case *parse.TextNode:
		m.text(int(n.Pos), n.Text)
	case *parse.IfNode:
		m.branch("if", &n.BranchNode, m.reads, m.reads)
	case *parse.WithNode:
		m.branch("with", &n.BranchNode, m.reads.into(n.Pipe, false), m.reads)
	case *parse.RangeNode:
		m.branch("range", &n.BranchNode, m.reads.into(n.Pipe, true), m.reads)
	case *parse.ActionNode:
		if len(n.Pipe.Decl) > 0 {
			m.reads = m.reads.declare(n.Pipe)
			m.out.WriteString(n.String())
			return
		}
		m.action(n, int(n.Pos), n.Pipe)
	case *parse.TemplateNode:
		m.action(n, int(n.Pos), n.Pipe)
	case *parse.CommentNode:
	default:
		m.out.WriteString(n.String())
	}
}

func (m *marker) branch(word string, n *parse.BranchNode, inside, outside reader) {
	fmt.Fprintf(&m.out, "{{%s %s}}", word, n.Pipe)
	m.reads = inside
	m.list(n.List)
	m.reads = outside
	if n.ElseList != nil {
		m.out.WriteString("{{else}}")
		m.list(n.ElseList)
	}
	m.reads = outside
	m.out.WriteString("{{end}}")
}

// text writes literal text with a mark where it begins and where each of its
// lines shows its first visible byte.
func (m *marker) text(at int, text []byte) {
	fresh := true
	for i := 0; i < len(text); i++ {
		c := text[i]
		visible := c != '\n' && c != ' ' && c != '\t' && c != '\r'
		if i == 0 || fresh && visible {
			m.mark(markLiteral, at+i)
			fresh = !visible
		}
		if c == '\n' {
			fresh = true
		}
		if c == '{' && i == len(text)-1 { // it must not run into the next {{
			m.out.WriteString(`{{"{"}}`)
			continue
		}
		m.out.WriteByte(c)
	}
}

func (m *marker) action(n parse.Node, at int, pipe *parse.PipeNode) {
	if m.src == nil {
		m.out.WriteString(n.String())
		return
	}
	// The position of an action is that of its content.
	start := bytes.LastIndex(m.src[:at], []byte("{{"))
	if start < 0 {
		start = at
	}
	number := m.first + len(m.actions)
	m.mark(markAction, number)
	m.actions = append(m.actions, Action{Start: start, End: closing(m.src, at), Values: m.reads.paths(n, pipe), Direct: m.reads.direct(n, pipe)})
	m.out.WriteString(n.String())
	m.mark(markEnd, number)
}

// closing returns the offset behind the }} of the action that at is in. Quotes
// may hold braces.
func closing(src []byte, at int) int {
	for i := at; i < len(src); i++ {
		switch c := src[i]; c {
		case '"', '\'', '`':
			for i++; i < len(src) && src[i] != c; i++ {
				if c != '`' && src[i] == '\\' {
					i++
				}
			}
		case '}':
			if i+1 < len(src) && src[i+1] == '}' {
				return i + 2
			}
		}
	}
	return len(src)
}
