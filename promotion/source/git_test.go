package source_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/packaging/bundle"
	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/packaging/render"
	"github.com/tiphys-dev/tiphys/promotion/source"
)

// A repo is a working tree of git, and the bare repository that it pushes to.
type repo struct {
	t    testing.TB
	tree string
	bare string
}

// plain is a chart with two environments, and another one that uses them too.
var plain = map[string]string{
	"charts/etl/Chart.yaml":              "apiVersion: v2\nname: etl\nversion: 1.2.3\n",
	"charts/etl/values.yaml":             "a: 1\n",
	"charts/etl/templates/cm.yaml":       "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\ndata:\n  a: {{ .Values.a | quote }}\n",
	"charts/etl/files/run.sh":            "#!/bin/sh\n",
	"charts/ml/Chart.yaml":               "apiVersion: v2\nname: ml\nversion: 0.1.0\n",
	"environments/dev/environment.yaml":  "namespace: dev\n",
	"environments/dev/values.yaml":       "a: 2\n",
	"environments/dev/etl/values.yaml":   "a: 3\n",
	"environments/dev/ml/values.yaml":    "b: 3\n",
	"environments/prod/environment.yaml": "namespace: prod\npromotedFrom: dev\n",
	"environments/prod/ml/secrets.yaml":  "password: in-the-clear\n",
	"README.md":                          "hello\n",
}

func newRepo(t testing.TB, files map[string]string) *repo {
	t.Helper()
	dir := t.TempDir()
	r := &repo{t: t, tree: filepath.Join(dir, "tree"), bare: filepath.Join(dir, "bare.git")}
	r.run(dir, "init", "-q", "--bare", "-b", "main", r.bare)
	r.run(dir, "init", "-q", "-b", "main", r.tree)
	r.git("remote", "add", "origin", r.bare)
	r.commit("Make it", files)
	return r
}

func (r *repo) git(args ...string) string { r.t.Helper(); return r.run(r.tree, args...) }

func (r *repo) run(dir string, args ...string) string {
	r.t.Helper()
	c := exec.Command("git", args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Bot", "GIT_COMMITTER_EMAIL=bot@example.com")
	out, err := c.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func (r *repo) write(files map[string]string) {
	r.t.Helper()
	for name, text := range files {
		file := filepath.Join(r.tree, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			r.t.Fatal(err)
		}
		var err error
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			err = os.Symlink(target, file)
		} else {
			err = os.WriteFile(file, []byte(text), 0o644)
		}
		if err != nil {
			r.t.Fatal(err)
		}
	}
}

// commit commits and pushes, and returns the commit.
func (r *repo) commit(message string, files map[string]string) string {
	r.t.Helper()
	r.write(files)
	r.git("add", "-A")
	r.git("commit", "-q", "--allow-empty", "-m", message)
	r.git("push", "-q", "-f", "origin", "HEAD")
	return r.git("rev-parse", "HEAD")
}

func (r *repo) source(ref, path string) v1alpha1.Source {
	return v1alpha1.Source{Git: &v1alpha1.GitSource{URL: r.bare, Ref: ref, Path: path}}
}

var local = source.Options{Local: true}

func poll(t testing.TB, s v1alpha1.Source, known string, o source.Options) *source.Found {
	t.Helper()
	found, err := source.Poll(t.Context(), s, known, o)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// refuses checks what a Poll fails with, and that nothing is left of it.
func refuses(t testing.TB, s v1alpha1.Source, o source.Options, want string) error {
	t.Helper()
	found, err := source.Poll(t.Context(), s, "", o)
	if err == nil {
		t.Fatalf("it is found: %+v", found)
	}
	if !strings.Contains(err.Error(), want) {
		t.Errorf("%v\nwant %q", err, want)
	}
	if strings.Contains(err.Error(), "tiphys-source-") || strings.Contains(err.Error(), "\n") {
		t.Errorf("the message shows a temporary folder or has lines: %v", err)
	}
	return err
}

// rejects is refuses, of a commit or of what is said of it.
func rejects(t testing.TB, s v1alpha1.Source, o source.Options, want string) *source.Rejected {
	t.Helper()
	var r *source.Rejected
	if err := refuses(t, s, o, want); !errors.As(err, &r) {
		t.Errorf("not rejected: %v", err)
		return &source.Rejected{}
	}
	return r
}

// packed returns the archive that tiphys package makes of a folder.
func packed(t testing.TB, dir string) []byte {
	t.Helper()
	set, err := environment.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	c, err := render.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	p, findings, err := bundle.New(set, c)
	if err != nil || len(findings) > 0 {
		t.Fatal(err, findings)
	}
	return archive(t, p)
}

func archive(t testing.TB, p *bundle.Package) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tidy checks that a test leaves nothing in the folder of temporary files.
func tidy(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Cleanup(func() {
		left, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) || len(left) > 0 {
			t.Errorf("left behind: %v %v", left, err)
		}
	})
}

func TestCommit(t *testing.T) {
	tidy(t)
	r := newRepo(t, plain)
	head := r.git("rev-parse", "HEAD")
	found := poll(t, r.source("", "charts/etl"), "", local)
	if found.Revision != head || found.URL != r.bare || found.Author != "Ada <ada@example.com>" || found.Subject != "Make it" {
		t.Errorf("found %+v", found)
	}
	if !bytes.Equal(archive(t, found.Package), packed(t, filepath.Join(r.tree, "charts", "etl"))) {
		t.Error("it is another package than that of a clone")
	}
	if again := poll(t, r.source("main", "charts/etl/"), head, local); again.Package != nil || again.Revision != head {
		t.Errorf("known, it is found as %+v", again)
	}
}

// A commit that changes nothing of the package makes no other one.
func TestUnrelatedCommit(t *testing.T) {
	r := newRepo(t, plain)
	first := poll(t, r.source("", "charts/etl"), "", local)
	r.commit("Change others", map[string]string{"charts/ml/values.yaml": "x: 1\n", "environments/dev/ml/values.yaml": "b: 4\n", "README.md": "bye\n"})
	second := poll(t, r.source("", "charts/etl"), first.Revision, local)
	if first.Revision == second.Revision || second.Package == nil || first.Package.Digest() != second.Package.Digest() {
		t.Errorf("first %s, then %s", first.Package.Digest(), second.Package.Digest())
	}
	r.commit("Change it", map[string]string{"environments/dev/etl/values.yaml": "a: 4\n"})
	if third := poll(t, r.source("", "charts/etl"), second.Revision, local); third.Package.Digest() == second.Package.Digest() {
		t.Error("a change of values makes no other package")
	}
}

func TestRefs(t *testing.T) {
	r := newRepo(t, plain)
	first := r.git("rev-parse", "HEAD")
	r.git("tag", "v1")
	between := r.commit("Between", nil) // no branch and no other tag leads to it
	r.git("tag", "-a", "-m", "A tag", "v1-annotated")
	r.git("push", "-q", "--tags", "origin")
	second := r.commit("Second", map[string]string{"charts/etl/values.yaml": "a: 9\n"})
	r.git("push", "-q", "origin", "HEAD:refs/heads/feature/x", "HEAD:refs/heads/both", first+":refs/tags/both")
	for ref, want := range map[string]string{
		"": second, "main": second, "refs/heads/main": second, "feature/x": second,
		"v1": first, "v1-annotated": between, "refs/tags/v1-annotated": between, "refs/tags/both": first,
	} {
		if got := poll(t, r.source(ref, "charts/etl"), "", local); got.Revision != want {
			t.Errorf("%q is %s, want %s", ref, got.Revision, want)
		}
	}
	for ref, want := range map[string]string{
		"mian":   `there is no branch or tag "mian"; did you mean "main"?; the branches are both, feature/x, main`,
		"both":   `a branch and a tag are called "both" and lead to different commits: write refs/heads/both or refs/tags/both`,
		"HEAD~1": `there is no branch or tag "HEAD~1"`,
	} {
		rejects(t, r.source(ref, "charts/etl"), local, want)
	}
	// What leads to no commit.
	r.git("push", "-q", "origin", r.git("rev-parse", "HEAD:charts/etl/values.yaml")+":refs/tags/blob")
	rejects(t, r.source("blob", "charts/etl"), local, "what the tag leads to is a blob, and should be a commit")
	// Forced to another history, where the known commit is no more.
	r.git("checkout", "-q", "--orphan", "other")
	r.git("commit", "-q", "-m", "Begin anew")
	r.git("push", "-q", "-f", "origin", "HEAD:main")
	if got := poll(t, r.source("main", "charts/etl"), second, local); got.Package == nil || got.Subject != "Begin anew" {
		t.Errorf("after a forced push: %+v", got)
	}
}

func TestNoHead(t *testing.T) {
	r := newRepo(t, plain)
	empty := filepath.Join(t.TempDir(), "empty.git")
	r.run(r.tree, "init", "-q", "--bare", empty)
	rejects(t, v1alpha1.Source{Git: &v1alpha1.GitSource{URL: empty}}, local, "the repository is empty: push a commit")
	r.run(r.bare, "symbolic-ref", "HEAD", "refs/heads/gone")
	rejects(t, r.source("", "charts/etl"), local, "HEAD of the repository leads to no branch that there is: name a ref; the branches are main")
}

func TestPaths(t *testing.T) {
	tidy(t)
	r := newRepo(t, plain)
	head := r.git("rev-parse", "HEAD")
	for path, want := range map[string]string{
		"charts/elt":   `there is no chart in "charts/elt"; did you mean "charts/etl"?; the charts are in charts/etl, charts/ml`,
		"charts":       `there is no chart in "charts"`,
		"README.md":    `there is no chart in "README.md"`,
		".":            `there is no chart in "."`,
		"../x":         `the path "../x" leads out of the repository: it is that of a folder in it, like charts/etl`,
		"a/../../x":    "leads out of the repository",
		"/charts/etl":  "leads out of the repository",
		`charts\..\..`: "leads out of the repository",
	} {
		got := rejects(t, r.source("", path), local, want)
		if known := !strings.Contains(want, "leads out"); known != (got.Revision == head) {
			t.Errorf("%s: rejected with revision %q", path, got.Revision)
		}
	}
}

// A chart at the top of the repository is one too.
func TestChartAtTop(t *testing.T) {
	tidy(t)
	r := newRepo(t, map[string]string{
		"Chart.yaml": "apiVersion: v2\nname: etl\nversion: 1.0.0\n", "values.yaml": "a: 1\n",
		"environments/dev/values.yaml": "a: 2\n", ".helmignore": ".git/\n",
	})
	found := poll(t, r.source("", ""), "", local)
	if !bytes.Equal(archive(t, found.Package), packed(t, r.tree)) {
		t.Error("it is another package than that of a clone")
	}
}
