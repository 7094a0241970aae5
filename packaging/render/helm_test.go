package render

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/tiphys-dev/tiphys/test/testbin"
)

var blank = regexp.MustCompile(`\s*\n`)

// TestRenderIsHelmTemplate compares with the real programs, to the byte.
func TestRenderIsHelmTemplate(t *testing.T) {
	text, err := os.ReadFile("testdata/features.txtar")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range txtar.Parse(text).Files {
		path := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, values := range map[string]string{
		"without values":    "",
		"a removed default": "gone: null\nlist: [a, 2, 3.5, true]\n",
		"a subchart is off": "db: {enabled: false}\ntags: {extra: true}\nreplica: {size: 9}\n",
		"awkward numbers":   "n: 010\nbig: 1e3\nlist: [0x10, 1_000, .5, 12345678901234567890]\n",
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "values.yaml")
			if err := os.WriteFile(file, []byte(values), 0o644); err != nil {
				t.Fatal(err)
			}
			c, err := Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			parsed, err := ParseValues([]byte(values))
			if err != nil {
				t.Fatal(err)
			}
			out, err := c.Render(parsed, Options{Name: "r", Namespace: "data"})
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			if err := out.Write(&got); err != nil {
				t.Fatal(err)
			}
			for _, helm := range []string{testbin.Helm3(t), testbin.Helm4(t)} {
				cmd := exec.Command(helm, "template", "r", dir, "--namespace", "data", "--values", file)
				cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "KUBECONFIG=/dev/null")
				cmd.Stderr = os.Stderr
				want, err := cmd.Output()
				if err != nil {
					t.Fatal(err)
				}
				have := got.String()
				if helm == testbin.Helm4(t) { // it keeps blank lines that Helm 3 drops
					want, have = blank.ReplaceAll(want, []byte("\n")), blank.ReplaceAllString(have, "\n")
				}
				if d := cmp.Diff(string(want), have); d != "" {
					t.Errorf("-%s +tiphys:\n%s", filepath.Base(helm), d)
				}
			}
		})
	}
}
