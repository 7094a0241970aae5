package lsp

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const library = `apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: lib}
spec:
  arguments:
    parameters:
    - {name: region, value: eu}
  templates:
  - name: notify
    inputs:
      parameters:
      - name: channel
        enum: [ops, dev]
      - {name: text, default: done}
      artifacts:
      - {name: log, path: /tmp/log}
    outputs:
      parameters:
      - {name: id, valueFrom: {path: /tmp/id}}
    container: {image: "busybox:1.36"}
`

// flow has a place for each test: REST is replaced.
const flow = `apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  name: ci
  labels: {team: blue}
spec:
  entrypoint: main
  arguments:
    parameters:
    - {name: branch, value: main}
  templates:
  - name: main
    dag:
      tasks:
      - name: build
        template: work
        arguments:
          parameters: [{name: what, value: all}]
      - name: notify
        templateRef: {name: lib, template: notify}
        withItems: [{day: mon}, {day: tue, hour: 5}]
REST
  - name: seq
    steps:
    - - name: one
        template: work
    - - {name: two, template: work}
  - name: work
    inputs:
      parameters:
      - name: what
      - name: how-much
        default: "1"
      artifacts:
      - {name: src, path: /src}
    outputs:
      parameters:
      - {name: sum, valueFrom: {path: /tmp/sum}}
    container:
      image: busybox:1.36
      args: ["{{inputs.parameters.what}}"]
`

// workspace is a folder with the library.
func workspace(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "lib.yaml"), []byte(library), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func (c *client) complete(uri string, at Position) completionList {
	c.t.Helper()
	var out completionList
	c.call("textDocument/completion", positionParams{documentID{URI: uri}, at}, &out)
	return out
}

func labels(l completionList) []string {
	out := []string{}
	for _, i := range l.Items {
		out = append(out, i.Label)
	}
	return out
}

func TestCompletion(t *testing.T) {
	tests := map[string]struct {
		rest string   // after the tasks of main
		want []string // exactly, or with a leading "..." among others
	}{
		"templates to call": {"      - name: x\n        template: ‸", []string{"main", "seq", "work"}},
		"templates, begun":  {"      - {name: x, template: wo‸}", []string{"main", "seq", "work"}},
		"tasks to wait for": {"      - name: x\n        template: work\n        depends: b‸", []string{"build", "notify"}},
		"tasks after an operator": {
			"      - name: x\n        depends: build && (‸", []string{"build", "notify"}},
		"statuses": {"      - name: x\n        depends: build && notify.‸", []string{"...", "Succeeded", "AnySucceeded"}},
		"a list of dependencies": {
			"      - name: x\n        dependencies:\n        - build\n        - ‸", []string{"build", "notify"}},
		"dependencies in brackets": {"      - name: x\n        dependencies: [build, ‸]", []string{"build", "notify"}},
		"fields of a task":         {"      - name: x\n        w‸", []string{"...", "when", "withItems", "withParam", "template"}},
		"fields in braces":         {"      - {name: x, ‸}", []string{"...", "template", "depends", "arguments"}},
		"names of arguments": {
			"      - name: x\n        template: work\n        arguments:\n          parameters:\n          - name: ‸", []string{"what", "how-much"}},
		"names of arguments that are left": {
			"      - name: x\n        template: work\n        arguments:\n          parameters:\n          - name: what\n            value: a\n          - name: ‸", []string{"how-much"}},
		"names of artifacts": {
			"      - name: x\n        template: work\n        arguments:\n          artifacts:\n          - name: ‸", []string{"src"}},
		"arguments of another file": {
			"      - name: x\n        templateRef:\n          name: lib\n          template: notify\n        arguments:\n          parameters:\n          - name: ‸", []string{"channel", "text"}},
		"allowed values of another file": {
			"      - name: x\n        templateRef: {name: lib, template: notify}\n        arguments:\n          parameters:\n          - name: channel\n            value: ‸", []string{"ops", "dev"}},
		"libraries":              {"      - name: x\n        templateRef:\n          name: ‸", []string{"lib"}},
		"templates of a library": {"      - name: x\n        templateRef:\n          name: lib\n          template: ‸", []string{"notify"}},
		"roots of a tag":         {"      - {name: x, when: \"{{‸", []string{"inputs", "tasks", "workflow"}},
		"tasks in a tag":         {"      - name: x\n        when: \"{{tasks.‸}}\"", []string{"build", "notify"}},
		"outputs of a task":      {"      - name: x\n        when: \"{{tasks.build.outputs.‸", []string{"parameters", "artifacts", "result"}},
		"parameters that a task gives": {
			"      - name: x\n        when: \"{{tasks.build.outputs.parameters.‸", []string{"sum"}},
		"outputs of another file":  {"      - name: x\n        when: \"{{tasks.notify.outputs.parameters.‸", []string{"id"}},
		"arguments of a workflow":  {"      - name: x\n        when: \"{{workflow.parameters.‸}}\"", []string{"branch"}},
		"labels":                   {"      - name: x\n        when: \"{{workflow.labels.‸}}\"", []string{"team"}},
		"keys of a loop":           {"      - name: x\n        withItems: [{a: 1, b: 2}, {a: 3, c: 4}]\n        when: \"{{item.‸}}\" ", []string{"a", "b", "c"}},
		"an expression":            {"      - name: x\n        when: \"{{=asInt(workflow.parameters.‸)}}\"", []string{"branch"}},
		"inputs in a script":       {"  - name: why\n    inputs:\n      parameters: [{name: p}]\n    script:\n      source: |\n        echo {{inputs.parameters.‸", []string{"p"}},
		"not in prose":             {"  - name: why\n    script:\n      source: |\n        template: ‸", []string{}},
		"not in a comment":         {"      - name: x # ‸", []string{}},
		"steps before":             {"  - name: s\n    steps:\n    - - {name: one, template: work}\n    - - name: two\n        when: \"{{steps.‸}}\"", []string{"one"}},
		"true or false":            {"  - name: why\n    daemon: ‸", []string{"true", "false"}},
		"values of the schema":     {"  - name: why\n    container:\n      imagePullPolicy: ‸", []string{"Always", "IfNotPresent", "Never"}},
		"fields of a template":     {"  - name: why\n    ‸", []string{"...", "container", "inputs", "dag"}},
		"templates of a hook":      {"      - name: x\n        template: work\n        hooks:\n          exit:\n            template: ‸", []string{"main", "seq", "work"}},
		"arguments of a hook":      {"      - name: x\n        template: main\n        hooks:\n          exit:\n            template: work\n            arguments:\n              parameters:\n              - name: ‸", []string{"what", "how-much"}},
		"where the rest is broken": {"      - name: x\n        template: ‸\n     }{ broken: [", []string{"main", "seq", "work"}},
	}
	dir := workspace(t)
	c := start(t, Options{}, initialization{Folder: dir})
	uri := uriOf(filepath.Join(dir, "ci.yaml"))
	whole := strings.Replace(flow, "REST\n", "", 1)
	c.open(uri, whole)
	c.scanned(uri)
	version := 1
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c.t = t
			text, at := split(t, strings.Replace(flow, "REST", test.rest, 1))
			c.change(uri, version+1, nil, whole) // there was a time when it was whole
			c.diagnostics(uri, version+1)
			c.change(uri, version+2, nil, text)
			version += 2
			got := labels(c.complete(uri, at))
			if len(test.want) > 0 && test.want[0] == "..." {
				for _, w := range test.want[1:] {
					if !slices.Contains(got, w) {
						t.Errorf("%q is not among %q", w, got)
					}
				}
				return
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// scanned waits until the files of the workspace are known.
func (c *client) scanned(uri string) {
	c.t.Helper()
	for version := 1; ; {
		text, at := split(c.t, "kind: Workflow\nspec:\n  workflowTemplateRef:\n    name: ‸\n")
		c.open("file:///scanned.yaml", text)
		c.diagnostics("file:///scanned.yaml", version)
		if len(c.complete("file:///scanned.yaml", at).Items) > 0 {
			c.notify("textDocument/didClose", documentParams{documentID{URI: "file:///scanned.yaml"}})
			return
		}
	}
}

// What is chosen takes the place of what was typed.
func TestCompletionEdits(t *testing.T) {
	for text, want := range map[string]string{
		"    container:\n      ima‸":                    "    container:\n      image: ",
		"    container:\n      ima‸ge: a":               "    container:\n      image: a",
		"    daemon:‸":                                  "    daemon: true",
		"    when: \"{{workflow.parameters.br‸}}\"":     "    when: \"{{workflow.parameters.branch}}\"",
		"    when: \"{{workflow.para‸meters.branch}}\"": "    when: \"{{workflow.parameters.branch}}\"",
		"    inputs:\n      parameters: [{name: a-b}]\n    script: {source: \"🚀{{=inputs.parameters.a‸}}\"}": "    inputs:\n      parameters: [{name: a-b}]\n    script: {source: \"🚀{{=inputs.parameters['a-b']}}\"}",
	} {
		t.Run(text, func(t *testing.T) {
			c := start(t, Options{}, initialization{})
			text, at := split(t, strings.Replace(flow, "REST", "  - name: why\n"+text, 1))
			c.open("file:///a.yaml", text)
			list := c.complete("file:///a.yaml", at)
			for _, i := range list.Items {
				got := edited(t, text, []textEdit{i.TextEdit})
				if got == strings.Replace(flow, "REST", "  - name: why\n"+want, 1) {
					return
				}
			}
			t.Errorf("none of %q leads there", labels(list))
		})
	}
}

// Whatever stands in the text, and wherever the cursor is, there is an answer.
func TestCompletionAnywhere(t *testing.T) {
	c := start(t, Options{}, initialization{})
	for i, text := range []string{
		strings.Replace(flow, "REST", "      - {name: x, depends: [{a: ]}, \"{{= '", 1),
		"", "-", ":", "{", "[{a: b, ", "- - - a: {b: [", "\t- x", "a:\r\n  - b: |\r\n   {{", "---\n---\nkind: List\nitems:\n- kind: Workflow\n  spec: {",
		"\"", "'a': {\"b", "kind: Sensor\nspec:\n  triggers:\n  - template:\n      argoWorkflow:\n        source:\n          resource:\n            kind: Workflow\n            spec:\n              templates:\n              - name: a\n                ",
	} {
		uri := "file:///" + string(rune('a'+i)) + ".yaml"
		c.open(uri, text)
		l := newLines([]byte(text), utf16Units)
		for off := 0; off <= len(text); off += 1 + len(text)/200 {
			p := positionParams{documentID{URI: uri}, l.position(off)}
			c.complete(uri, p.Position)
			c.call("textDocument/hover", p, nil)
			c.call("textDocument/definition", p, nil)
		}
	}
}
