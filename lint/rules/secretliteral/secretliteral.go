// Package secretliteral finds credentials that are written into a workflow.
package secretliteral

import (
	_ "embed"
	"fmt"
	"path"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/credential"
	"github.com/tiphys-dev/tiphys/lint/manifest"
)

//go:embed secret-literal.txtar
var text string

// Rule is the secret-literal rule. Argo looks at no value: docs/argo.md N.
var Rule = &lint.Rule{Name: "secret-literal", Severity: lint.Warning, Topic: "security", Page: text, Run: run}

// most bounds the findings in one scalar.
const most = 20

func run(pass *lint.Pass) {
	w := pass.Workflow
	c := checker{pass}
	for _, key := range []string{"labels", "annotations"} {
		c.walk(w.Metadata.Get(key))
	}
	c.walk(w.Root.Get("spec"))
}

type checker struct{ pass *lint.Pass }

// walk looks at everything at and below n.
func (c checker) walk(n *manifest.Node) {
	if n == nil || n.Alias {
		return // what an alias stands for is looked at where it is written
	}
	switch n.Kind {
	case manifest.String:
		c.scalar(n)
	case manifest.Map:
		pair := c.pair(n)
		for _, f := range n.Children {
			if f != pair {
				c.walk(f)
			}
		}
	case manifest.List:
		c.list(n)
		for _, item := range n.Children {
			c.walk(item)
		}
	}
}

// pair looks at an object with a name and a value, like an environment
// variable, a parameter or a header. It returns the value it reported.
func (c checker) pair(n *manifest.Node) *manifest.Node {
	name := n.Get("name")
	if !name.Scalar() {
		return nil
	}
	kind := credential.Named(name.Value)
	for _, key := range [...]string{"value", "default"} {
		v := n.Get(key)
		if !v.Scalar() || v.Alias || v.Kind == manifest.Bool {
			continue
		}
		value := v.Value
		if kind == credential.None && strings.EqualFold(name.Value, "authorization") {
			scheme, rest, _ := strings.Cut(value, " ")
			if rest == "" || !strings.EqualFold(scheme, "bearer") && !strings.EqualFold(scheme, "basic") && !strings.EqualFold(scheme, "token") {
				continue
			}
			value = rest
		}
		if kind == credential.None && value == v.Value || !credential.Literal(max(kind, nameKind(value != v.Value)), value) {
			continue
		}
		if _, ok := credential.Find(v.Value, 0); ok {
			return nil // its shape says more
		}
		from := len(v.Value) - len(value)
		c.report(v, from, len(v.Value), 0, fmt.Sprintf("%s %q is a credential in clear text", owner(n), name.Value))
		return v
	}
	return nil
}

func nameKind(header bool) credential.Kind {
	if header {
		return credential.Value
	}
	return credential.None
}

// owner says what an object with a name and a value is.
func owner(n *manifest.Node) string {
	if n.Parent != nil && n.Parent.Key != nil {
		switch n.Parent.Key.Value {
		case "env":
			return "environment variable"
		case "headers":
			return "header"
		}
	}
	return "parameter"
}

// scalar looks for tokens that are known by their shape and, in programs, for
// credentials that are known by the name they are given to.
func (c checker) scalar(n *manifest.Node) {
	found := 0
	for from := 0; found < most; found++ {
		m, ok := credential.Find(n.Value, from)
		if !ok {
			break
		}
		c.report(n, m.From, m.To, m.Shown, m.What+" stands here in clear text")
		from = m.To
	}
	is, shell := program(n)
	if found > 0 || !is {
		return
	}
	for a := range credential.Assignments(n.Value, shell) {
		c.report(n, a.From, a.To, 0, fmt.Sprintf("%q is given a credential in clear text", strings.TrimLeft(a.Name, "-")))
		if found++; found == most {
			return
		}
	}
}

// list looks at the arguments of a command for a flag with its value in the
// next one.
func (c checker) list(n *manifest.Node) {
	if n.Key == nil || n.Key.Value != "args" && n.Key.Value != "command" {
		return
	}
	for i, item := range n.Children {
		if i+1 == len(n.Children) || !strings.HasPrefix(item.Text(), "-") || credential.Named(item.Value) != credential.Value {
			continue
		}
		v := n.Children[i+1]
		if v.Scalar() && !strings.HasPrefix(v.Value, "-") && credential.Literal(credential.Value, v.Value) {
			if _, ok := credential.Find(v.Value, 0); !ok {
				c.report(v, 0, len(v.Value), 0, fmt.Sprintf("flag %q is given a credential in clear text", item.Value))
			}
		}
	}
}

// program reports whether n is the text of a program or an argument of one,
// and whether a shell reads it.
func program(n *manifest.Node) (is, shell bool) {
	if n.Key != nil {
		if n.Key.Value != "source" || n.Parent.Key == nil || n.Parent.Key.Value != "script" {
			return false, false // before the search of what may be a long map
		}
		return true, isShell(n.Parent.Get("command"))
	}
	list := n.Parent
	if list == nil || list.Key == nil || list.Key.Value != "args" && list.Key.Value != "command" {
		return false, false
	}
	words := strings.ContainsAny(n.Value, " \t\n")
	return true, !words || isShell(list.Parent.Get("command")) || isShell(list)
}

// isShell reports whether a command is a shell's. Without a command the image
// decides, which for a script is mostly a shell.
func isShell(command *manifest.Node) bool {
	items := command.Items()
	if len(items) == 0 {
		return false
	}
	switch path.Base(items[0].Text()) {
	case "sh", "bash", "ash", "dash", "zsh", "ksh":
		return true
	}
	return false
}

// report points at the bytes [from, to) of n and shows no more of them than
// the first few.
func (c checker) report(n *manifest.Node, from, to, shown int, what string) {
	if mask := credential.Mask(n.Value[from:to], shown); mask != "…" {
		what += " (" + mask + ")"
	}
	c.pass.Report(lint.Finding{Node: n, Span: n.Range(from, to), Secret: true, Message: fmt.Sprintf(
		"%s: whoever can read the repository, the workflow or its logs has it; keep it in a Secret, read it with valueFrom.secretKeyRef, and revoke this one",
		what)})
}
