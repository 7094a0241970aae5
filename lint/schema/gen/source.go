package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// packages are those whose types the table may hold, with the prefix of the
// names of their types.
var packages = map[string]string{
	own + "argo":                           "",
	own + "events":                         "events.",
	"k8s.io/api/core/v1":                   "core.",
	"k8s.io/api/policy/v1":                 "policy.",
	"k8s.io/apimachinery/pkg/apis/meta/v1": "meta.",
}

const own = "github.com/tiphys-dev/tiphys/lint/schema/"

// closed are string types that take no other values than their constants,
// although their packages do not mark them +enum.
var closed = map[string]bool{
	"meta.LabelSelectorOperator":       true,
	"core.ContainerRestartPolicy":      true,
	"core.ResourceResizeRestartPolicy": true,
	"core.RecursiveReadOnlyMode":       true,
}

// sources are what reflection does not see: comments and constants.
type sources struct {
	docs   map[string]string            // by type, "core.Container"
	fields map[string]map[string]string // by type and Go name of the field
	enums  map[string][]string          // the values of each closed string type
}

func readSources() (*sources, error) {
	s := &sources{docs: map[string]string{}, fields: map[string]map[string]string{}, enums: map[string][]string{}}
	for path, prefix := range packages {
		out, err := exec.Command("go", "list", "-f", "{{.Dir}}", path).Output()
		if err != nil {
			return nil, fmt.Errorf("find package %s: %w", path, err)
		}
		files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "*.go"))
		if err != nil {
			return nil, err
		}
		var parsed []*ast.File
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				return nil, err
			}
			parsed = append(parsed, f)
		}
		s.read(parsed, prefix)
	}
	return s, nil
}

// read takes the types of a package first, then the constants of those that
// turned out to be closed.
func (s *sources) read(files []*ast.File, prefix string) {
	ours := !strings.Contains(prefix, "core") && !strings.Contains(prefix, "meta") && !strings.Contains(prefix, "policy")
	for d := range declarations(files, token.TYPE) {
		spec := d.spec.(*ast.TypeSpec)
		name := prefix + spec.Name.Name
		doc := first(spec.Doc, d.decl.Doc)
		if ident, ok := spec.Type.(*ast.Ident); ok && ident.Name == "string" && (strings.Contains(doc, "+enum") || closed[name]) {
			s.enums[name] = []string{}
		}
		if !ours {
			continue
		}
		s.docs[name] = doc
		if st, ok := spec.Type.(*ast.StructType); ok {
			s.fields[name] = fieldDocs(st)
		}
	}
	for d := range declarations(files, token.CONST) {
		spec := d.spec.(*ast.ValueSpec)
		ident, ok := spec.Type.(*ast.Ident)
		if !ok || s.enums[prefix+ident.Name] == nil {
			continue
		}
		for _, v := range spec.Values {
			if lit, ok := v.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if text, err := strconv.Unquote(lit.Value); err == nil && text != "" {
					s.enums[prefix+ident.Name] = append(s.enums[prefix+ident.Name], text)
				}
			}
		}
	}
	for name, values := range s.enums {
		slices.Sort(values)
		s.enums[name] = slices.Compact(values)
	}
}

func fieldDocs(st *ast.StructType) map[string]string {
	docs := map[string]string{}
	for _, f := range st.Fields.List {
		for _, n := range f.Names {
			docs[n.Name] = first(f.Doc)
		}
	}
	return docs
}

type declaration struct {
	decl *ast.GenDecl
	spec ast.Spec
}

func declarations(files []*ast.File, tok token.Token) func(func(declaration) bool) {
	return func(yield func(declaration) bool) {
		for _, f := range files {
			for _, d := range f.Decls {
				decl, ok := d.(*ast.GenDecl)
				if !ok || decl.Tok != tok {
					continue
				}
				for _, spec := range decl.Specs {
					if !yield(declaration{decl, spec}) {
						return
					}
				}
			}
		}
	}
}

// first returns the text of the first comment that is there, as one line.
func first(groups ...*ast.CommentGroup) string {
	for _, g := range groups {
		if g != nil {
			return strings.Join(strings.Fields(g.Text()), " ")
		}
	}
	return ""
}
