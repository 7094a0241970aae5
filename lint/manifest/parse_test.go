package manifest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
)

func TestCorpusMeansWhatTheReferenceSays(t *testing.T) {
	for name, text := range corpus(t) {
		for i, d := range parse(text) {
			if p := fatal(d); p != nil {
				t.Errorf("%s: document %d: %s", name, i, p.Message)
				continue
			}
			want, err := reference(text[d.Start:d.End])
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, plain(d.Root)); diff != "" {
				t.Errorf("%s: document %d: %s", name, i, diff)
			}
		}
	}
}

func TestScalarsMeanWhatTheReferenceSays(t *testing.T) {
	for _, s := range []string{
		"y", "Y", "yes", "YES", "yEs", "on", "Off", "n", "No", "true", "True", "tRUE", "~", "null", "NULL", "nil", "", "+", ".", "..", "-.", "_", "1_", "_1",
		"0", "-0", "+0", "1", "-1", "+1", "00", "010", "-010", "08", "0x1F", "0X1f", "-0x1F", "0b101", "-0b101", "0b-101", "0b+1", "0b2", "0o17", "0O17", "0o8",
		"1_000", "1__0", "0x_1", "1e3", "1E3", "1e+3", "1e-3", "1e", "e1", ".5", "5.", "-.5", "+.5", ".5e1", "5.e1", "1.0", "1.50", "100.0", "1e21", "1e20", "1e-6", "1e-7", "1.5e-9",
		"123456789012345678", "1234567890123456789", "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616", "-9223372036854775808",
		"-9223372036854775809", "123456789012345678901234567890", "1e308", "1e309", "-1e309", ".1e999", "0x1p4", "0x1.8", "infinity", "nan", "NaN", ".INF2",
		"2001-01-01", "2001-01-01T00:00:00Z", "2001-1-1 1:1:1", "12:30:45", "1:30", "190:20", "1.2.3", "v1", "10m", "5Gi", "0.1", "3.12", "1,000", "!!str 1", "!!str yes", "!!str",
		"!!int 0x10", "!!int '7'", "!!float 1", "!!float 1e3", "!!float 0.50", "!!bool yes", "!!bool 'off'", "!!null ''", "!!null null", "!!timestamp 2001-01-01", "!!binary aGVsbG8=",
		"!!binary /w==", "!foo 1", "! 1", "! yes", "!<tag:yaml.org,2002:int> 5", "'yes'", "\"1\"", "<<", "=",
	} {
		want, err := reference("a: " + s + "\n")
		if err != nil {
			t.Errorf("%q: %v", s, err)
			continue
		}
		root := parse("a: " + s + "\n")[0].Root
		if diff := cmp.Diff(want, plain(root)); diff != "" {
			t.Errorf("%q: %s", s, diff)
		}
		if n := root.Get("a"); (n.Kind == manifest.Int) != (strings.Trim(n.Value, "-0123456789") == "" && n.Kind == manifest.Float) && n.Kind == manifest.Float {
			t.Errorf("%q is a %s", s, n.Kind)
		}
		want, err = reference("? " + s + "\n: x\n")
		root = parse("? " + s + "\n: x\n")[0].Root
		switch {
		case err != nil && root != nil:
			t.Errorf("key %q is read, but the reference says %v", s, err)
		case err == nil && s != "<<":
			if diff := cmp.Diff(want, plain(root)); diff != "" {
				t.Errorf("key %q: %s", s, diff)
			}
		}
	}
}

func TestDocuments(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want []string // the text of each document
	}{
		"an empty file is one empty document":            {"", []string{""}},
		"comments alone are one empty document":          {"# a\n", []string{"# a\n"}},
		"a marker before the first document":             {"---\na\n", []string{"a\n"}},
		"comments before the first marker":               {"# a\n---\nb\n", []string{"b\n"}},
		"a marker at the end opens an empty document":    {"a\n---\n", []string{"a\n", ""}},
		"content on the line of the marker":              {"--- a\n--- |\n b\n", []string{" a\n", " |\n b\n"}},
		"a marker ends a block scalar":                   {"a: |\n  b\n---\nc\n", []string{"a: |\n  b\n", "c\n"}},
		"a marker with more dashes is none":              {"----\n", []string{"----\n"}},
		"an indented marker is none":                     {"a:\n ---\n", []string{"a:\n ---\n"}},
		"CR LF":                                          {"a\r\n---\r\nb\r\n", []string{"a\r\n", "b\r\n"}},
		"a document end":                                 {"a\n...\n---\nb\n", []string{"a\n...\n", "b\n"}},
		"a directive goes with the document it precedes": {"%YAML 1.1\n---\na\n", []string{"a\n"}},
		"a byte order mark belongs to no document":       {"\ufeffa: b\n", []string{"a: b\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, d := range parse(test.text) {
				if len(d.Problems) > 0 {
					t.Error(d.Problems[0].Message)
				}
				got = append(got, test.text[d.Start:d.End])
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestABrokenDocumentDoesNotHideTheNext(t *testing.T) {
	docs := parse("a: 'b\n---\nc: d\n---\ne: [f\n---\n\tg: h\n---\n{i: j}\n---\n\xff\n---\nk: l\n")
	var got []string
	for _, d := range docs {
		line := "fine"
		if p := fatal(d); p != nil {
			line = fmt.Sprint("broken at line ", d.File.Position(p.Span.Start).Line)
		}
		got = append(got, line)
	}
	want := []string{"broken at line 1", "fine", "broken at line 5", "broken at line 7", "fine", "broken at line 11", "fine"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestJSONIsChosen(t *testing.T) {
	for name, test := range map[string]struct {
		file, text string
		json       bool
	}{
		"by the name":              {"a.json", "a: b", true},
		"by the text":              {"a.yaml", ` {"a": "\/"}`, true},
		"not for a flow map":       {"a.yaml", "{a: b}", false},
		"not for two values":       {"a.yaml", "{}\n---\n{}", false},
		"not for a scalar":         {"a.yaml", "1.0", false},
		"after a byte order mark":  {"a.yaml", "\ufeff{\"a\": \"\\/\"}", true},
		"a YAML comment after { }": {"a.yaml", `{"a": 1} # b`, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := manifest.Parse(source.NewFile(test.file, []byte(test.text)))[0]
			if broken := fatal(d) != nil; broken != (test.json && test.file == "a.json") {
				t.Errorf("broken is %v", broken)
			}
		})
	}
}

func TestDuplicateKeys(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want []string // key, line, line of the first
	}{
		"none":                       {"a: 1\nb: {a: 1}\n", nil},
		"twice":                      {"a: 1\nb: 2\na: 3\n", []string{"a 3 1"}},
		"three times":                {"a: 1\na: 2\na: 3\n", []string{"a 2 1", "a 3 2"}},
		"in JSON":                    {"{\"a\": 1,\n\"a\": 2}", []string{"a 2 1"}},
		"1 and a quoted 1":           {"1: a\n\"1\": b\n", []string{"1 2 1"}},
		"after a merge":              {"x: &x {a: 1}\nb:\n  <<: *x\n  a: 2\n", []string{"a 4 1"}},
		"by a merge, which is later": {"x: &x {a: 1}\nb:\n  a: 2\n  <<: *x\n", []string{"a 4 3"}},
		"in a map with many keys":    {manyKeys(20) + "k3: x\n", []string{"k3 21 4"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := parse(test.text)[0]
			var got []string
			for _, p := range d.Problems {
				got = append(got, fmt.Sprint(p.Node.Key.Value, " ", d.File.Position(p.Span.Start).Line, " ", d.File.Position(p.First.Key.Start).Line))
				if p.Node.Path() != p.First.Path() {
					t.Errorf("%s is not %s", p.Node.Path(), p.First.Path())
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			seen := map[string]bool{}
			for _, c := range d.Root.Children {
				if seen[c.Key.Value] {
					t.Errorf("%s is there twice", c.Key)
				}
				seen[c.Key.Value] = true
			}
			if _, err := yaml.YAMLToJSONStrict([]byte(test.text)); err == nil && test.want != nil && name != "1 and a quoted 1" {
				t.Error("the strict reference has no objection")
			}
		})
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "k%d: v\n", i)
	}
	return b.String()
}

func TestAliases(t *testing.T) {
	root := parse("a: &x {b: [c]}\nd: *x\ne:\n  <<: *x\n  f: g\nh: {<<: {i: j}}\n")[0].Root
	for _, path := range []string{"d.b[0]", "e.b[0]", "h.i"} {
		found := false
		for _, n := range scalars(root) {
			if n.Path() == path {
				found = true
				if !n.Alias || n.Root() != root {
					t.Errorf("%s: alias %v", path, n.Alias)
				}
			}
		}
		if !found {
			t.Errorf("there is no %s", path)
		}
	}
	if root.At("a", "b").Alias || root.At("e", "f").Alias {
		t.Error("what is written in place is no alias")
	}
	if root.Get("a") == root.Get("d") {
		t.Error("the alias is not a node of its own")
	}
}

func TestComments(t *testing.T) {
	d := parse("# tiphys: first\n---\na: b # tiphys:ignore x \n# other\n  # tiphys:alone\nc: '# tiphys:none'\nd: | # tiphys:head\n  # tiphys:text\n")[0]
	var got []string
	for _, c := range d.Comments {
		got = append(got, fmt.Sprintf("%s|%s|%v", c.Text, c.Span.Text(), c.Alone))
	}
	want := []string{
		"tiphys: first|# tiphys: first|true", "tiphys:ignore x|# tiphys:ignore x |false",
		"tiphys:alone|# tiphys:alone|true", "tiphys:head|# tiphys:head|false",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
