package charts

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "rewrite the table of values")

const (
	tableBegin = "<!-- values -->\n"
	tableEnd   = "<!-- end of values -->\n"
)

// The README tells every value, with its default.
func TestProductReadme(t *testing.T) {
	text, err := os.ReadFile("tiphys/README.md")
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), tableBegin)
	_, tail, ok2 := strings.Cut(rest, tableEnd)
	if !ok || !ok2 {
		t.Fatal("the README has no place for values")
	}
	want := head + tableBegin + valuesTable(t) + tableEnd + tail
	if *update {
		if err := os.WriteFile("tiphys/README.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("the table of values (go test ./charts -run Readme -update) (-want +got):\n%s", diff)
	}
}

// valuesTable has a row for each value of values.yaml that has a comment.
func valuesTable(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("tiphys/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var values map[string]any
	if err := yaml.Unmarshal(text, &values); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("| value | default | what it is |\n|---|---|---|\n")
	section, comment := "", ""
	for line := range strings.Lines(string(text)) {
		indent := len(line) - len(strings.TrimLeft(line, " "))
		line = strings.TrimSpace(line)
		key, _, isKey := strings.Cut(line, ":")
		switch {
		case strings.HasPrefix(line, "# "):
			comment = line[2:]
		case line == "" || !isKey || strings.HasPrefix(line, "- "):
		case comment == "" && indent == 0:
			section = key
		case comment != "":
			path := []string{key}
			if indent > 0 {
				path = []string{section, key}
			}
			fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", strings.Join(path, "."), shown(values, path), comment)
			comment = ""
		case indent <= 2:
			t.Errorf("value %s has no comment", line)
		}
	}
	return b.String()
}

func shown(v any, path []string) string {
	for _, key := range path {
		v = v.(map[string]any)[key]
	}
	text, _ := json.Marshal(v)
	return string(text)
}
