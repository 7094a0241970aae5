package lsp

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/rules"
)

const misspelt = `apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  generateName: ci-
spec:
  entrypoint: main
  templates:
  - name: main
    dag:
      tasks:
      - {name: "🚀 𝒶", template: work}
      - {name: build, template: work}
      - {name: test, template: work, depends: biuld.Succeeded}
  - name: work
    container: {image: "busybox:1.36"}
`

// only runs the rules of these names.
func only(names ...string) func(string) (Settings, error) {
	return func(string) (Settings, error) {
		s := Settings{Show: lint.Info}
		for _, r := range rules.All() {
			if slices.Contains(names, r.Name) {
				s.Lint.Rules = append(s.Lint.Rules, r)
			}
		}
		return s, nil
	}
}

func TestDiagnostic(t *testing.T) {
	c := start(t, Options{Settings: only("dag-unknown-dependency")}, initialization{})
	const uri = "file:///work/ci.yaml"
	c.open(uri, misspelt)
	want := []diagnostic{{
		Range:           Range{Position{12, 46}, Position{12, 51}},
		Severity:        severityError,
		Code:            "dag-unknown-dependency",
		CodeDescription: &codeDescription{pages + "dag-unknown-dependency.md"},
		Source:          "tiphys",
		Message:         `task "test" depends on "biuld", which is not a task of template "main"; did you mean "build"?`,
	}}
	got := c.diagnostics(uri, 1)
	for i := range got {
		got[i].Related = nil
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	c.change(uri, 2, &want[0].Range, "build")
	if got := c.diagnostics(uri, 2); len(got) != 0 {
		t.Errorf("after the change there is %v", got)
	}
	c.shutdown()
}

func TestPositions(t *testing.T) {
	const line = `      - {name: "🚀é", template: work, depends: biuld}`
	text := strings.Replace(misspelt, `      - {name: test, template: work, depends: biuld.Succeeded}`, line, 1)
	for e, character := range map[encoding]int{utf8Units: 50, utf16Units: 47, utf32Units: 46} {
		t.Run(string(e), func(t *testing.T) {
			c := start(t, Options{Settings: only("dag-unknown-dependency")}, initialization{Encodings: []encoding{"utf-7", e}})
			c.open("file:///a.yaml", text)
			got := c.diagnostics("file:///a.yaml", 1)
			want := Range{Position{12, character}, Position{12, character + 5}}
			if len(got) != 1 || got[0].Range != want {
				t.Fatalf("got %v, want one at %v", got, want)
			}
			// The name grows by a change that is counted in the same unit.
			r := Range{Position{12, character}, Position{12, character + 2}}
			c.change("file:///a.yaml", 2, &r, "bu")
			c.change("file:///a.yaml", 3, &Range{Position{12, character + 2}, Position{12, character + 2}}, "i")
			c.change("file:///a.yaml", 4, &Range{Position{12, character + 3}, Position{12, character + 4}}, "")
			if got := c.diagnostics("file:///a.yaml", 4); len(got) != 0 {
				t.Errorf("after the changes there is %v", got)
			}
		})
	}
}

func TestCloseClears(t *testing.T) {
	c := start(t, Options{}, initialization{})
	c.open("file:///a.yaml", misspelt)
	if len(c.diagnostics("file:///a.yaml", 1)) == 0 {
		t.Fatal("nothing is found")
	}
	c.notify("textDocument/didClose", documentParams{documentID{URI: "file:///a.yaml"}})
	if p := <-c.published; p.URI != "file:///a.yaml" || p.Version != nil || len(p.Diagnostics) != 0 {
		t.Errorf("after closing comes %v", p)
	}
}

func TestLines(t *testing.T) {
	for text, want := range map[string][]Position{
		"":            {{0, 0}},
		"a\nb":        {{0, 0}, {0, 1}, {1, 0}, {1, 1}},
		"a\r\nb\rc":   {{0, 0}, {0, 1}, {0, 1}, {1, 0}, {1, 1}, {2, 0}, {2, 1}},
		"𝒶b\n":        {{0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 2}, {0, 3}, {1, 0}},
		"\xff\xfe\n!": {{0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 1}},
	} {
		l := newLines([]byte(text), utf16Units)
		var got []Position
		for off := range len(text) + 1 {
			got = append(got, l.position(off))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
	l := newLines([]byte("𝒶b\r\ncd"), utf16Units)
	for p, want := range map[Position]int{{0, 1}: 0, {0, 2}: 4, {0, 99}: 5, {1, 1}: 8, {9, 0}: 9, {-1, 5}: 0, {0, -4}: 0} {
		if got := l.offset(p); got != want {
			t.Errorf("%v is offset %d, want %d", p, got, want)
		}
	}
}

func TestOnlyTheLastVersionIsLinted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := start(t, Options{Delay: 100 * time.Millisecond}, initialization{})
		c.open("file:///a.yaml", misspelt)
		c.diagnostics("file:///a.yaml", 1)
		for version := 2; version < 10; version++ {
			c.change("file:///a.yaml", version, nil, strings.Replace(misspelt, "biuld", "build", 1))
		}
		p := <-c.published
		if p.Version == nil || *p.Version != 9 {
			t.Errorf("the next version is %v, want 9", p)
		}
		c.shutdown()
	})
}
