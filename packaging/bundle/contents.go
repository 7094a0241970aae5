package bundle

import (
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/tiphys-dev/tiphys/lint/names"
)

// versionText matches every version that Helm takes, and nothing that leads out
// of a folder.
var versionText = regexp.MustCompile(`^v?[0-9][0-9A-Za-z.+-]{0,127}$`)

// check reports what is wrong with the list of a package, first of all what
// would make it dangerous to unpack.
func (c *Contents) check() error {
	switch {
	case !chartName(c.Name):
		return fmt.Errorf("%q cannot be the name of a chart", c.Name)
	case !versionText.MatchString(c.Version):
		return fmt.Errorf("%q cannot be the version of a chart", c.Version)
	case len(c.Files) > mostFiles:
		return fmt.Errorf("there are %d files, and a package has at most %d", len(c.Files), mostFiles)
	}
	var total int64
	for i, f := range c.Files {
		if err := checkPath(f.Path); err != nil {
			return fmt.Errorf("file %q %w", f.Path, err)
		}
		if i > 0 && c.Files[i-1].Path >= f.Path {
			return fmt.Errorf("file %q is listed after %q: it is there twice, or the list is not sorted", f.Path, c.Files[i-1].Path)
		}
		if f.Size < 0 || f.Size > mostFile {
			return fmt.Errorf("file %q has %d bytes, and a file of a package at most %d", f.Path, f.Size, mostFile)
		}
		if sum, err := hex.DecodeString(f.SHA256); err != nil || len(sum) != 32 || strings.ToLower(f.SHA256) != f.SHA256 {
			return fmt.Errorf("file %q has the hash %q, which is no SHA-256", f.Path, f.SHA256)
		}
		if total += f.Size; total > mostBytes {
			return fmt.Errorf("its files have more than the %d MiB that a package may have", mostBytes>>20)
		}
	}
	if err := clash(c.Files); err != nil {
		return err
	}
	return c.checkPlaces()
}

func chartName(name string) bool {
	_, _, ok := names.Subdomain(strings.ToLower(name))
	return ok
}

// checkPath says, as the end of a sentence, why a path cannot be in a package.
func checkPath(name string) error {
	switch {
	case name == "":
		return errors.New("has no name")
	case len(name) > mostPath:
		return fmt.Errorf("has a path of %d bytes, and at most %d are allowed", len(name), mostPath)
	case !utf8.ValidString(name):
		return errors.New("has a name that is not UTF-8")
	case strings.Contains(name, `\`):
		return errors.New("has a backslash in its name, which other systems take for a slash")
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return errors.New("has a character in its name that cannot be printed")
	case path.IsAbs(name), path.Clean(name) != name, name == ".." || strings.HasPrefix(name, "../"):
		return errors.New("would lead out of the folder: a path is relative and has no . or .. in it")
	}
	return nil
}

// clash reports names that are one name to some file system: they differ in
// case or in how a letter is composed, or one is a folder and the other a file.
func clash(files []Entry) error {
	file, folder := map[string]string{}, map[string]string{}
	for _, f := range files {
		key := fold(f.Path)
		if other, ok := file[key]; ok {
			return fmt.Errorf("files %q and %q have the same name on some systems: rename one", other, f.Path)
		}
		file[key] = f.Path
		for dir := path.Dir(f.Path); dir != "."; dir = path.Dir(dir) {
			key := fold(dir)
			other, ok := folder[key]
			if ok && other == dir {
				break // and so is what is above it
			}
			if ok {
				return fmt.Errorf("folders %q and %q have the same name on some systems: rename one", other, dir)
			}
			folder[key] = dir
		}
	}
	for _, key := range sortedKeys(folder) {
		if other, ok := file[key]; ok {
			return fmt.Errorf("%q is a file and %q a folder", other, folder[key])
		}
	}
	return nil
}

func fold(name string) string { return norm.NFC.String(strings.ToLower(norm.NFC.String(name))) }

// checkPlaces reports files that are neither of the chart nor of an environment
// of the package, and environments that have none.
func (c *Contents) checkPlaces() error {
	seen := map[string]bool{}
	for _, name := range c.Environments {
		if seen[name] {
			return fmt.Errorf("environment %q is listed twice", name)
		}
		seen[name] = true
	}
	found := map[string]bool{}
	for _, f := range c.Files {
		env, ok := c.place(f.Path)
		switch {
		case !ok:
			return fmt.Errorf("file %q is neither of chart %q nor of an environment", f.Path, c.Name)
		case env != "" && !seen[env]:
			return fmt.Errorf("file %q is of environment %q, which is not listed", f.Path, env)
		}
		found[env] = true
	}
	for _, name := range c.Environments {
		if !found[name] {
			return fmt.Errorf("environment %q is listed and has no files", name)
		}
	}
	main := chartPath(c.Name, "Chart.yaml")
	if !slices.ContainsFunc(c.Files, func(f Entry) bool { return f.Path == main }) {
		return fmt.Errorf("there is no %q: it holds no chart", main)
	}
	return nil
}

// place returns which environment a file is of, "" for one of the chart.
func (c *Contents) place(name string) (env string, ok bool) {
	if rest, inChart := strings.CutPrefix(name, chartPath(c.Name, "")+"/"); inChart {
		if name, ok = strings.CutPrefix(rest, environmentsFolder+"/"); !ok {
			return "", true
		}
	} else if name, ok = strings.CutPrefix(name, environmentsFolder+"/"); !ok {
		return "", false
	}
	env, file, ok := strings.Cut(name, "/")
	return env, ok && env != "" && file != ""
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
