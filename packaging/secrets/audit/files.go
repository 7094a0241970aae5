package audit

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// secretName matches what files of secrets are called: secrets.yaml,
// secrets.prod.yaml, prod.enc.yaml, db.sops.json, secret-values.env; .sops.yaml
// is none.
var secretName = regexp.MustCompile(`(?i)^(secrets?([._-].*)?|[^.].*[._-](enc|sops|secrets?))\.(ya?ml|json|env|ini)$|(?i)^\.?secrets?\.env$`)

// notSecret matches files that are called so and only show how one looks.
var notSecret = regexp.MustCompile(`(?i)(^|[._-])(example|sample|schema|template|tpl|dist)[._-]`)

// meant reports whether the name of a file says that it holds secrets.
func meant(name string) bool {
	base := filepath.Base(name)
	return secretName.MatchString(base) && !notSecret.MatchString(base)
}

// names returns the files to look at, sorted: those that environments read,
// and others in the chart and in its environments that are called so.
func (a *auditor) names() ([]string, error) {
	var all []string
	for _, e := range a.set.Environments {
		for _, name := range a.set.Sources(e) {
			if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() && filepath.Base(name) != "environment.yaml" {
				all = append(all, name)
			}
		}
	}
	for _, root := range append([]string{a.set.Chart}, a.set.Folders...) {
		if err := a.walk(root, &all); err != nil {
			return nil, err
		}
	}
	for i, name := range all {
		all[i] = filepath.Clean(name)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// walk adds the files below root that are called like secrets, or lie in an
// environment and may be encrypted under another name.
func (a *auditor) walk(root string, all *[]string) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case a.ctx.Err() != nil:
			return a.ctx.Err()
		case err != nil && path == root:
			return err
		case err != nil: // a folder that cannot be entered is not ours
			return nil
		case entry.IsDir():
			if path != root && (strings.HasPrefix(entry.Name(), ".") || a.foreign(path)) {
				return fs.SkipDir
			}
			return nil
		case !meant(path) || a.foreign(path):
			return nil
		}
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			*all = append(*all, path)
		}
		return nil
	})
}

// foreign reports whether a path is not that of values: a template of a chart,
// or in an environment the folder of another chart.
func (a *auditor) foreign(path string) bool {
	dir, base := filepath.Split(path)
	if base == "templates" || base == "node_modules" || base == "vendor" {
		_, err := os.Stat(filepath.Join(dir, "Chart.yaml"))
		return err == nil || base != "templates"
	}
	if a.set.Name == "" {
		return false
	}
	rel, ok := a.below(path)
	parts := strings.Split(filepath.ToSlash(rel), "/")
	return ok && len(parts) == 2 && parts[1] != a.set.Name && isDir(path)
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// scope is within what keys are compared: the chart, or in a folder that is
// none the folder of each chart.
func (a *auditor) scope(name string) string {
	rel, ok := a.below(name)
	if !ok || a.set.Name != "" {
		return ""
	}
	parts := strings.Split(filepath.ToSlash(rel), "/")
	return strings.Join(parts[1:len(parts)-1], "/")
}

// first is the first part of a path.
func first(path string) string {
	name, _, _ := strings.Cut(filepath.ToSlash(path), "/")
	return name
}

// A key is where an encrypted value stands.
type key struct {
	path       string
	start, end int // of the nearest key, in the text
}

// keysOf returns the encrypted values of a YAML or JSON file: keys are readable
// without any key.
func keysOf(name string, text []byte) []key {
	var all []key
	for _, doc := range manifest.Parse(source.NewFile(name, text)) {
		var walk func(n *manifest.Node, at key)
		walk = func(n *manifest.Node, at key) {
			if k := n.Key; k != nil && !k.Alias {
				at.start, at.end = k.Start, k.End
			}
			for _, c := range n.Children {
				if n.Parent == nil && c.Key != nil && c.Key.Value == "sops" {
					continue
				}
				walk(c, at)
			}
			if n.Kind == manifest.String && strings.HasPrefix(n.Value, "ENC[AES256_GCM,") {
				at.path = n.Path()
				all = append(all, at)
			}
		}
		if doc.Root != nil {
			walk(doc.Root, key{})
		}
	}
	return all
}

// only returns the text up to the end of the key, in which everything but line
// breaks and the key is blank.
func (k key) only(text []byte) []byte {
	out := bytes.Clone(text[:k.end])
	for i := range out[:k.start] {
		if out[i] != '\n' {
			out[i] = ' '
		}
	}
	return out
}

// blank reports whether a file says nothing, and so keeps nothing secret.
func blank(name string, text []byte) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".yaml", ".yml", ".json":
		for _, doc := range manifest.Parse(source.NewFile(name, text)) {
			if len(doc.Problems) > 0 || doc.Root != nil && (doc.Root.Scalar() && doc.Root.Kind != manifest.Null || len(doc.Root.Children) > 0) {
				return false
			}
		}
		return true
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' && line[0] != ';' {
			return false
		}
	}
	return true
}
