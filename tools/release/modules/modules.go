// Package modules tells what a program is linked of, and under which licences.
package modules

import (
	"bytes"
	"debug/buildinfo"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// A Module is one that a program has packages of.
type Module struct {
	Path, Version string
	Sum           string   // as in go.sum: h1:...
	Licences      []string // SPDX identifiers, as far as they are recognised; sorted
	Texts         []Text
}

// A Text is one file of a licence or a notice.
type Text struct{ File, Text string }

// Of returns the modules that the program has packages of, by path, without its own, and
// what was noted when it was built. It was built of the package pkg in the folder dir.
func Of(program, dir, pkg string) ([]Module, *debug.BuildInfo, error) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return nil, nil, fmt.Errorf("read what %s is built of: %w", filepath.Base(program), err)
	}
	dirs, err := folders(info, dir, pkg)
	if err != nil {
		return nil, nil, err
	}
	var all []Module
	for _, d := range info.Deps {
		m := Module{Path: d.Path, Version: d.Version, Sum: d.Sum}
		if d.Replace != nil {
			m = Module{Path: d.Replace.Path, Version: d.Replace.Version, Sum: d.Replace.Sum}
		}
		at, ok := dirs[d.Path]
		if !ok {
			return nil, nil, fmt.Errorf("find the licence of %s: go list does not know it among the dependencies of %s", d.Path, pkg)
		}
		if m.Texts, err = texts(at); err != nil {
			return nil, nil, fmt.Errorf("find the licence of %s: %w", d.Path, err)
		}
		if !slices.ContainsFunc(m.Texts, func(t Text) bool { return grants.MatchString(t.File) }) {
			return nil, nil, fmt.Errorf("find the licence of %s: its module has no file LICENSE or COPYING, so it cannot be released", d.Path)
		}
		m.Licences = recognise(m.Texts)
		all = append(all, m)
	}
	return all, info, nil
}

// folders are those of the modules, by path, with the packages that this system and
// architecture take.
func folders(info *debug.BuildInfo, dir, pkg string) (map[string]string, error) {
	c := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}\t{{.Dir}}{{end}}", pkg)
	c.Dir, c.Env = dir, append(os.Environ(), "CGO_ENABLED=0")
	for _, s := range info.Settings {
		if s.Key == "GOOS" || s.Key == "GOARCH" {
			c.Env = append(c.Env, s.Key+"="+s.Value)
		}
	}
	out, err := c.Output()
	if e := (*exec.ExitError)(nil); errors.As(err, &e) {
		err = fmt.Errorf("%w: %s", err, bytes.TrimSpace(e.Stderr))
	}
	if err != nil {
		return nil, fmt.Errorf("list the modules of %s: %w", pkg, err)
	}
	all := map[string]string{}
	for line := range strings.Lines(string(out)) {
		if path, at, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			all[path] = at
		}
	}
	return all, nil
}

// licence matches the names of what has to go with a copy of a module, and grants those of
// licences alone.
var (
	licence = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)([-._].*)?$`)
	grants  = regexp.MustCompile(`(?i)^(licen[cs]e|copying)`)
)

// texts are the licences at the top of a module.
func texts(dir string) ([]Text, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var all []Text
	for _, e := range entries {
		if !e.Type().IsRegular() || !licence.MatchString(e.Name()) || strings.HasSuffix(e.Name(), ".go") {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		all = append(all, Text{e.Name(), strings.ReplaceAll(string(b), "\r\n", "\n")})
	}
	return all, nil
}

// enough is how much of a text must be that of known licences, in percent.
const enough = 75

func recognise(all []Text) []string {
	found := map[string]bool{}
	for _, t := range all {
		if !grants.MatchString(t.File) {
			continue
		}
		if c := licensecheck.Scan([]byte(t.Text)); c.Percent >= enough {
			for _, m := range c.Match {
				found[m.ID] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// Go is the standard library, as a module like the others.
func Go(version string) (Module, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return Module{}, fmt.Errorf("find Go: %w", err)
	}
	m := Module{Path: "stdlib", Version: strings.TrimPrefix(version, "go")}
	if m.Texts, err = texts(strings.TrimSpace(string(root))); err != nil {
		return Module{}, fmt.Errorf("find the licence of Go: %w", err)
	}
	m.Licences = []string{"BSD-3-Clause"}
	return m, nil
}

// Notices are the licences of all modules, each text once.
func Notices(all []Module) []byte {
	type named struct{ text, file string }
	users := map[named][]string{}
	var order []named
	for _, m := range all {
		for _, t := range m.Texts {
			n := named{t.Text, t.File}
			if users[n] == nil {
				order = append(order, n)
			}
			users[n] = append(users[n], strings.TrimSpace(m.Path+" "+m.Version))
		}
	}
	var b bytes.Buffer
	b.WriteString("This program has parts of the modules below, each under the licence that follows its name.\n")
	for _, n := range order {
		fmt.Fprintf(&b, "\n%s\n\n%s: %s\n\n%s\n", strings.Repeat("=", 80), strings.Join(users[n], "\n"), n.file, strings.TrimSpace(n.text))
	}
	return b.Bytes()
}
