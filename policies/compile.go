package policies

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/policies/rego"
)

// modulesOf compiles the modules, whatever is wrong beside them.
func (r *reader) modulesOf() {
	for _, m := range r.policy.Modules {
		text := m.Node.Get("rego")
		if m.Rego == "" || text.Kind != manifest.String {
			continue // that is told
		}
		compiled, problems := rego.Compile(rego.Source{
			Policy: r.policy.Name, Name: m.Name, Title: m.Title, File: r.policy.Name + "/" + m.Name + ".rego", Text: m.Rego,
		})
		for _, p := range problems {
			r.problem(text, m, p)
		}
		if compiled == nil {
			continue
		}
		with, err := compiled.With(m.Parameters)
		if err != nil {
			r.report(m.Node.Get("parameters"), "%s", err)
			continue
		}
		m.compiled, m.ignore = with, r.policy.Ignore
	}
}

// problem reports what is wrong with the text of a module where it stands in
// the policy, or, where there is no file that has a name, by line and column of
// the module.
func (r *reader) problem(text *manifest.Node, m *Module, p rego.Problem) {
	f := lint.Finding{Path: text.Path(), Span: text.Token(), Message: fmt.Sprintf("module %s: %s", m.Name, p.Message)}
	switch {
	case p.Line == 0:
	case text.File == nil || text.File.Name == "":
		f.Message = fmt.Sprintf("module %s, line %d, column %d: %s", m.Name, p.Line, p.Column, p.Message)
	default:
		from := offset(text.Value, p.Line, p.Column)
		f.Span = text.Range(from, from+word(text.Value[from:]))
	}
	r.add(f)
}

// offset returns the byte at a line and column, which count from 1 and in runes.
func offset(text string, line, column int) int {
	at := 0
	for ; line > 1; line-- {
		i := strings.IndexByte(text[at:], '\n')
		if i < 0 {
			return len(text)
		}
		at += i + 1
	}
	for ; column > 1 && at < len(text) && text[at] != '\n'; column-- {
		_, n := utf8.DecodeRuneInString(text[at:])
		at += n
	}
	return at
}

// word returns how many bytes the word at the start of a text has, one at least.
func word(text string) int {
	n := strings.IndexFunc(text, func(r rune) bool { return r != '_' && r != '.' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if n < 0 {
		n = len(text)
	}
	return max(n, min(1, len(text)))
}
