package plugin

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/test/testbin"
)

// block matches commands of the documentation, and for which helms they are.
var block = regexp.MustCompile("(?s)<!-- (helm[34](?: helm4)?) -->\n```sh\n(.*?)```\n")

// The commands of the documentation work, in the order in which they stand there.
func TestDocumentation(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(testbin.Root(), "docs", "helm-secrets.md"))
	if err != nil {
		t.Fatal(err)
	}
	for version, helm := range helms(t) {
		t.Run(version, func(t *testing.T) {
			env := install(t, version, helm, t.TempDir())
			env["HELM_DATA_HOME"] = t.TempDir() // where no plugins are
			env["HELM_PLUGINS"] = filepath.Join(env["HELM_DATA_HOME"], "plugins")
			dir := t.TempDir()
			for name, text := range map[string]string{
				"Chart.yaml": chartYAML, "values.yaml": "password: none\n", "note.txt": "note\n", "templates/all.yaml": templateYAML,
			} {
				file := filepath.Join(dir, name)
				if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Symlink(filepath.Join(testbin.Root(), "plugin"), filepath.Join(dir, "plugin")); err != nil {
				t.Fatal(err)
			}
			seal(t, env, filepath.Join(dir, "secrets.prod.yaml"), "password: hunter2\n")
			n := 0
			for _, m := range block.FindAllStringSubmatch(string(text), -1) {
				if !strings.Contains(m[1], version) {
					continue
				}
				n++
				c := exec.Command("sh", "-e", "-x", "-c", m[2])
				c.Dir, c.Env = dir, environ(env)
				if out, err := c.CombinedOutput(); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
			}
			if n < 3 {
				t.Errorf("only %d blocks were run", n)
			}
		})
	}
}
