package manifest_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
)

var seeds = []string{
	"", "# only a comment\n", "---\n", "...\n", "a: b", "a:\n- b\n- c: d\n  e: f\n", "- - a\n  - b\n-\n", "? a\n: b\n? c\n",
	"a: &x {b: c}\nd: *x\ne:\n  <<: *x\n  f: g\n", "<<: [{a: 1}, {a: 2, b: 3}]\nc: 4\n", "a: 1\n<<: {a: 2}\n", "a: 1\na: 2\n",
	"a: |\n  text\n  more\n\nb: >-\n  folded\n  text\n\n  para\n   more\n", "a: |2-\n    x\n   y\n", "|+\n x\n\n\n", ">\n\n  a\n\n\n  b\n    c\n  d\n",
	"'it''s\n  folded'", "\"a\\n\\u00e9\\\n   b\\x41\n\n c\"", "[a, b: c, {d, e: f}, [g], 'h': i]\n", "{? a : b, c: , d}", "a: b\n  c\n\n  d\n",
	"[yes, no, on, off, y, n, ~, null, Null, 010, 0x1F, 0b11, 0o17, 1_000, 1e3, 1.0, .5, -.5, +1, 123456789012345678901234567890, 18446744073709551615, 2001-01-01, 1:30, 0b-1, 08, 1e400]",
	"1: a\n2.5: b\ntrue: c\n1e8: d\n", "a: !!str 12\nb: !!int '3'\nc: !!float 1\nd: !!binary aGk=\ne: ! 5\nf: !foo bar\ng: !!null\n",
	"%YAML 1.1\n%TAG !e! tag:yaml.org,2002:\n---\na: !e!str 1\n...\n", "a: .inf\na: 1\n", "--- |\n a\n--- b\n", "a:\r\n  b: c\r\n  d: |\r\n    x\r\n    y\r\n",
	"\ufeffa: b\n", "a: b\u0085c: d\u2028e: f\n", "\ta: b", "a:\tb\n", "a:\n\tb\n", "a: b: c\n", "key\nother: x", "a: 'x", "a: [b\nc: d\n", "a: {{ .Values.x }}\n",
	"a: *b\n", "&a [*a]", "&a a: &b b\n*a : *b\n", "- a\nb: c\n", "a: @b", "a: %b", "a: `b", "a: b #c\nd: e#f\n", "[a,b]: c", "? [a]\n: b", "- !!map\n  a: b\n",
	"a: \"\\q\"", "a: 'b' c", "a:\n    b: 1\n   c: 2\n", "a: -\n", "a: - b\n", "-a\n", "{a: b}}\n", "'a': b\n\"c\" : d\n", "a: &x\n  b: c\nd: &y\n- e\n", "a: ''\nb: \"\"\nc:\n",
	"apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1}\n", "{\"a\": \"\\/\"}", "{\"a\": 1.0}",
}

func addSeeds(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	for _, s := range corpus(f) {
		if len(s) < 3000 {
			f.Add(s)
		}
	}
}

// FuzzYAML holds the tree of the first document against sigs.k8s.io/yaml.
func FuzzYAML(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, text string) {
		start := time.Now()
		docs := parse(text)
		if d := time.Since(start); d > 5*time.Second {
			t.Fatalf("took %s", d)
		}
		for _, d := range docs {
			checkTree(t, d.Root, nil)
		}
		if differs(text) {
			return
		}
		d := docs[0]
		got, problem := plain(d.Root), fatal(d)
		if problem != nil && problem.Kind == manifest.Limit {
			return // our bounds are lower
		}
		want, err := reference(text)
		switch {
		case err != nil && strings.Contains(err.Error(), "excessive aliasing"):
		case err != nil && problem == nil:
			// The reference reads ahead and may stumble over characters of
			// later documents.
			for _, later := range docs[1:] {
				if fatal(later) != nil && strings.Contains(err.Error(), "yaml: ") &&
					(strings.Contains(err.Error(), "control characters") || strings.Contains(err.Error(), "UTF-8") || strings.Contains(err.Error(), "Unicode")) {
					return
				}
			}
			t.Fatalf("no problem, but the reference says %v", err)
		case err == nil && problem != nil:
			// The reference ignores whatever follows the first value. We do not.
			if streamError(text) == nil {
				t.Fatalf("%s, but the reference reads %v", problem.Message, want)
			}
		case err == nil:
			compare(t, text, d, got, want)
		}
	})
}

func compare(t *testing.T, text string, d *manifest.Document, got, want any) {
	t.Helper()
	_, strict := yaml.YAMLToJSONStrict([]byte(text))
	repeated := len(d.Problems) > 0
	if repeated && strict == nil {
		return // keys that differ in type only, like 1 and "1": the reference picks one at random
	}
	if !repeated && strict != nil {
		t.Errorf("no duplicate key, but the strict reference says %v", strict)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\ngot  %v\nwant %v", got, want)
	}
}

// differs reports the texts that we read in another way on purpose.
func differs(text string) bool {
	switch {
	case strings.HasPrefix(text, "\xff\xfe"), strings.HasPrefix(text, "\xfe\xff"):
		return true // UTF-16 is refused: nothing else in the tool chain takes it
	case strings.HasPrefix(text, "\ufeff\ufeff"):
		return true // at a second byte order mark the reference skips the first character of many lines
	}
	// JSON is read by the rules of JSON, as kubectl does.
	json1 := strings.TrimLeft(strings.TrimPrefix(text, "\ufeff"), " \t\r\n")
	return json1 != "" && (json1[0] == '{' || json1[0] == '[') && json.Valid([]byte(json1))
}

// FuzzJSON holds the tree against encoding/json.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{
		`{"a": [1, -0, 1.5e3, true, false, null, "x\n\u00e9\ud83d\ude00\ud83dx\ude00\ud83d\ud83d\ude00"]}`, `{"a":1,"a":2}`, ` [ ] `, `{}`, `"`, `{"a"}`, `[1,]`, `01`,
		`1 2`, "\"\t\"", `"\/\b\f\r\t\"\\"`, `1e400`, `123456789012345678901234567890`, `{"":""}`, `nul`, `-`, `1.`, `[[[[`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d := manifest.ParseJSON(source.NewFile("x", text))
		checkTree(t, d.Root, nil)
		problem := fatal(d)
		var want any
		err := json.Unmarshal(text, &want)
		switch {
		case problem != nil && (problem.Kind == manifest.Limit || problem.Kind == manifest.Encoding):
			return
		case bytes.HasPrefix(text, []byte("\ufeff")):
			return // a byte order mark is forgiven
		case err != nil && problem == nil && d.Root == nil:
			return // nothing there: an empty document
		case (err == nil) != (problem == nil):
			t.Fatalf("problem %v, but encoding/json says %v", problem, err)
		case err != nil:
			return
		}
		b, err := json.Marshal(plain(d.Root))
		if err != nil {
			t.Fatal(err)
		}
		var got any
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("\ngot  %v\nwant %v", got, want)
		}
	})
}
