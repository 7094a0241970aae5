package rego

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// A Portable is a module in the form that Gatekeeper takes, as source of
// version v1.
type Portable struct {
	Rego string
	// Libs are the libraries that the module needs.
	Libs []string
	// Notes say what is not as it was.
	Notes []string
}

// portableLibrary has what of data.tiphys.lib needs nothing but the object.
const portableLibrary = `package lib.tiphys

labels := object.get(input, ["review", "object", "metadata", "labels"], {})

annotations := object.get(input, ["review", "object", "metadata", "annotations"], {})

dynamic(value) if {
  is_string(value)
  contains(value, "{{")
}

parameter(name, otherwise) := object.get(input, ["parameters", name], otherwise)
`

var portableNames = []string{"labels", "annotations", "dynamic", "parameter"}

// Gatekeeper writes a module for Gatekeeper. The problems say what it cannot
// have there.
func Gatekeeper(s Source) (*Portable, []Problem) {
	if _, problems := Compile(s); problems != nil {
		return nil, problems
	}
	m, problems := parseText(s)
	if problems != nil {
		return nil, problems
	}
	x := &exporter{text: []byte(s.Text)}
	x.imports(m)
	x.refs(m)
	entries := x.entries(m)
	if x.problems != nil {
		return nil, sorted(x.problems)
	}
	out := &Portable{Rego: strings.TrimRight(string(x.edited()), "\n") + "\n" + entries, Notes: x.notes}
	if x.library {
		out.Libs = []string{portableLibrary}
	}
	return out, nil
}

// An exporter edits the text of a module, so that comments and layout stay.
type exporter struct {
	text     []byte
	edits    []edit
	problems []Problem
	notes    []string
	library  bool
	alias    string // of data.tiphys.lib
}

// An edit puts a text in the place of bytes.
type edit struct {
	from, to int
	text     string
}

func (x *exporter) say(at *ast.Location, format string, args ...any) {
	p := Problem{Message: fmt.Sprintf(format, args...)}
	if at != nil {
		p.Line, p.Column = at.Row, at.Col
	}
	x.problems = append(x.problems, p)
}

// imports leaves out import rego.v1, which Gatekeeper refuses, and takes the
// library from where Gatekeeper has libraries.
func (x *exporter) imports(m *ast.Module) {
	for _, i := range m.Imports {
		path := i.Path.Value.String()
		from := i.Location.Offset
		end := from + len(i.Location.Text)
		if n := bytes.IndexByte(x.text[from:], '\n'); n >= 0 {
			end = from + n
		} else {
			end = max(end, len(x.text))
		}
		switch {
		case path == "rego.v1" || strings.HasPrefix(path, "future.keywords"):
			x.edits = append(x.edits, edit{from, end, ""})
		case path == "data.tiphys.lib":
			x.alias, x.library = string(i.Name()), true
			x.edits = append(x.edits, edit{from, end, "import data.lib.tiphys as " + x.alias})
		case strings.HasPrefix(path, "data.tiphys"), strings.HasPrefix(path, "input.tiphys"):
			x.say(i.Location, "import %s: Gatekeeper has nothing of it", path)
		}
	}
}

// refs looks at what the module reads.
func (x *exporter) refs(m *ast.Module) {
	names := func(t *ast.Term, ref ast.Ref, from int) {
		if n, ok := key(ref, from); !ok || !slices.Contains(portableNames, n) {
			x.say(t.Location, "%s needs what only Tiphys knows of a workflow, and Gatekeeper has not: it has only %s of the library", ref, strings.Join(portableNames, ", "))
		}
	}
	ast.WalkTerms(m, func(t *ast.Term) bool {
		ref, ok := t.Value.(ast.Ref)
		if !ok || len(ref) == 0 || ref.HasPrefix(libraryPath) && len(ref) == len(libraryPath) {
			return false
		}
		head, _ := ref[0].Value.(ast.Var)
		first, isKey := key(ref, 1)
		switch {
		case x.alias != "" && string(head) == x.alias:
			names(t, ref, 1)
		case ref.HasPrefix(libraryPath):
			x.say(t.Location, "%s: import data.tiphys.lib, and call it by that name", ref)
		case string(head) == "tiphys":
			x.say(t.Location, "%s is a function of Tiphys, and Gatekeeper has it not", ref)
		case string(head) != "input":
		case first == "tiphys":
			x.say(t.Location, "%s is known to Tiphys only: Gatekeeper has the object alone", ref)
		case isKey && first != "review" && first != "parameters":
			if at := t.Location.Offset; bytes.HasPrefix(x.text[at:], []byte("input")) {
				x.edits = append(x.edits, edit{at + len("input"), at + len("input"), ".review.object"})
			}
		}
		return false
	})
}

// entries returns the rule violation that brings deny and warn, and notes what
// of the rules is not as it was.
func (x *exporter) entries(m *ast.Module) string {
	has := map[Kind]bool{}
	paths := false
	for _, r := range m.Rules {
		k, ok := entry(r)
		if !ok {
			continue
		}
		has[k] = true
		if k == Violation && (r.Head.Key == nil || r.Head.Value != nil && len(r.Head.Ref()) > 1) {
			x.say(r.Location, "violation is no set: Gatekeeper wants violation contains {\"msg\": ...} if")
		}
		if r.Head.Key != nil {
			if o, ok := r.Head.Key.Value.(ast.Object); ok {
				paths = paths || o.Get(ast.StringTerm("path")) != nil || o.Get(ast.StringTerm("field")) != nil
			} else if _, ok := r.Head.Key.Value.(ast.String); ok && k == Violation {
				x.say(r.Location, "violation has a string: Gatekeeper wants an object with msg")
			}
		}
	}
	if paths {
		x.notes = append(x.notes, "path and field are not shown by Gatekeeper")
	}
	from := "deny"
	switch {
	case has[Deny] && has[Warn], has[Violation] && has[Warn]:
		x.notes = append(x.notes, "what the rule warn finds is left out: in Gatekeeper all of a module has one enforcement")
		if !has[Deny] {
			return ""
		}
	case has[Warn]:
		from = "warn"
	case !has[Deny]:
		return ""
	}
	return fmt.Sprintf(`
violation contains {"msg": found} if {
	some found in %[1]s
	is_string(found)
}

violation contains {"msg": found.msg, "details": object.get(found, "details", {})} if {
	some found in %[1]s
	is_object(found)
}
`, from)
}

// edited is the text with the edits in it.
func (x *exporter) edited() []byte {
	slices.SortFunc(x.edits, func(a, b edit) int { return a.from - b.from })
	var b bytes.Buffer
	at := 0
	for i, e := range x.edits {
		if e.from < at || i > 0 && e == x.edits[i-1] {
			continue
		}
		b.Write(x.text[at:e.from])
		b.WriteString(e.text)
		at = e.to
	}
	b.Write(x.text[at:])
	return b.Bytes()
}
