package report

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
)

// paint wraps text in colours, or leaves it alone.
type paint bool

const (
	bold   = "1"
	red    = "1;31"
	yellow = "1;33"
	cyan   = "1;36"
	green  = "1;32"
	faint  = "2"
)

func (p paint) in(code, text string) string {
	if !p || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func colorOf(s lint.Severity) string {
	switch s {
	case lint.Error:
		return red
	case lint.Warning:
		return yellow
	}
	return cyan
}

// text is the state of a text report: a writer that reports its first error
// when it is flushed, and where we are.
type text struct {
	*bufio.Writer
	paint
	at locators
}

func writeText(w *bufio.Writer, r Report, o Options) error {
	t := &text{Writer: w, paint: paint(o.Color)}
	hidden := counts{}
	shown := 0
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Severity < o.Show {
			switch f.Severity {
			case lint.Warning:
				hidden.warnings++
			default:
				hidden.infos++
			}
			continue
		}
		shown++
		t.finding(f)
	}
	if o.Terse && shown == 0 {
		return nil
	}
	if shown > 0 {
		fmt.Fprintln(t)
	}
	_, err := fmt.Fprintln(t, t.summary(r, hidden, o.Terse))
	return err
}

func (t *text) finding(f *lint.Finding) {
	p := t.at.finding.place(f.Span)
	where := visible(strings.TrimSpace(subject(f.Object) + " " + f.Path))
	if f.Span.Known() {
		where = fmt.Sprintf("%s:%d:%d", visible(p.File), p.Line, p.Column)
	}
	fmt.Fprintf(t, "%s %s %s %s\n", t.in(bold, where+":"), t.in(colorOf(f.Severity), f.Severity.String()+":"),
		t.in(bold, visible(f.Message)), t.in(faint, tag(f)+visible(environments(f))))
	if f.Span.Known() {
		t.excerpt(p.Line, excerptOf(f.Span))
	}
	for _, r := range f.Related {
		q := t.at.related.place(r.Span)
		where := visible(r.Path)
		if r.Span.Known() {
			where = fmt.Sprintf("%s:%d:%d", visible(q.File), q.Line, q.Column)
		}
		fmt.Fprintf(t, "  %s %s %s\n", t.in(bold, where+":"), t.in(cyan, "note:"), visible(r.Message))
	}
	if note := claim(f); note != "" {
		fmt.Fprintf(t, "  %s %s\n", t.in(cyan, "note:"), visible(note))
	}
	if f.Fix != nil && f.Fix.Message != "" {
		fmt.Fprintf(t, "  %s %s\n", t.in(green, "fix:"), visible(f.Fix.Message))
	}
}

// tag names the rule, and the policy that wants it so.
func tag(f *lint.Finding) string {
	switch {
	case f.Policy == "":
		return "[" + f.Rule.Name + "]"
	case strings.Contains(f.Policy, ", "):
		return "[" + f.Rule.Name + ", policies " + visible(f.Policy) + "]"
	}
	return "[" + f.Rule.Name + ", policy " + visible(f.Policy) + "]"
}

// claim says that the manifest waives the finding in vain.
func claim(f *lint.Finding) string {
	switch {
	case !f.Claimed:
		return ""
	case f.Policy == "":
		return "this is waived here, but no policy lets an object waive " + f.Rule.Name + " itself: waivableRules"
	}
	return "this is waived here, but not every policy that asks for " + f.Rule.Name + " lets an object waive it itself: waivableRules"
}

// environments says where a chart has the finding.
func environments(f *lint.Finding) string {
	if len(f.Environments) == 0 {
		return ""
	}
	return " in " + strings.Join(f.Environments, ", ")
}

// excerpt prints the line with its number and a caret under the span.
func (t *text) excerpt(line int, e excerpt) {
	number := fmt.Sprintf("%5d", line)
	fmt.Fprintln(t, strings.TrimRight(t.in(faint, number+" |")+" "+e.text, " "))
	fmt.Fprintf(t, "%s %s%s\n", t.in(faint, strings.Repeat(" ", len(number))+" |"), strings.Repeat(" ", e.lead),
		t.in(green, "^"+strings.Repeat("~", e.width-1)))
}

// summary is the last line: what there is, and what of it was not shown.
func (t *text) summary(r Report, hidden counts, terse bool) string {
	c := r.count()
	var part []string
	add := func(n int, noun, color string) {
		if n > 0 {
			part = append(part, t.in(color, Count(n, noun)))
		}
	}
	add(c.errors, "error", red)
	add(c.warnings, "warning", yellow)
	add(c.infos, "info", cyan)
	if part == nil {
		part = []string{t.in(green, "no findings")}
	}
	line := strings.Join(part, ", ") + " in " + Count(len(r.Files), "file")
	var not []string
	least := lint.Warning
	if hidden.warnings > 0 {
		not = append(not, Count(hidden.warnings, "warning"))
	}
	if hidden.infos > 0 {
		not = append(not, Count(hidden.infos, "info"))
		least = lint.Info
	}
	if not == nil || terse {
		return line
	}
	return line + t.in(faint, " ("+strings.Join(not, " and ")+" not shown: see them with --show "+least.String()+")")
}

// Count says how many: 1 file, 2 files.
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
