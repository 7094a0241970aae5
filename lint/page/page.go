// Package page reads the page of a rule: the txtar archive that is its
// documentation, its examples and its tests in one.
//
// The comment of the archive is Markdown, its first line the title. The files
// are cases, each a folder: bad/in.yaml, bad/want, bad/fixed.yaml.
package page

import (
	"strings"

	"golang.org/x/tools/txtar"
)

// A Page is what people read about a rule.
type Page struct {
	// Title says in one line what the rule reports.
	Title string
	// Prose is the Markdown below the title.
	Prose string
	Cases []Case
}

// A Case is an example with what the rule says about it.
type Case struct {
	Name string
	// Files are the manifests, in the order of the page.
	Files []File
	// Want holds the findings, a line each; it is empty for a silent case.
	Want string
	// Fixed is the first manifest with the fixes applied, or "".
	Fixed string
	// Options are the settings of the case, "key: value" lines, or "".
	Options string
}

// A File is a manifest of a case.
type File struct{ Name, Text string }

// Title returns the title of a page without reading the rest of it.
func Title(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return strings.TrimSpace(strings.TrimLeft(line, "# "))
}

// Prose returns the Markdown below the title.
func Prose(text string) string {
	return prose(txtar.Parse([]byte(text)))
}

func prose(a *txtar.Archive) string {
	_, rest, _ := strings.Cut(string(a.Comment), "\n")
	return strings.TrimSpace(rest)
}

// Parse reads a page. Files outside of a folder are left out: what is no case
// is no example either.
func Parse(text string) Page {
	a := txtar.Parse([]byte(text))
	p := Page{Title: Title(text), Prose: prose(a)}
	for _, f := range a.Files {
		dir, name, ok := strings.Cut(f.Name, "/")
		if !ok {
			continue
		}
		p.Cases = add(p.Cases, dir, name, string(f.Data))
	}
	return p
}

func add(cases []Case, dir, name, text string) []Case {
	i := 0
	for i < len(cases) && cases[i].Name != dir {
		i++
	}
	if i == len(cases) {
		cases = append(cases, Case{Name: dir})
	}
	c := &cases[i]
	switch {
	case name == "want":
		c.Want = text
	case name == "options":
		c.Options = text
	case strings.HasPrefix(name, "fixed"):
		c.Fixed = text
	default:
		c.Files = append(c.Files, File{Name: name, Text: text})
	}
	return cases
}

// Firing returns the first case with a finding, which is the one to show.
func (p Page) Firing() (Case, bool) {
	for _, c := range p.Cases {
		if c.Want != "" {
			return c, true
		}
	}
	return Case{}, false
}
