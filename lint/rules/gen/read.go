package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/page"
)

// readRule reads the rule of a folder. It reads the source rather than the
// value, because the registry that would hand out the value is made from it.
func readRule(dir string) (rule, error) {
	r := rule{folder: filepath.Base(dir)}
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return r, err
	}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f, nil, parser.SkipObjectResolution)
		if err != nil {
			return r, err
		}
		ast.Inspect(parsed, r.visit)
	}
	if r.name == "" {
		return r, errors.New("there is no var Rule = &lint.Rule{Name: ...} in it")
	}
	if want := strings.ReplaceAll(r.name, "-", ""); want != r.folder {
		return r, fmt.Errorf("rule %s belongs into the folder %s", r.name, want)
	}
	if r.severity == "" || r.topic == "" {
		return r, errors.New("severity and topic must be literals")
	}
	text, err := os.ReadFile(filepath.Join(dir, r.name+".txtar"))
	if err != nil {
		return r, err
	}
	r.page = page.Parse(string(text))
	schema, err := os.ReadFile(filepath.Join(dir, "parameters.json"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return r, err
	}
	r.parameters = page.Parameters(string(schema))
	if r.page.Title == "" || r.page.Prose == "" {
		return r, errors.New("the page needs a title and a reason")
	}
	return r, nil
}

// visit takes name, severity and topic from var Rule = &lint.Rule{...}.
func (r *rule) visit(n ast.Node) bool {
	spec, ok := n.(*ast.ValueSpec)
	if !ok || len(spec.Names) != 1 || spec.Names[0].Name != "Rule" || len(spec.Values) != 1 {
		return true
	}
	pointer, ok := spec.Values[0].(*ast.UnaryExpr)
	if !ok {
		return true
	}
	literal, ok := pointer.X.(*ast.CompositeLit)
	if !ok {
		return true
	}
	for _, e := range literal.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			r.field(kv)
		}
	}
	return false
}

func (r *rule) field(kv *ast.KeyValueExpr) {
	key, ok := kv.Key.(*ast.Ident)
	if !ok {
		return
	}
	switch key.Name {
	case "Name":
		r.name = text(kv.Value)
	case "Topic":
		r.topic = text(kv.Value)
	case "Severity":
		if s, ok := kv.Value.(*ast.SelectorExpr); ok {
			r.severity = strings.ToLower(s.Sel.Name)
		}
	}
}

// text returns the value of a string literal, or of one of the lint package's
// constants for rules that the engine itself reports.
func text(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		if err == nil {
			return s
		}
	case *ast.SelectorExpr:
		return kebab(e.Sel.Name)
	}
	return ""
}

// kebab makes waiver-unused of WaiverUnused.
func kebab(s string) string {
	var b strings.Builder
	for i, r := range s {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte('-')
		}
		b.WriteString(strings.ToLower(string(r)))
	}
	return b.String()
}
