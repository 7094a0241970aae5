package page_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/lint/page"
)

const text = `# Tasks that wait for each other

They never start.

-- README --
not a case
-- good/in.yaml --
a: 1
-- good/want --
-- bad/in.yaml --
a: 2
-- bad/other.yaml --
b: 2
-- bad/options --
complete: true
-- bad/want --
in.yaml:1:1: error: no
-- bad/fixed.yaml --
a: 1
`

func TestParse(t *testing.T) {
	bad := page.Case{
		Name:    "bad",
		Files:   []page.File{{Name: "in.yaml", Text: "a: 2\n"}, {Name: "other.yaml", Text: "b: 2\n"}},
		Want:    "in.yaml:1:1: error: no\n",
		Fixed:   "a: 1\n",
		Options: "complete: true\n",
	}
	want := page.Page{
		Title: "Tasks that wait for each other",
		Prose: "They never start.",
		Cases: []page.Case{
			{Name: "good", Files: []page.File{{Name: "in.yaml", Text: "a: 1\n"}}},
			bad,
		},
	}
	got := page.Parse(text)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("page (-want +got):\n%s", diff)
	}
	first, ok := got.Firing()
	if diff := cmp.Diff(bad, first); !ok || diff != "" {
		t.Errorf("first firing case (-want +got):\n%s", diff)
	}
}

func TestEmpty(t *testing.T) {
	if got := page.Parse(""); got.Title != "" || got.Prose != "" || got.Cases != nil {
		t.Errorf("an empty page has %+v", got)
	}
	if _, ok := page.Parse("Title\n").Firing(); ok {
		t.Error("a page without cases has a firing case")
	}
}
