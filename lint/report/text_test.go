package report_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/report"
	"github.com/tiphys-dev/tiphys/lint/source"
)

var rule = &lint.Rule{Name: "tag-unresolved", Severity: lint.Error, Topic: "tag", Page: "A tag that nothing fills\n\nIt stays as it is.\n"}

// at returns a finding for the bytes between « and », which are taken out.
func at(name, text string) lint.Finding {
	before, rest, _ := strings.Cut(text, "«")
	token, after, _ := strings.Cut(rest, "»")
	f := source.NewFile(name, []byte(before+token+after))
	return lint.Finding{
		Rule: rule, Severity: lint.Error, Message: "no", Path: "spec",
		Object: lint.Object{Kind: "Workflow", Name: "etl"},
		Span:   source.Span{File: f, Start: len(before), End: len(before) + len(token)},
	}
}

func write(t *testing.T, f report.Format, o report.Options, findings ...lint.Finding) string {
	t.Helper()
	var b bytes.Buffer
	r := report.Report{Findings: findings, Files: []string{"a.yaml"}, Documents: 1, Rules: []*lint.Rule{rule}, Version: "v1.2.3"}
	if err := report.Write(&b, f, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestExcerpt(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"a word":                         {"a: «word»\n", "    1 | a: word\n      |    ^~~~\n"},
		"a tab is four cells":            {"\ta: «b»\n", "    1 |     a: b\n      |        ^\n"},
		"a wide rune is two cells":       {"a: 世界 «世»\n", "    1 | a: 世界 世\n      |         ^~\n"},
		"a combining rune is none":       {"a: e\u0301 «e\u0301x»\n", "    1 | a: e\u0301 e\u0301x\n      |      ^~\n"},
		"an emoji is two cells":          {"a: 🚀 «b»\n", "    1 | a: 🚀 b\n      |       ^\n"},
		"a byte order mark is nothing":   {"\ufeffa: «b»\n", "    1 | a: b\n      |    ^\n"},
		"CRLF":                           {"a: «b»\r\nc: d\r\n", "    1 | a: b\n      |    ^\n"},
		"an escape sequence is shown":    {"a: \x1b[31m «b»\n", "    1 | a: ␛[31m b\n      |          ^\n"},
		"text that runs backwards":       {"a: \u202e «b»\n", "    1 | a: � b\n      |      ^\n"},
		"invalid UTF-8":                  {"a: \xff «b»\n", "    1 | a: � b\n      |      ^\n"},
		"nothing at the end of the file": {"a: b\n«»", "    2 |\n      | ^\n"},
		"nothing at the end of a line":   {"a:«»\nb: c\n", "    1 | a:\n      |   ^\n"},
		"several lines":                  {"a: «b\n  c»\n", "    1 | a: b\n      |    ^\n"},
		"an empty file":                  {"«»", "    1 |\n      | ^\n"},
		"a long line, near its start": {
			"a: «b»" + strings.Repeat("x", 300),
			"    1 | a: b" + strings.Repeat("x", 116) + "…\n      |    ^\n",
		},
		"a long line, in its middle": {
			strings.Repeat("x", 300) + "«bad»" + strings.Repeat("y", 300),
			"    1 | …" + strings.Repeat("x", 40) + "bad" + strings.Repeat("y", 76) + "…\n      | " + strings.Repeat(" ", 41) + "^~~\n",
		},
		"a long line, at its end": {
			strings.Repeat("x", 300) + "«bad»",
			"    1 | …" + strings.Repeat("x", 40) + "bad\n      | " + strings.Repeat(" ", 41) + "^~~\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := write(t, report.Text, report.Options{}, at("a.yaml", c.text))
			_, got, _ = strings.Cut(got, "\n")
			got = strings.TrimSuffix(got, "\n1 error in 1 file\n")
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestText(t *testing.T) {
	full := at("a.yaml", "a: «b»\n")
	full.Related = []lint.Related{{Path: "spec.x", Span: full.Span, Message: "here"}, {Path: "spec.y", Message: "there"}}
	full.Fix = &lint.Fix{Message: "write c"}
	info := at("b.yaml", "a: «b»\n")
	info.Severity = lint.Info
	nowhere := lint.Finding{Rule: rule, Severity: lint.Warning, Message: "gone", Path: "spec.z", Object: lint.Object{Kind: "Workflow", Namespace: "data", Name: "etl"}}
	evil := at("\x1b]0;a\x07.yaml", "a: «b»\n")
	evil.Message = "\x1b[2Jgone\nand\u202e more"
	all := []lint.Finding{nowhere, full, info}
	excerpt := "    1 | a: b\n      |    ^\n"

	for name, c := range map[string]struct {
		findings []lint.Finding
		options  report.Options
		want     string
	}{
		"nothing found":            {nil, report.Options{}, "no findings in 1 file\n"},
		"nothing found and terse":  {nil, report.Options{Terse: true}, ""},
		"only hidden ones":         {[]lint.Finding{info}, report.Options{Show: lint.Warning}, "1 info in 1 file (1 info not shown: see them with --show info)\n"},
		"only hidden ones, terse":  {[]lint.Finding{info}, report.Options{Show: lint.Error, Terse: true}, ""},
		"an object without a text": {[]lint.Finding{nowhere}, report.Options{}, "Workflow data/etl spec.z: warning: gone [tag-unresolved]\n\n1 warning in 1 file\n"},
		"escape sequences are shown": {[]lint.Finding{evil}, report.Options{},
			"␛]0;a␇.yaml:1:4: error: ␛[2Jgone␊and� more [tag-unresolved]\n" + excerpt + "\n1 error in 1 file\n"},
		"all there is": {all, report.Options{}, "Workflow data/etl spec.z: warning: gone [tag-unresolved]\n" +
			"a.yaml:1:4: error: no [tag-unresolved]\n" + excerpt +
			"  a.yaml:1:4: note: here\n  spec.y: note: there\n  fix: write c\n" +
			"b.yaml:1:4: info: no [tag-unresolved]\n" + excerpt +
			"\n1 error, 1 warning, 1 info in 1 file\n"},
		"errors": {all, report.Options{Show: lint.Error}, "a.yaml:1:4: error: no [tag-unresolved]\n" + excerpt +
			"  a.yaml:1:4: note: here\n  spec.y: note: there\n  fix: write c\n" +
			"\n1 error, 1 warning, 1 info in 1 file (1 warning and 1 info not shown: see them with --show info)\n"},
		"warnings are hidden": {[]lint.Finding{nowhere}, report.Options{Show: lint.Error}, "1 warning in 1 file (1 warning not shown: see them with --show warning)\n"},
		"colours": {[]lint.Finding{at("a.yaml", "«b»\n")}, report.Options{Color: true},
			"\x1b[1ma.yaml:1:1:\x1b[0m \x1b[1;31merror:\x1b[0m \x1b[1mno\x1b[0m \x1b[2m[tag-unresolved]\x1b[0m\n" +
				"\x1b[2m    1 |\x1b[0m b\n\x1b[2m      |\x1b[0m \x1b[1;32m^\x1b[0m\n\n\x1b[1;31m1 error\x1b[0m in 1 file\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, write(t, report.Text, c.options, c.findings...)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A machine may write a manifest as one line of megabytes; the time of a
// report must not be findings times length.
func TestManyFindingsInOneLine(t *testing.T) {
	const n = 20_000
	f := source.NewFile("a.json", bytes.Repeat([]byte("0123456789"), n*25))
	findings := make([]lint.Finding, n)
	for i := range findings {
		findings[i] = lint.Finding{Rule: rule, Severity: lint.Error, Span: source.Span{File: f, Start: i * 250, End: i*250 + 10}}
	}
	for _, format := range report.Formats() {
		start := time.Now()
		if got := write(t, report.Format(format), report.Options{}, findings...); !strings.Contains(got, "4999751") {
			t.Errorf("%s: the last column is missing", format)
		}
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%s took %s", format, d)
		}
	}
}
