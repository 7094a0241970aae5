package report

import (
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/tiphys-dev/tiphys/lint"
)

// The JSON form is a contract, told in docs/json.md: fields may be added, none
// changes its meaning.
type jsonReport struct {
	Findings []jsonFinding `json:"findings"`
	Summary  jsonSummary   `json:"summary"`
}

type jsonFinding struct {
	Rule      string        `json:"rule"`
	Severity  string        `json:"severity"`
	Message   string        `json:"message"`
	Object    jsonObject    `json:"object"`
	Path      string        `json:"path"`
	File      string        `json:"file"`
	Line      int           `json:"line"`
	Column    int           `json:"column"`
	EndLine   int           `json:"endLine"`
	EndColumn int           `json:"endColumn"`
	Fix       *jsonFix      `json:"fix,omitempty"`
	Related   []jsonRelated `json:"related,omitempty"`
	// Environments are those in which a chart has the finding.
	Environments []string `json:"environments,omitempty"`
	// Policy names the policies that want it so.
	Policy  string `json:"policy,omitempty"`
	Claimed bool   `json:"claimed,omitempty"`
}

type jsonObject struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

type jsonFix struct {
	Message string `json:"message"`
	Safe    bool   `json:"safe"`
}

type jsonRelated struct {
	Message   string `json:"message"`
	Path      string `json:"path"`
	File      string `json:"file"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"endLine"`
	EndColumn int    `json:"endColumn"`
}

type jsonSummary struct {
	Files     int `json:"files"`
	Documents int `json:"documents"`
	Errors    int `json:"errors"`
	Warnings  int `json:"warnings"`
	Infos     int `json:"infos"`
}

func writeJSON(w io.Writer, r Report) error {
	c := r.count()
	out := jsonReport{
		Findings: make([]jsonFinding, len(r.Findings)),
		Summary:  jsonSummary{len(r.Files), r.Documents, c.errors, c.warnings, c.infos},
	}
	var at locators
	for i := range r.Findings {
		out.Findings[i] = at.json(&r.Findings[i])
	}
	return encode(w, out)
}

func (l *locators) json(f *lint.Finding) jsonFinding {
	p := l.finding.place(f.Span)
	j := jsonFinding{
		Rule: f.Rule.Name, Severity: f.Severity.String(), Message: f.Message, Environments: f.Environments,
		Policy: f.Policy, Claimed: f.Claimed,
		Object: jsonObject(f.Object), Path: f.Path,
		File: p.File, Line: p.Line, Column: p.Column, EndLine: p.EndLine, EndColumn: p.EndColumn,
	}
	if f.Fix != nil {
		j.Fix = &jsonFix{Message: f.Fix.Message, Safe: f.Fix.Safe}
	}
	for _, r := range f.Related {
		q := l.related.place(r.Span)
		j.Related = append(j.Related, jsonRelated{
			Message: r.Message, Path: r.Path,
			File: q.File, Line: q.Line, Column: q.Column, EndLine: q.EndLine, EndColumn: q.EndColumn,
		})
	}
	return j
}

func encode(w io.Writer, v any) error {
	e := json.NewEncoder(escaper{w})
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// An escaper writes JSON in which no character gives orders to a terminal: what
// JSON itself leaves as it is becomes an escape. Each Write holds whole runes.
type escaper struct{ w io.Writer }

func (e escaper) Write(p []byte) (int, error) {
	at := 0
	for i := 0; i < len(p); {
		if p[i] < 0x7f {
			i++
			continue
		}
		r, n := utf8.DecodeRune(p[i:])
		if obeyed(r) {
			code := fmt.Sprintf("\\u%04x", r)
			if r > 0xffff {
				high, low := utf16.EncodeRune(r)
				code = fmt.Sprintf("\\u%04x\\u%04x", high, low)
			}
			if _, err := e.w.Write(p[at:i]); err != nil {
				return at, err
			}
			if _, err := io.WriteString(e.w, code); err != nil {
				return i, err
			}
			at = i + n
		}
		i += n
	}
	n, err := e.w.Write(p[at:])
	return at + n, err
}
