package charts

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/test/testbin"
)

// helms are the versions of Helm that the library works on.
var helms = map[string]func(testing.TB) string{"helm 3": testbin.Helm3, "helm 4": testbin.Helm4}

// chart writes a chart with these files below workflows/ and the library, and
// returns its folder.
func chart(t testing.TB, workflows map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "charts"), FS); err != nil {
		t.Fatal(err)
	}
	put(t, dir, "Chart.yaml", "apiVersion: v2\nname: etl\nversion: 0.1.0\ndependencies:\n  - {name: workflows, version: 0.1.0}\n")
	put(t, dir, "templates/workflows.yaml", "{{ include \"workflows.all\" . }}\n")
	for name, text := range workflows {
		put(t, dir, "workflows/"+name, text)
	}
	return dir
}

func put(t testing.TB, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// template runs helm template with values, and returns what it prints or how
// it fails.
func template(t testing.TB, helm, dir, values string, args ...string) (string, error) {
	t.Helper()
	var out, stderr bytes.Buffer
	c := exec.Command(helm, append([]string{"template", dir, "-f", "-"}, args...)...)
	c.Stdin = strings.NewReader(values)
	c.Stdout, c.Stderr = &out, &stderr
	if err := c.Run(); err != nil {
		return "", errors.New(stderr.String())
	}
	return out.String(), nil
}

// origin begins each document that the library emits; what follows up to the
// end of the line is the file and the line of the document.
const origin = "---\n# Source: etl/templates/workflows.yaml\n# From workflows/"

// documents splits what helm prints by where each document is from.
func documents(t testing.TB, out string) map[string]string {
	t.Helper()
	parts := strings.Split(out, origin)
	if strings.TrimSpace(parts[0]) != "" {
		t.Errorf("a document tells not where it is from:\n%s", parts[0])
	}
	all := map[string]string{}
	for _, part := range parts[1:] {
		from, text, _ := strings.Cut(part, "\n")
		all[from] = strings.TrimRight(text, " \t\r\n")
	}
	return all
}

// corpus returns the manifests of a folder of reference data, which lies
// beside a checkout or beside the folder of its worktrees.
func corpus(t testing.TB, name string) map[string]string {
	t.Helper()
	for _, root := range []string{"../../shared/corpus", "../../../shared/corpus"} {
		top := os.DirFS(filepath.Join(root, name))
		files := map[string]string{}
		err := fs.WalkDir(top, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := fs.ReadFile(top, path)
			if ext := filepath.Ext(path); ext == ".yaml" || ext == ".yml" || ext == ".json" {
				files[path] = string(b)
			}
			return err
		})
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	t.Skip("reference manifests are not here")
	return nil
}
