package report

import (
	"bufio"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
)

// GitHub decodes percent escapes, in properties also of what separates them.
var (
	escapeData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	escapeProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// writeGitHub writes workflow commands, which GitHub Actions shows as
// annotations in the files of a pull request.
func writeGitHub(w *bufio.Writer, r Report, o Options) error {
	var at locators
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Severity < o.Show {
			continue
		}
		if _, err := w.WriteString(at.github(f)); err != nil {
			return err
		}
	}
	return nil
}

func (l *locators) github(f *lint.Finding) string {
	var b strings.Builder
	b.WriteString("::")
	b.WriteString(map[lint.Severity]string{lint.Error: "error", lint.Warning: "warning", lint.Info: "notice"}[f.Severity])
	b.WriteByte(' ')
	if f.Span.Known() {
		p := l.finding.place(f.Span)
		fmt.Fprintf(&b, "file=%s,line=%d,endLine=%d,", escapeProperty.Replace(visible(filepath.ToSlash(p.File))), p.Line, p.EndLine)
		if p.Line == p.EndLine { // columns over several lines are refused
			fmt.Fprintf(&b, "col=%d,endColumn=%d,", p.Column, p.EndColumn)
		}
	}
	lines := []string{visible(f.Message) + " " + tag(f) + visible(environments(f))}
	if !f.Span.Known() {
		lines[0] = visible(strings.TrimSpace(subject(f.Object)+" "+f.Path)) + ": " + lines[0]
	}
	for _, r := range f.Related {
		where := visible(r.Path)
		if r.Span.Known() {
			q := l.related.place(r.Span)
			where = fmt.Sprintf("%s:%d:%d", visible(filepath.ToSlash(q.File)), q.Line, q.Column)
		}
		lines = append(lines, where+": "+visible(r.Message))
	}
	if note := claim(f); note != "" {
		lines = append(lines, "note: "+visible(note))
	}
	if f.Fix != nil && f.Fix.Message != "" {
		lines = append(lines, "fix: "+visible(f.Fix.Message))
	}
	fmt.Fprintf(&b, "title=%s::%s\n", escapeProperty.Replace("tiphys "+f.Rule.Name), escapeData.Replace(strings.Join(lines, "\n")))
	return b.String()
}
