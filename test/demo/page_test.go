package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/test/testbin"
)

func TestParse(t *testing.T) {
	p, err := parse(`# A page

Not played.

<!-- secret: hunter2 -->

## 1. One

A sentence with ` + "`code`" + ` and
a [link](start.md#there).

<!-- setup
mkdir a
-->
<!-- cluster -->
<!-- run: demo, until, exit 1 -->
` + "```console" + `
$ cat <<END
> x
> END
x
...
` + "```" + `

## Seen

The end.

## How

Not played.
`)
	if err != nil {
		t.Fatal(err)
	}
	want := &page{secret: []string{"hunter2"}, chapters: []chapter{
		{title: "1. One", parts: []part{
			{text: "A sentence with code and a link (docs/start.md)."}, {hidden: "mkdir a"}, {cluster: true},
			{step: &step{command: "cat <<END\nx\nEND", exit: 1, until: true, want: []string{"x", "..."}}},
		}},
		{title: "Seen", parts: []part{{text: "The end."}}},
	}}
	if d := cmp.Diff(want, p, cmp.AllowUnexported(page{}, chapter{}, part{}, step{})); d != "" {
		t.Error(d)
	}
	for text, problem := range map[string]string{
		"## 1. One\n```sh\nls\n```\n":               "needs <!-- run: demo -->",
		"## 1. One\n<!-- run: demo -->\nno block\n": "should follow",
	} {
		if _, err := parse(text); err == nil || !strings.Contains(err.Error(), problem) {
			t.Errorf("%q: %v, want %s", text, err, problem)
		}
	}
}

func TestMatches(t *testing.T) {
	for want, all := range map[string]map[string]bool{
		"":               {"": true, "anything\n": true},
		"a":              {"a\n": true, "a  \n": true, "a\nb\n": false, "": false},
		"...\nb":         {"b\n": true, "a\na\nb\n": true, "b\nc\n": false},
		"a\n...":         {"a\n": true, "a\nb\nc\n": true, "b\n": false},
		"a…c":            {"abc\n": true, "ac\n": true, "ab\n": false},
		"[main …] (x).*": {"[main 1] (x).*\n": true, "[main 1] (x)yy\n": false},
	} {
		var lines []string
		if want != "" {
			lines = strings.Split(want, "\n")
		}
		for got, ok := range all {
			if matches(lines, got) != ok {
				t.Errorf("%q and %q: want %v", want, got, ok)
			}
		}
	}
}

// What the page refers to is there, and says what the page is for.
func TestPage(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(testbin.Root(), "docs", "demo.md"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range p.chapters {
		for _, part := range c.parts {
			if part.step != nil && part.step.until && len(part.step.want) == 0 {
				t.Errorf("%s: %s: until what?", c.title, part.step.command)
			}
		}
	}
	if len(p.secret) == 0 {
		t.Error("nothing is said to be secret")
	}
}
