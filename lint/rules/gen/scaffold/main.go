// Command scaffold starts a rule: a folder with its code, its page and its
// test. Run it with make rule NAME=param-unused.
package main

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"
)

//go:embed *.tmpl
var templates embed.FS

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: scaffold FOLDER NAME")
		os.Exit(2)
	}
	files, err := scaffold(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, "scaffold:", err)
		os.Exit(1)
	}
	fmt.Printf("wrote %s\n\nNow:\n  1. write the page: what is wrong, why it hurts, a case that fires and one that is silent\n"+
		"  2. write run\n  3. go test ./%s -update, and read what the page says now\n  4. make generate\n",
		strings.Join(files, "\n      "), filepath.ToSlash(filepath.Dir(files[0])))
}

var kebab = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// scaffold writes the files of the rule called name into a new folder below
// dir and returns their paths.
func scaffold(dir, name string) ([]string, error) {
	if !kebab.MatchString(name) {
		return nil, fmt.Errorf("%q is not a name in kebab-case, like param-unused: make rule NAME=param-unused", name)
	}
	pkg := strings.ReplaceAll(name, "-", "")
	folder := filepath.Join(dir, pkg)
	if _, err := os.Stat(folder); err == nil {
		return nil, errors.New(folder + " is there already")
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	parsed, err := template.ParseFS(templates, "*.tmpl")
	if err != nil {
		return nil, err
	}
	var written []string
	for _, f := range []struct{ template, file string }{
		{"page.tmpl", name + ".txtar"},
		{"rule.tmpl", pkg + ".go"},
		{"test.tmpl", pkg + "_test.go"},
	} {
		var b bytes.Buffer
		if err := parsed.ExecuteTemplate(&b, f.template, map[string]string{"Name": name, "Package": pkg}); err != nil {
			return nil, err
		}
		file := filepath.Join(folder, f.file)
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			return nil, err
		}
		written = append(written, file)
	}
	return written, nil
}
