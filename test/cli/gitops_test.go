package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/tiphys-dev/tiphys/promotion/pin"
)

// inClone matches a block of commands that must work in a clone of flows.
var inClone = regexp.MustCompile("(?s)<!-- run in a clone -->\n```sh\n(.*?)```\n")

// inYAML matches a block of YAML.
var inYAML = regexp.MustCompile("(?s)```yaml\n(.*?)```\n")

// The commands of the documentation take the example through its environments.
func TestGitOpsBlocks(t *testing.T) {
	text := read(t, filepath.Join(root, "docs", "gitops.md"))
	blocks := inClone.FindAllStringSubmatch(text, -1)
	if len(blocks) != 2 {
		t.Fatalf("there are %d blocks", len(blocks))
	}
	dir := clone(t)
	for _, block := range blocks {
		shell(t, dir, block[1])
	}
	for _, env := range []string{"dev", "qa", "prod"} {
		p, err := pin.Read(dir, env, "nightly-etl")
		if err != nil || p == nil {
			t.Fatalf("%s: %v, %v", env, p, err)
		}
		shell(t, dir, "git show origin/main:environments/"+env+"/nightly-etl/pin.yaml | cmp - environments/"+env+"/nightly-etl/pin.yaml")
	}
	p, err := pin.Read(dir, "prod", "nightly-etl")
	if err != nil {
		t.Fatal(err)
	}
	var flux struct {
		Spec struct {
			URL string
			Ref struct{ Commit string }
		}
	}
	if err := yaml.Unmarshal([]byte(read(t, filepath.Join(dir, "flux", "prod", "nightly-etl-source.yaml"))), &flux); err != nil {
		t.Fatal(err)
	}
	if flux.Spec.URL != p.Source || flux.Spec.Ref.Commit != p.Revision || p.Source == "" || len(p.Revision) != 40 {
		t.Errorf("%+v, and the pin is %+v", flux, p)
	}
}

// The pin that the documentation shows is one, and what else it shows is YAML.
func TestGitOpsYAML(t *testing.T) {
	blocks := inYAML.FindAllStringSubmatch(read(t, filepath.Join(root, "docs", "gitops.md")), -1)
	if len(blocks) != 3 {
		t.Fatalf("there are %d blocks", len(blocks))
	}
	dir := t.TempDir()
	put(t, filepath.Join(dir, "environments", "prod", "nightly-etl", pin.FileName), blocks[0][1], 0o644)
	p, err := pin.Read(dir, "prod", "nightly-etl")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := p.Text(); err != nil || string(again) != blocks[0][1] {
		t.Errorf("it would be written as:\n%s%v", again, err)
	}
	keys := map[string]string{}
	if err := yaml.Unmarshal([]byte(blocks[0][1]), &keys); err != nil {
		t.Fatal(err)
	}
	for _, b := range blocks[1:] {
		var v map[string]any
		if err := yaml.UnmarshalStrict([]byte(b[1]), &v); err != nil {
			t.Error(err)
		}
		for _, m := range regexp.MustCompile(`\{\{\.(\w+)\}\}`).FindAllStringSubmatch(b[1], -1) {
			if keys[m[1]] == "" {
				t.Errorf("a pin has no %s", m[1])
			}
		}
	}
}

// clone makes a repository of the example, and a clone of it.
func clone(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	work := filepath.Join(dir, "flows")
	for _, folder := range []string{"charts/nightly-etl", "environments"} {
		if err := os.CopyFS(filepath.Join(work, folder), os.DirFS(filepath.Join(root, folder))); err != nil {
			t.Fatal(err)
		}
	}
	shell(t, dir, `git init -q --bare -b main origin.git
git -C flows init -q -b main
cd flows
git remote add origin "$PWD/../origin.git"
git config user.name Ada
git config user.email ada@example.com
git add -A
git commit -qm flows
git push -q -u origin main`)
	return work
}

// shell runs commands, with nothing of this machine's configuration of git.
func shell(t *testing.T, dir, script string) {
	t.Helper()
	c := exec.Command("sh", "-e", "-c", script)
	c.Dir = dir
	c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s\n%v\n%s", strings.TrimSpace(script), err, out)
	}
}
