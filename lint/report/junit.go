package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
)

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	File    string        `xml:"file,attr,omitempty"`
	Line    int           `xml:"line,attr,omitempty"`
	Failure *junitFailure `xml:"failure"`
	Out     string        `xml:"system-out,omitempty"`
}

type junitFailure struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// writeJUnit writes a suite for each file: a test case for each finding, or one
// that passed. A finding that does not fail the run is a case that passed and
// has something to say.
func writeJUnit(w io.Writer, r Report, o Options) error {
	suites := map[string]*junitSuite{}
	for _, name := range r.Files {
		suites[name] = &junitSuite{Name: visible(name)}
	}
	var at locators
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Severity < o.Show {
			continue
		}
		p := at.finding.place(f.Span)
		s := suites[p.File]
		if s == nil {
			s = &junitSuite{Name: visible(p.File)}
			suites[p.File] = s
		}
		s.Cases = append(s.Cases, at.junit(f, p, f.Severity >= o.FailOn))
	}
	out := junitSuites{Name: "tiphys"}
	names := make([]string, 0, len(suites))
	for name := range suites {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		s := suites[name]
		if s.Cases == nil {
			s.Cases = []junitCase{{Name: "lint", Class: s.Name, File: s.Name}}
		}
		for _, c := range s.Cases {
			s.Tests++
			if c.Failure != nil {
				s.Failures++
			}
		}
		out.Tests += s.Tests
		out.Failures += s.Failures
		out.Suites = append(out.Suites, *s)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(out); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (l *locators) junit(f *lint.Finding, p place, fails bool) junitCase {
	where := visible(f.Path)
	full := visible(strings.TrimSpace(subject(f.Object) + " " + f.Path))
	if f.Span.Known() {
		full = fmt.Sprintf("%s:%d:%d", visible(p.File), p.Line, p.Column)
		where = strings.TrimSpace(fmt.Sprintf("%s (line %d, column %d)", where, p.Line, p.Column))
	}
	message := visible(f.Message + environments(f))
	text := fmt.Sprintf("%s: %s: %s %s\n", full, f.Severity, message, tag(f))
	for _, r := range f.Related {
		at := visible(r.Path)
		if r.Span.Known() {
			q := l.related.place(r.Span)
			at = fmt.Sprintf("%s:%d:%d", visible(q.File), q.Line, q.Column)
		}
		text += fmt.Sprintf("  %s: note: %s\n", at, visible(r.Message))
	}
	if note := claim(f); note != "" {
		text += "  note: " + visible(note) + "\n"
	}
	c := junitCase{Name: strings.TrimSpace(f.Rule.Name + ": " + where), Class: visible(p.File), File: visible(p.File), Line: p.Line}
	if fails {
		c.Failure = &junitFailure{Type: f.Rule.Name, Message: message, Text: text}
	} else {
		c.Out = text
	}
	return c
}
