package lsp

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func (c *client) hover(uri string, at Position) *hover {
	c.t.Helper()
	var out *hover
	c.call("textDocument/hover", positionParams{documentID{URI: uri}, at}, &out)
	return out
}

func TestHover(t *testing.T) {
	dir := workspace(t)
	c := start(t, Options{}, initialization{Folder: dir})
	uri := uriOf(filepath.Join(dir, "ci.yaml"))
	c.open(uri, flow)
	c.scanned(uri)
	version := 1
	for text, want := range map[string][]string{
		"      - {name: x, depe‸nds: build}":                                                    {"`depends`: a string", "What must have happened"},
		"      - {name: x, template: wo‸rk}":                                                    {"template `work` (container)", "parameter `what`, required", "parameter `how-much`, optional", "artifact `src`", "parameter `sum`", "`result`"},
		"      - {name: x, depends: build && noti‸fy}":                                          {"task \"notify\"", "template `notify` (container) of WorkflowTemplate `lib`", "parameter `channel`, required, one of `ops, dev`"},
		"      - {name: x, templateRef: {name: li‸b, template: a}}":                             {"WorkflowTemplate `lib`", "`notify` (container)"},
		"      - {name: x, when: \"🚀{{tasks.bui‸ld.status}}\"}":                                 {"task \"build\"", "template `work`"},
		"      - {name: x, when: \"{{workflow.parameters.br‸anch}}\"}":                          {"parameter `branch`, argument of the workflow"},
		"      - {name: x, depends: bi‸uld}":                                                    {"A dependency on a task that does not exist", "dag-unknown-dependency.md"},
		"      - {name: x, template: work, arguments: {parameters: [{name: wh‸at, value: a}]}}": {"argument of template `work`"},
	} {
		t.Run(text, func(t *testing.T) {
			c.t = t
			text, at := split(t, strings.Replace(flow, "REST", text, 1))
			version++
			c.change(uri, version, nil, text)
			h := c.hover(uri, at)
			if h == nil {
				t.Fatal("nothing is said")
			}
			for _, w := range want {
				if !strings.Contains(h.Contents.Value, w) {
					t.Errorf("%q is not said:\n%s", w, h.Contents.Value)
				}
			}
			if h.Contents.Kind != "markdown" || h.Range == nil || h.Range.Start.Line != at.Line {
				t.Errorf("got %s at %v", h.Contents.Kind, h.Range)
			}
		})
	}
}

func TestDefinition(t *testing.T) {
	dir := workspace(t)
	c := start(t, Options{}, initialization{Folder: dir})
	uri := uriOf(filepath.Join(dir, "ci.yaml"))
	c.open(uri, flow)
	c.scanned(uri)
	version := 1
	for text, want := range map[string]struct{ file, line string }{
		"      - {name: x, template: wo‸rk}":                                                                    {"ci.yaml", "  - name: work"},
		"      - {name: x, depends: no‸tify}":                                                                   {"ci.yaml", "      - name: notify"},
		"      - {name: x, when: \"{{tasks.bui‸ld.status}}\"}":                                                  {"ci.yaml", "      - name: build"},
		"      - {name: x, templateRef: {name: lib, template: not‸ify}}":                                        {"lib.yaml", "  - name: notify"},
		"      - {name: x, templateRef: {name: l‸ib, template: notify}}":                                        {"lib.yaml", "metadata: {name: lib}"},
		"      - {name: x, when: \"{{workflow.parameters.branch‸}}\"}":                                          {"ci.yaml", "    - {name: branch, value: main}"},
		"  - {name: why, inputs: {parameters: [{name: z}]}, suspend: {duration: \"{{inputs.parameters.‸z}}\"}}": {"ci.yaml", "  - {name: why, inputs: {parameters: [{name: z}]}, suspend: {duration: \"{{inputs.parameters.z}}\"}}"},
	} {
		t.Run(text, func(t *testing.T) {
			c.t = t
			text, at := split(t, strings.Replace(flow, "REST", text, 1))
			version++
			c.change(uri, version, nil, text)
			var got *location
			c.call("textDocument/definition", positionParams{documentID{URI: uri}, at}, &got)
			if got == nil {
				t.Fatal("nowhere")
			}
			if want.file == "lib.yaml" {
				text = library
			}
			line := newLines([]byte(text), utf16Units).line(got.Range.Start.Line)
			if got.URI != uriOf(filepath.Join(dir, want.file)) || line != want.line {
				t.Errorf("got %s %q, want %s %q", got.URI, line, want.file, want.line)
			}
		})
	}
}

func TestSymbols(t *testing.T) {
	c := start(t, Options{}, initialization{})
	c.open("file:///a.yaml", strings.Replace(flow, "REST\n", "", 1))
	var got []documentSymbol
	c.call("textDocument/documentSymbol", documentParams{documentID{URI: "file:///a.yaml"}}, &got)
	var names []string
	var walk func(all []documentSymbol, indent string)
	walk = func(all []documentSymbol, indent string) {
		for _, s := range all {
			names = append(names, indent+s.Name+" "+s.Detail)
			walk(s.Children, indent+"  ")
		}
	}
	walk(got, "")
	want := []string{"ci Workflow", "  main dag", "    build task", "    notify task", "  seq steps", "    one step", "    two step", "  work container"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
}

// What another file says is known, whether it is open or not.
func TestOtherFiles(t *testing.T) {
	dir := workspace(t)
	uri, lib := uriOf(filepath.Join(dir, "ci.yaml")), uriOf(filepath.Join(dir, "lib.yaml"))
	text := strings.Replace(flow, "REST", "      - {name: x, templateRef: {name: lib, template: gone}}", 1)
	c := start(t, Options{Settings: only("template-unknown", "call-target-unclear")}, initialization{Folder: dir})
	c.open(uri, text)
	c.until(uri, "template-unknown")

	open := strings.Replace(library, "- name: notify", "- name: gone", 1)
	c.open(lib, open)
	c.until(uri, "template-unknown") // notify is gone now

	c.change(lib, 2, nil, open+"  - name: notify\n    suspend: {}\n")
	c.until(uri)

	c.notify("textDocument/didClose", documentParams{documentID{URI: lib}})
	c.until(uri, "template-unknown")

	if err := os.WriteFile(filepath.Join(dir, "lib.yaml"), []byte(open+"  - name: notify\n    suspend: {}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	c.notify("workspace/didChangeWatchedFiles", map[string]any{"changes": []any{map[string]any{"uri": lib, "type": 2}}})
	c.until(uri)
}

// until waits for diagnostics of a document that are of these rules.
func (c *client) until(uri string, rules ...string) {
	c.t.Helper()
	for {
		if got := codes(c.diagnostics(uri, 1)); cmp.Equal(got, rules) {
			return
		}
	}
}
