package manifest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
)

func TestSyntaxProblems(t *testing.T) {
	for text, want := range map[string]string{
		"a:\n\tb: 1\n":                  "2:1: a tab cannot indent YAML: use spaces",
		"a: |\n\tb\n":                   "2:1: a tab cannot indent YAML: use spaces",
		"a: \"x\nb: 2\n":                "1:4: the double quote that opens here is never closed",
		"a: 'x\n---\n":                  "1:4: the single quote that opens here is never closed",
		"a: \"x\nb: \"y\"\n":            "2:5: unexpected text after the closing quote of the text that opens on line 1: put the whole value in quotes, or remove the text",
		"a: 'x' y\n":                    "1:8: unexpected text after the closing quote: put the whole value in quotes, or remove the text",
		"a: [b] c\n":                    "1:8: unexpected text after the closing ']': put the whole value in quotes, or remove the text",
		"a: b: c\n":                     "1:5: a second ':' on the line: put the value in quotes, or start the map on the next line",
		"a: b\n  c: d\n":                `2:3: the key "c" is indented like a part of the value "b..." on a line above: indent it like its siblings`,
		"a: b\nc\nd: e\n":               `2:1: expected ':' after the key "c"`,
		"a: b\nkey:value\n":             `2:1: expected a space after ':' in "key:value"`,
		"a:\n    b: 1\n   c: 2\n":       "3:4: this line is indented by 3 spaces, its siblings by 4",
		"a: 'x'\n  b: 1\n":              "2:3: this line is indented by 2 spaces, its siblings by 0",
		"a: |\n   x\n  y\n":             "3:3: this line is indented by 2 spaces, the text above it by 3",
		"a: 1\n- b\n":                   `2:1: a list item ("- ") cannot stand among the keys of a map: indent it, or give it a key`,
		"- a\nb: c\n":                   `2:1: expected "- " as on the lines above: they are items of a list`,
		"a: - b\n":                      `1:4: a list cannot start on the line of its key: put the "- " on the next line, or put the text in quotes`,
		"a: [1, 2\nb: 3\n":              "2:2: expected ',' or ']' for the '[' that opens on line 1",
		"a: {b: c\n":                    "1:4: the '{' that opens here is never closed",
		"a: b]\nc: ]\n":                 "2:4: ']' closes nothing: remove it, or put the text in quotes",
		"[a,,b]":                        "1:4: a ',' without a value before it: remove it",
		"a: @b\n":                       "1:4: a value cannot start with '@': put it in quotes",
		"a: *.log\n":                    "1:4: a value that starts with '*' is an alias in YAML: put the text in quotes",
		"a: &base 1\nb: *bsae\n":        "2:4: there is no anchor &bsae above: put the text in quotes if it is no alias; did you mean *base?",
		"a: &x [*x]\n":                  "1:8: the value of &x contains itself",
		"a: &x &y b\n":                  "1:7: a value can have only one of these: it already has an anchor",
		"a: !x!y z\n":                   `1:4: the tag "!x!y" is not known: put the text in quotes`,
		`a: "\d"`:                       `1:5: \d is no escape in YAML: write "\\" for a backslash, or use single quotes`,
		"a: | b\n":                      "1:6: text after | cannot stand on its line: the text of a block scalar starts on the next line",
		"a: b\n...\nc\n":                `3:1: text after the end of the document: separate documents by "---"`,
		"%YAML 1.2\n---\na: b\n":        "1:1: kubectl and helm refuse YAML 1.2: leave the line out, they read YAML 1.1",
		"%if\na: b\n":                   `1:1: a line that starts with "%" is a directive in YAML, and this is not one: indent the text or put it in quotes`,
		"[a]: b\n":                      "1:1: a list cannot be a key",
		"a: .inf\n":                     `1:4: ".inf" is a number that JSON does not have: put it in quotes`,
		"a: !!int b\n":                  `1:10: "b" is not what its tag !!int says`,
		"a: {{inputs.x}}\n":             `1:5: a map cannot be a key; put a value that starts with "{{" in quotes, YAML takes it for a map`,
		"a: ['it's', b]\n":              "1:9: expected ',' or ']'; the text before it ends at the quote: inside single quotes write '' for '",
		"a: [b, {{inputs.x}}]\n":        `1:9: a map cannot be a key; put a value that starts with "{{" in quotes, YAML takes it for a map`,
		"a: {{ .Values.x }}\n":          "1:5: a map cannot be a key; this looks like a Helm template: lint the chart or the rendered output",
		"x: 1\n{{- if .Values.y }}\nb:": `2:1: expected ':' after the key "{{- if .Values.y }}"; this looks like a Helm template: lint the chart or the rendered output`,
		"é: \"ü\" x\n":                  "1:8: unexpected text after the closing quote: put the whole value in quotes, or remove the text",
		"a: b\r\nc\r\nd: e\r\n":         `2:1: expected ':' after the key "c"`,
		"a: \x00\x01\x02\n":             "1:4: a NUL byte: this is binary data or UTF-16, not YAML in UTF-8",
		"a: b\xff\xfe\n":                "1:5: byte 0xFF is not UTF-8: save the file as UTF-8",
		"a: \x1b[0m\n":                  "1:4: the control character U+001B cannot stand in YAML: remove it, or write it as an escape in double quotes",
		"\xff\xfea\x00":                 "1:1: the file is UTF-16: save it as UTF-8",
	} {
		t.Run(text, func(t *testing.T) {
			d := parse(text)[0]
			if d.Root != nil || len(d.Problems) != 1 {
				t.Fatalf("root %v, problems %v", d.Root, d.Problems)
			}
			checkProblem(t, want, d)
		})
	}
}

func TestJSONProblems(t *testing.T) {
	for text, want := range map[string]string{
		`{"a": [1, 2}`:     `1:12: expected ',' or ']', found "}"`,
		`{"a" 1}`:          `1:6: expected ':' after the key, found "1"`,
		`{"a": tru}`:       `1:7: expected a value, found "t"`,
		`{"a": 1,}`:        `1:9: expected a key in double quotes, found "}"`,
		"[1,\n2":           `1:1: "[" is never closed`,
		`{"a": "b`:         "1:7: the string that starts here is never closed",
		`{"a": "\q"}`:      `1:8: "\q" is no escape in JSON: write "\\" for a backslash`,
		"[\"a\nb\"]":       "1:4: a line break, tab or control character cannot stand in a JSON string: write it as an escape",
		`[01]`:             "1:2: a JSON number cannot start with 0",
		`{} x`:             "1:4: text after the end of the JSON value: remove it",
		"[1,":              "1:4: the JSON ends here: expected a value",
		`[1e999]`:          "1:2: the number is too large",
		"{\"a\":\"\xff\"}": "1:7: byte 0xFF is not UTF-8: save the file as UTF-8",
	} {
		t.Run(text, func(t *testing.T) {
			checkProblem(t, want, manifest.ParseJSON(source.NewFile("x", []byte(text))))
		})
	}
}

func checkProblem(t *testing.T, want string, d *manifest.Document) {
	t.Helper()
	if len(d.Problems) != 1 {
		t.Fatalf("problems %v", d.Problems)
	}
	p := d.Problems[0]
	at := d.File.Position(p.Span.Start)
	if diff := cmp.Diff(want, fmt.Sprintf("%d:%d: %s", at.Line, at.Column, p.Message)); diff != "" {
		t.Error(diff)
	}
}

// TestHostileTextTakesLinearTime parses half a megabyte of each, which takes
// minutes if anything is quadratic.
func TestHostileTextTakesLinearTime(t *testing.T) {
	const size = 1 << 19
	fill := func(s string) string { return strings.Repeat(s, size/len(s)) }
	bomb := "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 12; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [*a%d, *a%[3]d, *a%[3]d, *a%[3]d, *a%[3]d, *a%[3]d, *a%[3]d, *a%[3]d, *a%[3]d]\n", i, i, i-1)
	}
	texts := map[string]string{
		"brackets": fill("["), "braces": fill("{"), "closed brackets": fill("]"), "dashes": fill("- "), "markers": fill("---\n"), "long dashes": fill("-"),
		"double quotes": fill(`"`), "single quotes": fill("'"), "anchors": fill("&a "), "aliases": "- &a x\n" + fill("- *a\n"), "questions": fill("? "), "question lines": fill("?\n"),
		"tabs": fill("\t"), "line breaks": fill("\n"), "carriage returns": fill("\r"), "spaces": fill(" "), "hashes": fill("#"), "colons": fill(": "), "colons without a space": fill(":"),
		"tags": fill("!a "), "exclamation marks": fill("!"), "percent signs": fill("%"), "commas": "[" + fill("a,"), "backslashes": `"` + fill(`\\`), "zeros": fill("0"), "ellipses": fill("...\n"),
		"brackets in keys": fill("[a]: "), "pairs": "[" + fill("a: b, ") + "]", "block scalars": fill("- |\n x\n"), "deeper and deeper": deeper(1200),
		"many keys": manyKeys(100_000), "many duplicate keys": fill("a: b\n"), "a bomb": bomb, "merges": "a: &a {b: c}\nd:\n" + fill("  <<: *a\n"),
		"merges of one large map": "a: &a {" + fill("b, ")[:300_000] + "}\nd:\n" + strings.Repeat("  <<: *a\n", 10_000),
		"large numbers":           "- " + fill("9"), "infinities": fill("- .inf\n"), "a bomb of keys": "a: &a {" + flowKeys(1000) + "}\nd:\n" + strings.Repeat("- <<: *a\n", 100_000),
		"broken documents": fill("a: 'b\n---\n"), "Helm": fill("{{ .Values.a }}\n"), "literal lines": "a: |\n" + fill("  b\n"), "empty literal lines": "a: |+\n" + fill("\n"),
		"plain lines": "a: b\n" + fill("  b\n"), "LS": fill("\u2028"), "JSON brackets": fill(`{"a":`), "NUL": fill("\x00"), "bad UTF-8": fill("\xff\n---\n"), "nested maps": fill("a:\n "),
	}
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			for _, d := range parse(text) {
				checkTree(t, d.Root, nil)
				if len(d.Problems) > 101 {
					t.Errorf("%d problems", len(d.Problems))
				}
			}
			manifest.ParseJSON(source.NewFile("x", []byte(text)))
			if d := time.Since(start); d > 10*time.Second {
				t.Errorf("took %s", d)
			}
		})
	}
}

func deeper(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func flowKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "k%d: v, ", i)
	}
	return b.String()
}

func TestLimits(t *testing.T) {
	for name, test := range map[string]struct {
		text   string
		limits bool
	}{
		"999 lists":        {strings.Repeat("[", 999) + strings.Repeat("]", 999), false},
		"1001 lists":       {strings.Repeat("[", 1001) + strings.Repeat("]", 1001), true},
		"10,000 lists":     {strings.Repeat("[", 10_000), true},
		"10,000 YAML maps": {strings.Repeat("{a: ", 10_000), true},
		"999 dashes":       {strings.Repeat("- ", 999), false},
		"1001 dashes":      {strings.Repeat("- ", 1001), true},
		"an alias within what it nests": {"a: &a " + strings.Repeat("[", 600) + strings.Repeat("]", 600) +
			"\nb: " + strings.Repeat("[", 600) + "*a" + strings.Repeat("]", 600), true},
		"as many aliases as the reference takes": {"a: &a [" + strings.Repeat("x, ", 90) + "]\nb:\n" + strings.Repeat("- *a\n", 4000), false},
		"aliases of a long text":                 {"a: &a " + strings.Repeat("x", 1<<20) + "\nb: [*a, *a]\n", false},
		"more text than the aliases may copy":    {"a: &a " + strings.Repeat("x", 1<<20) + "\nb: [" + strings.Repeat("*a, ", 9) + "]\n", true},
		"more aliases than that":                 {"a: &a [" + strings.Repeat("x, ", 90) + "]\nb:\n" + strings.Repeat("- *a\n", 5000), true},
	} {
		t.Run(name, func(t *testing.T) {
			d := parse(test.text)[0]
			p := fatal(d)
			if got := p != nil && p.Kind == manifest.Limit; got != test.limits {
				t.Errorf("the problem is %v", p)
			}
		})
	}
}
