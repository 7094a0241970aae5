package scaffold

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"
)

// An Action is a place of a template that only Helm can fill in.
type Action struct {
	Line int    // counts from 1
	Text string // the action, shortened; never a constant of it
	// Hint says what would take its place where workflows are plain files, or is
	// empty.
	Hint string
}

// unescaped is what a template becomes when its actions are constants, such as
// {{`{{inputs.parameters.x}}`}}.
type unescaped struct {
	text    string
	escapes int      // how many actions were constants
	actions []Action // that are none; then there is no text
}

// unescape takes a template apart. The text is to the byte what Helm makes of
// it. The error is that of a template that does not parse.
func unescape(name, text string) (unescaped, error) {
	tree := parse.New(name)
	tree.Mode = parse.SkipFuncCheck
	defined := map[string]*parse.Tree{}
	if _, err := tree.Parse(text, "", "", defined); err != nil {
		return unescaped{}, err
	}
	var u unescaped
	var b strings.Builder
	for _, node := range tree.Root.Nodes {
		if t, ok := node.(*parse.TextNode); ok {
			b.Write(t.Text)
			continue
		}
		if constant, ok := constantOf(node); ok {
			b.WriteString(constant)
			u.escapes++
			continue
		}
		u.actions = append(u.actions, actionOf(node, text))
	}
	for other, t := range defined {
		if other != name && t.Root != nil {
			u.actions = append(u.actions, Action{Line: lineOf(text, t.Root.Pos), Text: fmt.Sprintf("{{ define %q }}", other)})
		}
	}
	slices.SortFunc(u.actions, func(a, b Action) int { return a.Line - b.Line })
	if u.actions == nil {
		u.text = b.String()
	}
	return u, nil
}

// quoting are functions of Helm's that are as good as a constant.
var quoting = template.FuncMap{
	"quote":  func(s string) string { return fmt.Sprintf("%q", s) },
	"squote": func(s string) string { return "'" + s + "'" },
}

// constantOf is what an action prints, when that hangs on nothing.
func constantOf(node parse.Node) (string, bool) {
	action, ok := node.(*parse.ActionNode)
	if !ok || len(action.Pipe.Decl) > 0 {
		return "", false
	}
	for _, command := range action.Pipe.Cmds {
		for i, arg := range command.Args {
			switch n := arg.(type) {
			case *parse.StringNode, *parse.NumberNode, *parse.BoolNode:
			case *parse.IdentifierNode:
				if i > 0 || !slices.Contains([]string{"print", "printf", "println", "quote", "squote"}, n.Ident) {
					return "", false
				}
			default:
				return "", false
			}
		}
	}
	t, err := template.New("").Funcs(quoting).Parse(action.String())
	if err != nil {
		return "", false
	}
	var b strings.Builder
	if err := t.Execute(&b, nil); err != nil {
		return "", false
	}
	return b.String(), true
}

// actionOf describes an action, in text.
func actionOf(node parse.Node, text string) Action {
	a := Action{Line: lineOf(text, node.Position())}
	switch n := node.(type) {
	case *parse.IfNode:
		a.Text = "{{ if ... }}"
	case *parse.RangeNode:
		a.Text = "{{ range ... }}"
	case *parse.WithNode:
		a.Text = "{{ with ... }}"
	case *parse.TemplateNode:
		a.Text = fmt.Sprintf("{{ template %q }}", n.Name)
	case *parse.ActionNode:
		a.Text = describe(n)
		a.Hint = hintOf(text, int(n.Position()), a.Text)
	default:
		a.Text = "{{ ... }}"
	}
	return a
}

// describe shows a field as it is written and, of all else, only what is
// called: a constant may be a secret.
func describe(n *parse.ActionNode) string {
	first := n.Pipe.Cmds[0].Args[0]
	more := ""
	if len(n.Pipe.Cmds) > 1 || len(n.Pipe.Cmds[0].Args) > 1 {
		more = " ..."
	}
	switch first.(type) {
	case *parse.FieldNode, *parse.VariableNode, *parse.IdentifierNode, *parse.DotNode, *parse.ChainNode:
		if s := first.String(); len(s) <= 60 && len(n.Pipe.Decl) == 0 {
			return "{{ " + s + more + " }}"
		}
	}
	return "{{ ... }}"
}

func lineOf(text string, pos parse.Pos) int {
	return 1 + strings.Count(text[:min(int(pos), len(text))], "\n")
}

// keyOf matches the key whose value, on this line, an action stands in.
var keyOf = regexp.MustCompile(`([A-Za-z][\w./-]*)["']?:[ \t]+["']?[^\s,{}]*$`)

// hintOf says which overlay would take the place of a value of Helm's that
// stands in a scalar.
func hintOf(text string, at int, action string) string {
	before := text[:at]
	before = before[:max(strings.LastIndex(before, "{{"), 0)]
	before = before[strings.LastIndexByte(before, '\n')+1:]
	m := keyOf.FindStringSubmatch(before)
	if m == nil {
		return ""
	}
	const overlay = "the overlay workflows.NAME."
	switch key := m[1]; {
	case key == "namespace" && strings.Contains(action, ".Release.Namespace"):
		return "may be left out: that is where Helm puts it anyway"
	case !strings.Contains(action, ".Values."):
		return ""
	case key == "image":
		return overlay + "images does that"
	case key == "schedule" || key == "schedules":
		return overlay + "schedules does that"
	case key == "suspend" || key == "timezone":
		return overlay + key + " does that"
	case key == "memory" || key == "cpu" || key == "ephemeral-storage":
		return overlay + "resources does that"
	case key == "value":
		return overlay + "parameters does that for an argument of the workflow"
	default:
		return overlay + "spec may do that"
	}
}
