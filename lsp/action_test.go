package lsp

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// actions asks for what can be done in the whole of a text.
func (c *client) actions(uri, text string, only ...string) []codeAction {
	c.t.Helper()
	l := newLines([]byte(text), utf16Units)
	params := map[string]any{
		"textDocument": documentID{URI: uri}, "range": l.span(0, len(text)),
		"context": map[string]any{"diagnostics": []any{}, "only": only},
	}
	var out []codeAction
	c.call("textDocument/codeAction", params, &out)
	return out
}

// Every action, once applied, takes its finding away.
func TestCodeActions(t *testing.T) {
	for name, test := range map[string]struct {
		rule, text string
		want       []string
	}{
		"a misspelt task": {"dag-unknown-dependency", misspelt, []string{"write build", "ignore dag-unknown-dependency here"}},
		"windows line breaks": {"dag-unknown-dependency", strings.ReplaceAll(misspelt, "\n", "\r\n"),
			[]string{"write build", "ignore dag-unknown-dependency here"}},
		"a finding within a script": {"tag-unresolved", `apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: a}
spec:
  entrypoint: main
  templates:
  - name: main
    script:
      image: busybox:1.36
      source: |
        echo 🚀
        echo {{inputs.parameters.gone}}
`, []string{"ignore tag-unresolved here"}},
		"a finding on the first line": {"kind-unknown", "apiVersion: argoproj.io/v1alpha2\nkind: Workflow\nmetadata: {name: a}\nspec: {}\n",
			[]string{"write argoproj.io/v1alpha1", "ignore kind-unknown here"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := start(t, Options{Settings: only(test.rule)}, initialization{})
			const uri = "file:///a.yaml"
			c.open(uri, test.text)
			version := 1
			if got := c.diagnostics(uri, version); len(got) != 1 {
				t.Fatalf("found %v", got)
			}
			actions := c.actions(uri, test.text, quickFix)
			var titles []string
			for _, a := range actions {
				titles = append(titles, a.Title)
			}
			if diff := cmp.Diff(test.want, titles); diff != "" {
				t.Fatal(diff)
			}
			for _, a := range actions {
				if len(a.Diagnostics) != 1 || a.Kind != quickFix {
					t.Errorf("%s is %s about %v", a.Title, a.Kind, a.Diagnostics)
				}
				version++
				text := edited(t, test.text, a.Edit.Changes[uri])
				c.change(uri, version, nil, text)
				if got := c.diagnostics(uri, version); slices.Contains(codes(got), test.rule) {
					t.Errorf("%s leaves %v in\n%s", a.Title, got, text)
				}
			}
		})
	}
}

func TestIgnoreSaysWhere(t *testing.T) {
	c := start(t, Options{Settings: only("dag-unknown-dependency")}, initialization{})
	c.open("file:///a.yaml", misspelt)
	for _, a := range c.actions("file:///a.yaml", misspelt) {
		if strings.HasPrefix(a.Title, "ignore") {
			got := edited(t, misspelt, a.Edit.Changes["file:///a.yaml"])
			want := strings.Replace(misspelt, "      - {name: test", "      # tiphys:ignore dag-unknown-dependency: TODO say why\n      - {name: test", 1)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			return
		}
	}
	t.Error("there is no such action")
}

func TestFixAll(t *testing.T) {
	text := strings.Replace(misspelt, "apiVersion: argoproj.io/v1alpha1\n", "", 1)
	c := start(t, Options{}, initialization{})
	c.open("file:///a.yaml", text)
	before := codes(c.diagnostics("file:///a.yaml", 1))
	actions := c.actions("file:///a.yaml", text, "source.fixAll")
	if len(actions) != 1 || actions[0].Kind != fixAll {
		t.Fatalf("got %v", actions)
	}
	c.change("file:///a.yaml", 2, nil, edited(t, text, actions[0].Edit.Changes["file:///a.yaml"]))
	after := codes(c.diagnostics("file:///a.yaml", 2))
	if !slices.Contains(before, "kind-unknown") || slices.Contains(after, "kind-unknown") {
		t.Errorf("before %v, after %v", before, after)
	}
}
