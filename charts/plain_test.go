package charts

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// split is the documents of a file by the line that each begins on, in the
// plainest way: no file of the corpus has more on the line of a separator.
func split(name, text string) map[string]string {
	all := map[string]string{}
	var b strings.Builder
	begin, line, solid := 1, 0, false
	end := func() {
		if solid {
			all[fmt.Sprintf("%s:%d", name, begin)] = strings.TrimRight(b.String(), " \t\r\n")
		}
		b.Reset()
		begin, solid = line+1, false
	}
	for l := range strings.Lines(text) {
		line++
		if strings.TrimRight(l, " \r\n") == "---" {
			end()
			continue
		}
		word := strings.TrimSpace(l)
		solid = solid || word != "" && word[0] != '#'
		b.WriteString(l)
	}
	end()
	return all
}

// Without an overlay, each document comes out as it stands in its file.
func TestCorpusIsUnchanged(t *testing.T) {
	for _, name := range []string{"argo-examples", "argo-events-examples"} {
		files := corpus(t, name)
		want := map[string]string{}
		for path, text := range files {
			for from, document := range split(path, text) {
				want[from] = document
			}
		}
		dir := chart(t, files)
		for version, helm := range helms {
			out, err := template(t, helm(t), dir, "")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, documents(t, out)); diff != "" {
				t.Errorf("%s, %s (-written +rendered):\n%s", name, version, diff)
			}
		}
		t.Logf("%s: %d documents in %d files", name, len(want), len(files))
	}
}

// An overlay makes Helm read and write each workflow, and what it means is the
// same but for what the overlay says.
func TestCorpusMeansTheSame(t *testing.T) {
	files := corpus(t, "argo-examples")
	want := map[string]any{}
	for path, text := range files {
		for from, document := range split(path, text) {
			want[from] = meaning(t, document)
		}
	}
	dir := chart(t, files)
	for version, helm := range helms {
		out, err := template(t, helm(t), dir, `workflows: {"*": {labels: {from.overlay: a}}}`)
		if err != nil {
			t.Fatal(err)
		}
		got, touched := map[string]any{}, 0
		for from, document := range documents(t, out) {
			from, overlaid := strings.CutSuffix(from, ", with an overlay")
			if overlaid {
				touched++
			}
			got[from] = meaning(t, document)
			if overlaid {
				labels := at(got[from], "metadata.labels").(map[string]any)
				delete(labels, "from.overlay")
				if len(labels) == 0 {
					delete(at(got[from], "metadata").(map[string]any), "labels")
				}
			}
		}
		if touched < 190 {
			t.Errorf("%s: only %d documents are overlaid", version, touched)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-written +rendered):\n%s", version, diff)
		}
	}
}

func meaning(t testing.TB, text string) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal([]byte(text+"\n"), &v); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return v
}

const minimal = "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata:\n  name: "

// What files look like, and what comes out by where it is from.
func TestPlain(t *testing.T) {
	tests := map[string]struct{ files, want map[string]string }{
		"files of any depth and with any of the endings": {
			files: map[string]string{"a.yaml": minimal + "a\n", "b.c/d/e.yml": minimal + "e\n", "f.json": `{"kind": "Workflow", "metadata": {"name": "f"}}`},
			want:  map[string]string{"a.yaml:1": minimal + "a", "b.c/d/e.yml:1": minimal + "e", "f.json:1": `{"kind": "Workflow", "metadata": {"name": "f"}}`},
		},
		"what is no workflow file is left out": {
			files: map[string]string{"a.yaml": minimal + "a", "README.md": "read: me", ".hidden.yaml": "a: b", ".git/x.yaml": "a: b", "b.yaml.swp": "a: b"},
			want:  map[string]string{"a.yaml:1": minimal + "a"},
		},
		"tags of Argo, of Helm and comments stay": {
			files: map[string]string{"a.yaml": "# {{ .Values.x }}\n" + minimal + "a # here {{workflow.name}} {{`x`}}\n  # and here\n"},
			want:  map[string]string{"a.yaml:1": "# {{ .Values.x }}\n" + minimal + "a # here {{workflow.name}} {{`x`}}\n  # and here"},
		},
		"several documents, and nothing for empty ones": {
			files: map[string]string{"a.yaml": "---\n---\n# nothing\n---\n" + minimal + "a\n---\n\n" + minimal + "b\n---\n"},
			want:  map[string]string{"a.yaml:5": minimal + "a", "a.yaml:10": "\n" + minimal + "b"},
		},
		"a comment or content on the line of the separator": {
			files: map[string]string{"a.yaml": "--- # first\n" + minimal + "a\n--- {\"kind\": \"Workflow\",\n\"metadata\": {\"name\": \"b\"}}\n"},
			want:  map[string]string{"a.yaml:1": "# first\n" + minimal + "a", "a.yaml:6": "{\"kind\": \"Workflow\",\n\"metadata\": {\"name\": \"b\"}}"},
		},
		"the end of a document without a separator, and directives": {
			files: map[string]string{"a.yaml": "%YAML 1.1\n---\n" + minimal + "a\n...\n" + minimal + "b\n...\n"},
			want:  map[string]string{"a.yaml:3": minimal + "a", "a.yaml:8": minimal + "b"},
		},
		"a byte order mark and line ends of Windows": {
			files: map[string]string{"a.yaml": "\ufeff" + strings.ReplaceAll(minimal+"a\n---\n"+minimal+"b\n", "\n", "\r\n")},
			want: map[string]string{
				"a.yaml:1": strings.ReplaceAll(minimal+"a", "\n", "\r\n"),
				"a.yaml:6": strings.ReplaceAll(minimal+"b", "\n", "\r\n"),
			},
		},
		"a first line that is indented": {
			files: map[string]string{"a.yaml": "---\n  kind: Workflow\n  metadata: {name: a}\n"},
			want:  map[string]string{"a.yaml:2": "  kind: Workflow\n  metadata: {name: a}"},
		},
		"JSON with tabs": {
			files: map[string]string{"a.json": "{\n\t\"kind\": \"Workflow\",\n\t\"metadata\": {\n\t\t\"name\": \"a\"}\n}"},
			want:  map[string]string{"a.json:1": "{\n\t\"kind\": \"Workflow\",\n\t\"metadata\": {\n\t\t\"name\": \"a\"}\n}"},
		},
		"dashes within a text": {
			files: map[string]string{"a.yaml": minimal + "a\n  annotations:\n    x: |\n      ---\n      ----\n"},
			want:  map[string]string{"a.yaml:1": minimal + "a\n  annotations:\n    x: |\n      ---\n      ----"},
		},
		"no files": {want: map[string]string{}},
	}
	for name, test := range tests {
		for version, helm := range helms {
			t.Run(name+", "+version, func(t *testing.T) {
				out, err := template(t, helm(t), chart(t, test.files), "")
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(test.want, documents(t, out)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		}
	}
}

// Rendering takes little more time than helm itself.
func TestSpeed(t *testing.T) {
	files := map[string]string{}
	for i := range 50 {
		files[fmt.Sprintf("w%d.yaml", i)] = minimal + fmt.Sprintf("w%d\nspec:\n  templates:\n", i) +
			strings.Repeat("    - name: a\n      container: {image: \"a:1\", command: [echo, \"{{workflow.name}}\"]}\n", 100)
	}
	dir, empty := chart(t, files), chart(t, nil)
	for version, helm := range helms {
		for what, values := range map[string]string{
			"without overlay": "", "with one": "workflows: {w7: {suspend: true}}", "with one for all": `workflows: {"*": {labels: {a: b}}}`,
		} {
			took := func(dir, values string) time.Duration {
				start := time.Now()
				if _, err := template(t, helm(t), dir, values); err != nil {
					t.Fatal(err)
				}
				return time.Since(start)
			}
			base, full := took(empty, ""), took(dir, values)
			t.Logf("%s, %s: %s, of which helm with nothing to render takes %s", version, what, full, base)
			if full-base > 3*time.Second {
				t.Errorf("%s, %s: it takes %s", version, what, full-base)
			}
		}
	}
}
