package fix_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/fix"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// edits are changes of one document, by what they ask for.
var edits = map[string]struct {
	name, before string
	edit         func(root *manifest.Node) lint.Edit
	after        string
}{
	"a part of a plain scalar": {
		before: "a: biuld # why\n",
		edit:   func(r *manifest.Node) lint.Edit { return lint.Edit{Node: r.Get("a"), Value: "build"} },
		after:  "a: build # why\n",
	},
	"a part of a folded scalar keeps its lines": {
		before: "a: >-\n  one {{inputs.parameters.dya}}\n  two\n",
		edit: func(r *manifest.Node) lint.Edit {
			return lint.Edit{Node: r.Get("a"), Value: "one {{inputs.parameters.day}} two"}
		},
		after: "a: >-\n  one {{inputs.parameters.day}}\n  two\n",
	},
	"quotes stay": {
		before: "a: 'it''s biuld'\nb: \"x\\ty biuld\"\n",
		edit:   func(r *manifest.Node) lint.Edit { return lint.Edit{Node: r.Get("b"), Value: "x\ty build"} },
		after:  "a: 'it''s biuld'\nb: \"x\\ty build\"\n",
	},
	"a word that would become a boolean gets quotes": {
		before: "a: yse\n",
		edit:   func(r *manifest.Node) lint.Edit { return lint.Edit{Node: r.Get("a"), Value: "yes"} },
		after:  "a: \"yes\"\n",
	},
	"a number in place of a string": {
		before: "a: \"4\" # four\n",
		edit:   func(r *manifest.Node) lint.Edit { return lint.Edit{Node: r.Get("a"), Value: 4} },
		after:  "a: 4 # four\n",
	},
	"another name for a key": {
		before: "x:\n  dependancies: [a]  # both\n",
		edit: func(r *manifest.Node) lint.Edit {
			return lint.Edit{Node: r.At("x", "dependancies").Key, Value: "dependencies"}
		},
		after: "x:\n  dependencies: [a]  # both\n",
	},
	"a field at the end of a block": {
		before: "spec:\n  a: 1 # one\n\n  # after\nb: 2\n",
		edit:   func(r *manifest.Node) lint.Edit { return lint.Edit{Node: r.Get("spec"), Key: "c", Value: true} },
		after:  "spec:\n  a: 1 # one\n  c: true\n\n  # after\nb: 2\n",
	},
	"an object at the end of a list item": {
		before: "l:\n- name: a\n- name: b\n",
		edit: func(r *manifest.Node) lint.Edit {
			return lint.Edit{Node: r.Get("l").Items()[0], Key: "ttl", Value: map[string]any{"seconds": 10, "text": "a: b"}}
		},
		after: "l:\n- name: a\n  ttl:\n    seconds: 10\n    text: \"a: b\"\n- name: b\n",
	},
	"a field without a last line break": {
		before: "spec:\n  a: text",
		edit:   func(r *manifest.Node) lint.Edit { return lint.Edit{Node: r.Get("spec"), Key: "c", Value: "d"} },
		after:  "spec:\n  a: text\n  c: d",
	},
	"a field in braces": {
		before: "spec: {a: 1, b: [2] }\n",
		edit:   func(r *manifest.Node) lint.Edit { return lint.Edit{Node: r.Get("spec"), Key: "c", Value: "d"} },
		after:  "spec: {a: 1, b: [2], c: d }\n",
	},
	"a field in JSON": {
		name: "x.json", before: `{"a": {"b": 1}}`,
		edit:  func(r *manifest.Node) lint.Edit { return lint.Edit{Node: r.Get("a"), Key: "c", Value: "d"} },
		after: `{"a": {"b": 1, "c": "d"}}`,
	},
	"the removal of a field": {
		before: "a: 1\nb:\n  c: 2 # two\n  d: 3\n",
		edit:   func(r *manifest.Node) lint.Edit { return lint.Edit{Node: r.At("b", "c")} },
		after:  "a: 1\nb:\n  d: 3\n",
	},
	"the removal of the first field of a list item": {
		before: "l:\n- a: 1\n  b: 2\n",
		edit:   func(r *manifest.Node) lint.Edit { return lint.Edit{Node: r.Get("l").Items()[0].Get("a")} },
		after:  "l:\n- b: 2\n",
	},
	"the removal of all there is": {
		before: "b: {c: 2}\n",
		edit:   func(r *manifest.Node) lint.Edit { return lint.Edit{Node: r.At("b", "c")} },
		after:  "b: {}\n",
	},
	"the removal of an item in brackets": {
		before: "l: [a, b, c]\n",
		edit:   func(r *manifest.Node) lint.Edit { return lint.Edit{Node: r.Get("l").Items()[2]} },
		after:  "l: [a, b]\n",
	},
}

func TestText(t *testing.T) {
	for name, c := range edits {
		t.Run(name, func(t *testing.T) {
			for _, ends := range []string{"\n", "\r\n"} {
				f := source.NewFile(c.name, []byte(strings.ReplaceAll(c.before, "\n", ends)))
				got, err := fix.Text(f, []lint.Edit{c.edit(manifest.Parse(f)[0].Root)})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(strings.ReplaceAll(c.after, "\n", ends), string(got)); diff != "" {
					t.Errorf("text (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// refused are edits that cannot be made without changing something else.
var refused = map[string]struct {
	text string
	edit func(root *manifest.Node) lint.Edit
}{
	"text that an alias shares": {"a: &x {b: c}\nd: *x\n", func(r *manifest.Node) lint.Edit {
		return lint.Edit{Node: r.At("d", "b"), Value: "e"}
	}},
	"an anchor whose alias would change too": {"a: &x b\nd: *x\n", func(r *manifest.Node) lint.Edit {
		return lint.Edit{Node: r.Get("a"), Value: "bb"}
	}},
	"a line break that a block scalar would gain": {"a:\n  b: |\n    text", func(r *manifest.Node) lint.Edit {
		return lint.Edit{Node: r.Get("a"), Key: "c", Value: 1}
	}},
	"a whole document":  {"a: b\n", func(r *manifest.Node) lint.Edit { return lint.Edit{Node: r} }},
	"a field of a list": {"a: [b]\n", func(r *manifest.Node) lint.Edit { return lint.Edit{Node: r.Get("a"), Key: "c", Value: 1} }},
}

func TestTextRefuses(t *testing.T) {
	for name, c := range refused {
		f := source.NewFile("x.yaml", []byte(c.text))
		if got, err := fix.Text(f, []lint.Edit{c.edit(manifest.Parse(f)[0].Root)}); err == nil {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestFilesMakesOneOfTwoFixesThatAddTheSameKey(t *testing.T) {
	f := source.NewFile("x.yaml", []byte("spec:\n  sced: a\n"))
	spec := manifest.Parse(f)[0].Root.Get("spec")
	finding := func(e lint.Edit) lint.Finding { return lint.Finding{Fix: &lint.Fix{Edits: []lint.Edit{e}}} }
	r := fix.Files([]lint.Finding{finding(lint.Edit{Node: spec.Get("sced").Key, Value: "sched"}), finding(lint.Edit{Node: spec, Key: "sched", Value: "b"})}, true)
	if len(r) != 1 || len(r[0].Done) != 1 || len(r[0].Left) != 1 || string(r[0].Text) != "spec:\n  sched: a\n" {
		t.Errorf("%d done, %d left: %q", len(r[0].Done), len(r[0].Left), r[0].Text)
	}
}
