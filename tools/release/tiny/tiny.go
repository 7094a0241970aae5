// Package tiny is a project to try releases with: small enough to be built by a
// test, and with one of each that is released.
package tiny

import (
	"embed"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/tools/release/dist"
)

//go:embed all:testdata/repo
var files embed.FS

// Project says what there is to release. It has no more systems than tests need, since each
// takes a standard library of its own.
var Project = dist.Project{
	Module: "example.com/tiny", Home: "https://git.example.com/tiny", Registry: "registry.example.com", Version: "example.com/tiny/version.version",
	Licence: "Apache-2.0", Vendor: "Tiny",
	Programs: []dist.Program{{
		Name: "tiny", Package: "./cmd/tiny", Title: "Something to release",
		Archives: []string{"linux/amd64", "windows/amd64"}, Images: []string{"linux/amd64", "linux/arm64"}, Ports: []string{"8080/tcp"}, Workdir: "/work",
	}},
	Charts: []string{"charts/tiny"}, Pinned: "charts/tiny",
	Plugins: []dist.Plugin{{Name: "tiny-plugin", Dir: "plugin/tiny"}},
	Crds:    "crds", Companions: []string{"LICENSE", "README.md"}, Changelog: "CHANGELOG.md",
}

// Repository returns a repository of the project in a folder of its own, with one
// commit, which is the same each time.
func Repository(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "tiny")
	repo, err := fs.Sub(files, "testdata/repo")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, repo); err != nil {
		t.Fatal(err)
	}
	version, sums := Required(t)
	// Not among the files, where it would make another module of their folder.
	mod := "module example.com/tiny\n\ngo 1.26.0\n\nrequire golang.org/x/mod " + version + "\n"
	for name, text := range map[string]string{"go.mod": mod, "go.sum": strings.Join(sums, "\n") + "\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	Git(t, dir, "init", "--quiet", "--initial-branch=main")
	Git(t, dir, "add", "--all")
	Git(t, dir, "update-index", "--chmod=+x", "plugin/tiny/run.sh")
	if err := os.Chmod(filepath.Join(dir, "plugin/tiny/run.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	Git(t, dir, "commit", "--quiet", "--message=Begin")
	return dir
}

// Required is the version of golang.org/x/mod that the project requires, with its lines of
// go.sum. It is that of the tools, so that nothing is downloaded for it.
func Required(t testing.TB) (version string, sums []string) {
	t.Helper()
	all, err := os.ReadFile(filepath.Join(Root(), "tools/go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", "golang.org/x/mod").Output()
	if err != nil {
		t.Fatal(err)
	}
	version = strings.TrimSpace(string(out))
	for line := range strings.Lines(string(all)) {
		if strings.HasPrefix(line, "golang.org/x/mod "+version) {
			sums = append(sums, strings.TrimSpace(line))
		}
	}
	if len(sums) != 2 {
		t.Fatalf("tools/go.sum has of golang.org/x/mod %s the lines %q, want 2", version, sums)
	}
	return version, sums
}

// Git runs git in a folder, as nobody and at a time of its own.
func Git(t testing.TB, dir string, args ...string) {
	t.Helper()
	c := exec.Command("git", args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=Tiny", "GIT_AUTHOR_EMAIL=tiny@example.com", "GIT_COMMITTER_NAME=Tiny", "GIT_COMMITTER_EMAIL=tiny@example.com",
		"GIT_AUTHOR_DATE=2026-01-02T03:04:05Z", "GIT_COMMITTER_DATE=2026-01-02T03:04:05Z")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

// Root is the folder of the repository that these tests are in.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..", "..")
}

// Helm returns the path of helm3 or helm4, which make testbin builds.
func Helm(t testing.TB, name string) string {
	t.Helper()
	c := exec.Command("make", "--no-print-directory", "bin/test/"+name)
	c.Dir = Root()
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", name, err, out)
	}
	return filepath.Join(Root(), "bin", "test", name)
}
