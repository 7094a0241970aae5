package manifest_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// scalars returns all scalars of a document, keys included.
func scalars(n *manifest.Node) (all []*manifest.Node) {
	if n == nil {
		return nil
	}
	if n.Kind < manifest.List {
		all = append(all, n)
	}
	for _, c := range n.Children {
		if c.Key != nil {
			all = append(all, c.Key)
		}
		all = append(all, scalars(c)...)
	}
	return all
}

func TestSpansAreExact(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		path []string // keys; a list is passed by its first item
		want string
	}{
		"a plain scalar":                            {"a: b c # d\n", []string{"a"}, "b c"},
		"a plain scalar of two lines":               {"a: b\n  c\n", []string{"a"}, "b\n  c"},
		"quotes belong to the scalar":               {"a: 'b' \n", []string{"a"}, "'b'"},
		"double quotes too":                         {"a: \"b\\n\n  c\" \n", []string{"a"}, "\"b\\n\n  c\""},
		"a block scalar without its last break":     {"a: |\n  b\n\n  c\n\nd: e\n", []string{"a"}, "|\n  b\n\n  c"},
		"a block scalar that keeps its empty lines": {"a: |+\n  b\n\nd: e\n", []string{"a"}, "|+\n  b\n"},
		"an empty block scalar is its header":       {"a: |- # c\nd: e\n", []string{"a"}, "|-"},
		"a block scalar in a file with CR LF":       {"a: |\r\n  b\r\nd: e\r\n", []string{"a"}, "|\r\n  b"},
		"a flow list has its brackets":              {"a: [b, c ] # d\n", []string{"a"}, "[b, c ]"},
		"a flow map has its braces":                 {"a: {b: c}\n", []string{"a"}, "{b: c}"},
		"a pair in a flow list has no braces":       {"a: [b: c, d]\n", []string{"a", ""}, "b: c"},
		"a block map ends with its last value":      {"a:\n  b: c\n  d: e\n\n# f\ng: h\n", []string{"a"}, "b: c\n  d: e"},
		"a block list begins with its dash":         {"a:\n- b\n- c\nd: e\n", []string{"a"}, "- b\n- c"},
		"an item":                                   {"a:\n- b: c\n  d: e\n- f\n", []string{"a", ""}, "b: c\n  d: e"},
		"a null that is written as nothing":         {"a:\nb: c\n", []string{"a"}, ""},
		"a null that is written":                    {"a: ~\n", []string{"a"}, "~"},
		"an anchor and a tag stay outside":          {"a: &x !!str b\n", []string{"a"}, "b"},
		"an alias has the span of the anchor":       {"a: &x b\nc: *x\n", []string{"c"}, "b"},
		"a merged value has the span of the anchor": {"a: &x {b: 1}\nc:\n  <<: *x\n  d: 2\n", []string{"c", "b"}, "1"},
		"a map that ends with an alias":             {"a: &x b\nc:\n  d: *x\n", []string{"c"}, "d: *x"},
		"characters of several bytes":               {"é: \"ü\" \n", []string{"é"}, "\"ü\""},
	} {
		t.Run(name, func(t *testing.T) {
			n := parse(test.text)[0].Root
			for _, key := range test.path {
				if key == "" {
					n = n.Items()[0]
				} else {
					n = n.Get(key)
				}
			}
			if diff := cmp.Diff(test.want, string(n.Span().Text())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnEmptyValueStandsRightAfterItsColon(t *testing.T) {
	n := parse("a:   # c\nb:\n- \n")[0].Root
	if got := n.Get("a"); got.Start != 2 || got.End != 2 {
		t.Errorf("a is at [%d, %d)", got.Start, got.End)
	}
	if got := n.Get("b").Items()[0]; got.Start != 13 || got.End != 13 {
		t.Errorf("the item is at [%d, %d)", got.Start, got.End)
	}
}

func TestTheSpanOfAScalarParsesToTheScalar(t *testing.T) {
	for name, text := range texts(t) {
		for _, d := range parse(text) {
			for _, n := range scalars(d.Root) {
				span := n.Span()
				written := string(span.Text())
				if strings.ContainsAny(text[max(0, n.Start-30):n.Start], "!") || n.Start == n.End {
					continue // a tag says what it means; nothing is written
				}
				if n.Style == manifest.Literal || n.Style == manifest.Folded {
					header, _, _ := strings.Cut(written, "\n")
					if strings.ContainsAny(header, "123456789") {
						continue // relative to what is around
					}
					if n.End < len(text) {
						written += "\n"
					}
				}
				again := parse(written)[0].Root
				if strings.HasPrefix(text, `{"`) {
					again = manifest.ParseJSON(source.NewFile("x", []byte(written))).Root
				}
				if again.Text() != n.Value && (again == nil || again.Kind == manifest.String) {
					t.Errorf("%s: %q has the value %q, but its span has %q", name, written, n.Value, again.Text())
				}
			}
		}
	}
}

// texts returns the seeds of the fuzz tests and the corpus.
func texts(t testing.TB) map[string]string {
	all := corpus(t)
	all["sample"] = sample
	for _, s := range seeds {
		all[s] = s
	}
	return all
}

func TestRange(t *testing.T) {
	for name, test := range map[string]struct {
		text     string
		from, to int
		want     string
	}{
		"plain":                              {"a: bcd\n", 1, 2, "c"},
		"plain over two lines":               {"a: bc\n  de\n", 3, 5, "de"},
		"the fold of two lines":              {"a: bc\n  de\n", 2, 3, "\n  "},
		"across the fold":                    {"a: bc\n  de\n", 1, 4, "c\n  d"},
		"single quotes":                      {"a: 'it''s'\n", 3, 4, "s"},
		"a doubled quote":                    {"a: 'it''s'\n", 2, 3, "''"},
		"all of it, without the quotes":      {"a: 'it''s'\n", 0, 99, "it''s"},
		"after an escape":                    {`a: "x\ty"`, 2, 3, "y"},
		"an escape":                          {`a: "x\ty"`, 1, 2, `\t`},
		"a Unicode escape is one":            {`a: "x\u00e9y"`, 2, 3, `\u00e9`},
		"after a Unicode escape":             {`a: "x\u00e9y"`, 3, 4, `y`},
		"after an escaped line break":        {"a: \"x\\\n   yz\"", 1, 2, "y"},
		"a literal":                          {"a: |\n  bc\n  de\n", 3, 5, "de"},
		"a literal's line break":             {"a: |\n  bc\n  de\n", 2, 3, "\n"},
		"a literal's last line break":        {"a: |\n  bc\n", 2, 3, "\n"},
		"a literal with an indentation":      {"a: |1\n   bc\n  d\n", 2, 3, "b"},
		"a literal with CR LF":               {"a: |\r\n  b\r\n  cd\r\n", 2, 4, "cd"},
		"a CR LF":                            {"a: |\r\n  b\r\n  cd\r\n", 1, 2, "\r\n"},
		"a literal after empty lines":        {"a: |\n\n\n   bc\n", 2, 3, "b"},
		"folded":                             {"a: >-\n  bc\n  de\n\n  fg\n", 3, 5, "de"},
		"after a paragraph":                  {"a: >-\n  bc\n  de\n\n  fg\n", 6, 8, "fg"},
		"an empty range":                     {"a: bcd\n", 1, 1, ""},
		"a range turned round":               {"a: bcd\n", 2, 1, ""},
		"offsets beyond the value":           {"a: bcd\n", -4, 77, "bcd"},
		"an integer as it is written":        {"a: 123\n", 1, 2, "2"},
		"an integer in another notation":     {"a: 0x1F\n", 0, 1, "0x1F"},
		"a boolean in another word":          {"a: yes\n", 0, 1, "yes"},
		"a collection":                       {"a: [b]\n", 0, 1, "[b]"},
		"an alias":                           {"x: &x bcd\na: *x\n", 1, 2, "c"},
		"an empty string":                    {"a: ''\n", 0, 1, ""},
		"JSON's own escapes":                 {`{"a": "\/b"}`, 1, 2, "b"},
		"a surrogate pair":                   {`{"a": "\ud83d\ude00b"}`, 0, 4, `\ud83d\ude00`},
		"after a surrogate pair":             {`{"a": "\ud83d\ude00b"}`, 4, 5, `b`},
		"a character of several bytes":       {"a: xéy\n", 1, 3, "é"},
		"binary":                             {"a: !!binary aGVq\n", 0, 1, "aGVq"},
		"deeper than a byte can tell":        {"a: |\n" + strings.Repeat(" ", 300) + "b\n", 0, 1, "|\n" + strings.Repeat(" ", 300) + "b"},
		"a tag and an anchor do not disturb": {"a: !!str &x 12\n", 1, 2, "2"},
	} {
		t.Run(name, func(t *testing.T) {
			n := parse(test.text)[0].Root.Get("a")
			if diff := cmp.Diff(test.want, string(n.Range(test.from, test.to).Text())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRangeOfNothing(t *testing.T) {
	var n *manifest.Node
	if n.Range(0, 1).Known() || (&manifest.Node{Value: "x", Kind: manifest.String}).Range(0, 1).Known() {
		t.Error("a range of what is nowhere")
	}
	key := parse("\"a\\tb\": c\n")[0].Root.Children[0].Key
	if got := string(key.Range(2, 3).Text()); got != "b" {
		t.Errorf("the range of a key is %q", got)
	}
}

// checkRanges verifies where the bytes of each scalar are said to stand.
func checkRanges(t *testing.T, d *manifest.Document) {
	t.Helper()
	for _, n := range scalars(d.Root) {
		m := n.Mapping()
		last := n.Start
		for i := range len(n.Value) {
			s := m.Range(i, i+1)
			c := n.Value[i]
			if s == n.Span() && string(s.Text()) != n.Value {
				continue // it cannot be told
			}
			if s.Start < last || s.End > n.End+3 || s.Start >= s.End {
				t.Fatalf("byte %d of %q is at [%d, %d) of [%d, %d)", i, n.Value, s.Start, s.End, n.Start, n.End)
			}
			last = s.Start
			text := string(s.Text())
			if c > ' ' && c < 0x7F && text != string(c) && text != "''" && text[0] != '\\' {
				t.Fatalf("byte %d of %q is said to be written %q", i, n.Value, text)
			}
		}
	}
}

func TestRangesOfAllScalars(t *testing.T) {
	for name, text := range texts(t) {
		for _, d := range parse(text) {
			checkRanges(t, d)
			for _, n := range scalars(d.Root) {
				tagged := strings.Contains(text[max(0, n.Start-20):n.Start], "!!")
				if n.Kind == manifest.String && len(n.Value) > 1 && !tagged && n.Key != nil && n.Range(0, 1) == n.Span() {
					t.Errorf("%s: no ranges of %q", name, n.Value)
				}
			}
		}
	}
}

// FuzzRange holds the ranges of all scalars of any text against the text.
func FuzzRange(f *testing.F) {
	for _, s := range seeds {
		f.Add(s, 0, 1)
	}
	f.Fuzz(func(t *testing.T, text string, from, to int) {
		docs := parse(text)
		docs = append(docs, manifest.ParseJSON(source.NewFile("x.json", []byte(text))))
		for _, d := range docs {
			checkRanges(t, d)
			for _, n := range scalars(d.Root) {
				if s := n.Range(from, to); s.Start < 0 || s.Start > s.End || s.End > len(text) {
					t.Fatalf("the range %d, %d of %q is [%d, %d)", from, to, n.Value, s.Start, s.End)
				}
			}
		}
	})
}
