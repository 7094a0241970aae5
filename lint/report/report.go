// Package report prints what a run of the linter found, for people and for
// machines.
//
// A report is a function of its findings: the same findings give the same
// bytes. Text of manifests never reaches a terminal raw: control characters
// and characters that reorder text are replaced by visible ones.
package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
)

// A Format is a way to write a report.
type Format string

// The formats.
const (
	Text   Format = "text"   // for people: the line, with a caret under the span
	JSON   Format = "json"   // the contract of docs/json.md
	SARIF  Format = "sarif"  // SARIF 2.1.0
	GitHub Format = "github" // workflow commands of GitHub Actions
	JUnit  Format = "junit"  // JUnit XML
)

// Formats are all formats, as users write them.
func Formats() []string {
	return []string{string(Text), string(JSON), string(SARIF), string(GitHub), string(JUnit)}
}

// A Report is what a run has to say.
type Report struct {
	// Findings are sorted as lint.Result has them.
	Findings []lint.Finding
	// Files are the names of all files that were linted, sorted.
	Files     []string
	Documents int
	// Rules are those that could have fired.
	Rules []*lint.Rule
	// Version is that of the program.
	Version string
}

// Options say what to show. The zero value shows everything, without colour.
type Options struct {
	// Show is the least severity that text, github and junit show; json and
	// sarif always hold everything.
	Show lint.Severity
	// FailOn is the least severity that counts as a failure in junit.
	FailOn lint.Severity
	// Color asks for colours in text.
	Color bool
	// Terse leaves out the summary of text when there is nothing to sum up.
	Terse bool
}

// Write writes the report to w. The error is that of w.
func Write(w io.Writer, f Format, r Report, o Options) error {
	b := bufio.NewWriterSize(w, 1<<16)
	var err error
	switch f {
	case Text:
		err = writeText(b, r, o)
	case JSON:
		err = writeJSON(b, r)
	case SARIF:
		err = writeSARIF(b, r)
	case GitHub:
		err = writeGitHub(b, r, o)
	case JUnit:
		err = writeJUnit(b, r, o)
	default:
		return fmt.Errorf("format %q is none of %s", f, strings.Join(Formats(), ", "))
	}
	if err != nil {
		return err
	}
	return b.Flush()
}

// counts are the numbers of findings by severity.
type counts struct{ errors, warnings, infos int }

func (r Report) count() counts {
	var c counts
	for i := range r.Findings {
		switch r.Findings[i].Severity {
		case lint.Error:
			c.errors++
		case lint.Warning:
			c.warnings++
		case lint.Info:
			c.infos++
		}
	}
	return c
}
