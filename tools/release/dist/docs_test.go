package dist_test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/tiphys-dev/tiphys/tools/release/dist"
	"github.com/tiphys-dev/tiphys/tools/release/tiny"
)

// What docs/releases.md has a reader type in the folder of a release works in one, with a
// smaller program under the name of ours.
func TestDocs(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(tiny.Root(), "docs/releases.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)<!-- release -->\n```sh\n(.*?)```\n").FindAllSubmatch(text, -1)
	if len(blocks) == 0 {
		t.Fatal("docs/releases.md has no blocks to run")
	}
	dir := tiny.Repository(t)
	tiny.Git(t, dir, "tag", "v0.1.0")
	s, err := dist.Find(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	p := tiny.Project
	p.Programs = []dist.Program{{Name: "tiphys", Package: "./cmd/tiny", Archives: []string{"linux/amd64"}}}
	p.Pinned = ""
	out := filepath.Join(dir, "dist")
	if _, err := dist.Build(t.Context(), p, dist.Options{Source: s, Out: out, Log: io.Discard}); err != nil {
		t.Fatal(err)
	}
	for _, b := range blocks {
		c := exec.Command("sh", "-e", "-c", string(b[1]))
		c.Dir = out
		if printed, err := c.CombinedOutput(); err != nil {
			t.Errorf("%s%v\n%s", b[1], err, printed)
		}
	}
}
