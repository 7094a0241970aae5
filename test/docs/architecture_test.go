package docs

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/test/testbin"
)

var quoted = regexp.MustCompile("`([^`]+)`")

// The tree has every folder of the top two levels with code in it, and none that
// is gone.
func TestTree(t *testing.T) {
	root := testbin.Root()
	_, tree, ok := strings.Cut(read(t, "docs/architecture.md"), "<!-- tree -->")
	tree, _, end := strings.Cut(tree, "<!-- end -->")
	if !ok || !end {
		t.Fatal("there is no tree")
	}
	named := map[string]bool{}
	for line := range strings.Lines(tree) {
		first, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
		for _, m := range quoted.FindAllStringSubmatch(first, -1) {
			named[m[1]] = true
			if info, err := os.Stat(filepath.Join(root, m[1])); err != nil || !info.IsDir() {
				t.Errorf("there is no folder %s", m[1])
			}
		}
	}
	list, err := exec.Command("git", "-C", root, "ls-files", "--cached", "--others", "--exclude-standard", "*.go").Output()
	if err != nil {
		t.Fatal(err)
	}
	for file := range strings.Lines(string(list)) {
		dir := path.Dir(strings.TrimSpace(file))
		part := strings.Split(dir, "/")
		dir = strings.Join(part[:min(2, len(part))], "/")
		if !named[dir] && !named[part[0]+"/"] && part[0] != "test" && part[0] != "tools" && part[0] != "charts" {
			t.Errorf("docs/architecture.md says nothing of %s", dir)
			named[dir] = true
		}
	}
}

// FILE:FUNCTION
var place = regexp.MustCompile("`([a-z0-9/_]+\\.go):(\\w+)`")

// What is said to be called is there.
func TestFlows(t *testing.T) {
	found := place.FindAllStringSubmatch(read(t, "docs/architecture.md"), -1)
	if len(found) < 30 {
		t.Errorf("only %d functions are named: are they written otherwise?", len(found))
	}
	for _, m := range found {
		if !regexp.MustCompile(`(?m)^func (?:\([^)]*\) )?` + m[2] + `[\[(]`).MatchString(read(t, m[1])) {
			t.Errorf("there is no %s in %s", m[2], m[1])
		}
	}
}
