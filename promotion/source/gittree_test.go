package source_test

import (
	"bytes"
	"maps"
	"path/filepath"
	"strings"
	"testing"
)

// with returns the files of plain with others.
func with(more map[string]string) map[string]string {
	all := maps.Clone(plain)
	maps.Copy(all, more)
	return all
}

// What links lead to is written out too, so a package of a commit is the one
// that tiphys package makes of a clone.
func TestLinks(t *testing.T) {
	tidy(t)
	for name, more := range map[string]map[string]string{
		"a file elsewhere": {"shared/query.sql": "select 1;\n", "charts/etl/files/query.sql": "-> ../../../shared/query.sql"},
		"a folder elsewhere": {
			"shared/a/one.sql": "select 1;\n", "shared/a/two.sql": "-> ../b/two.sql", "shared/b/two.sql": "select 2;\n",
			"charts/etl/files/sql": "-> ../../../shared/a",
		},
		"a link to a link":                           {"shared/one": "-> ../shared/two", "shared/two": "-> three", "shared/three": "3\n", "charts/etl/files/x": "-> ../../../shared/one"},
		"through a linked folder":                    {"a/b/c": "c\n", "d": "-> a", "charts/etl/files/x": "-> ../../../d/b/c"},
		"values elsewhere":                           {"shared/values.yaml": "a: 7\n", "environments/qa/etl/values.yaml": "-> ../../../shared/values.yaml"},
		"a linked environment":                       {"shared/qa/values.yaml": "a: 7\n", "environments/qa": "-> ../shared/qa"},
		"linked environments":                        {"charts/environments": "-> ../shared", "shared/qa/values.yaml": "a: 8\n"},
		"environments of its own":                    {"charts/etl/environments/qa/values.yaml": "a: 8\n"},
		"an ignored large file":                      {"charts/etl/.helmignore": "*.bin\n", "charts/etl/files/large.bin": strings.Repeat("x", 6<<20)},
		"a file that runs out of sight of the chart": {"environments/dev/ml/values.yaml2": "-> /etc/passwd"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRepo(t, with(more))
			found := poll(t, r.source("", "charts/etl"), "", local)
			if !bytes.Equal(archive(t, found.Package), packed(t, filepath.Join(r.tree, "charts", "etl"))) {
				t.Error("it is another package than that of a clone")
			}
		})
	}
	t.Run("a linked chart", func(t *testing.T) {
		r := newRepo(t, with(map[string]string{"deploy/now": "-> ../charts/etl"}))
		found := poll(t, r.source("", "deploy/now"), "", local)
		if !bytes.Equal(archive(t, found.Package), packed(t, filepath.Join(r.tree, "deploy", "now"))) {
			t.Error("it is another package than that of a clone")
		}
	})
}

func TestRejectedFiles(t *testing.T) {
	tidy(t)
	loop := map[string]string{"charts/etl/a/x": "x\n"}
	for _, name := range []string{"charts/etl/a/one", "charts/etl/a/two"} {
		loop[name] = "-> ../../etl/a"
	}
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"a link to the system":      {map[string]string{"charts/etl/files/x": "-> /etc/passwd"}, "charts/etl/files/x is a symbolic link that leads out of the repository: put the file itself there"},
		"a link above":              {map[string]string{"charts/etl/files/x": "-> ../../../../x"}, "charts/etl/files/x is a symbolic link that leads out"},
		"a link to a link out":      {map[string]string{"charts/etl/files/x": "-> ../../../y", "y": "-> ../../z"}, "charts/etl/files/x is a symbolic link that leads out"},
		"values out":                {map[string]string{"environments/dev/etl/secrets.yaml": "-> /etc/passwd"}, "environments/dev/etl/secrets.yaml is a symbolic link that leads out"},
		"an environment out":        {map[string]string{"environments/qa": "-> /etc"}, "environments/qa is a symbolic link that leads out"},
		"a Chart.yaml out":          {map[string]string{"charts/x/Chart.yaml": "-> /etc/passwd"}, ""},
		"a link to nothing":         {map[string]string{"charts/etl/files/x": "-> nowhere"}, "load chart charts/etl: error evaluating symlink charts/etl/files/x"},
		"a link to itself":          {map[string]string{"charts/etl/files/x": "-> x"}, "charts/etl/files/x is a symbolic link that leads on and on"},
		"a folder within itself":    {map[string]string{"charts/etl/files/x": "-> .."}, "is one of more than 20000 files and folders of the chart, links followed"},
		"folders that multiply":     {loop, "is one of more than 20000 files and folders of the chart, links followed"},
		"a pointer of LFS":          {map[string]string{"charts/etl/files/x": "version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 12\n"}, "charts/etl/files/x is kept by Git LFS, which is not fetched: put the file itself there"},
		"values by LFS":             {map[string]string{"environments/dev/etl/values.yaml": "version https://git-lfs.github.com/spec/v1\n"}, "environments/dev/etl/values.yaml is kept by Git LFS"},
		"a large file":              {map[string]string{"charts/etl/files/x": strings.Repeat("x", 6<<20)}, `"x" is larger than the maximum file size`},
		"large values":              {map[string]string{"environments/dev/values.yaml": "a: " + strings.Repeat("x", 6<<20)}, "environments/dev/values.yaml"},
		"secrets in the clear":      {map[string]string{"environments/dev/etl/secrets.yaml": "password: in-the-clear\ntoken: in-the-clear\n"}, "environments/dev/etl/secrets.yaml:1:1: error:"},
		"no YAML":                   {map[string]string{"environments/dev/environment.yaml": "a: [\n"}, "environments/dev/environment.yaml:2:1: error: expected a value"},
		"a chart without a version": {map[string]string{"charts/etl/Chart.yaml": "apiVersion: v2\nname: etl\n"}, "version"},
		"an empty Chart.yaml":       {map[string]string{"charts/etl/Chart.yaml": ""}, "charts/etl"},
		"a dependency that is not there": {
			map[string]string{"charts/etl/Chart.yaml": "apiVersion: v2\nname: etl\nversion: 1.0.0\ndependencies: [{name: base, version: 1.0.0, repository: https://example.com}]\n"},
			"chart etl depends on base, which is not in its charts/ folder; fetch it with: helm dependency update charts/etl",
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRepo(t, with(c.files))
			path := "charts/etl"
			if c.want == "" {
				path, c.want = "charts/x", "charts/x/Chart.yaml is a symbolic link that leads out"
			}
			got := rejects(t, r.source("", path), local, c.want)
			if got.Revision != r.git("rev-parse", "HEAD") || strings.Contains(got.Error(), "in-the-clear") {
				t.Errorf("revision %q: %v", got.Revision, got)
			}
			// Once known, it is not fetched again.
			if again := poll(t, r.source("", path), got.Revision, local); again.Package != nil {
				t.Error("fetched again")
			}
		})
	}
}

func TestSubmodule(t *testing.T) {
	tidy(t)
	other, r := newRepo(t, plain), newRepo(t, plain)
	r.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", other.bare, "charts/etl/files/sub")
	r.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", other.bare, "elsewhere")
	r.commit("Add submodules", nil)
	rejects(t, r.source("", "charts/etl"), local, "charts/etl/files/sub is a submodule, which is not fetched: put the files themselves there")
	r.git("rm", "-q", "--cached", "charts/etl/files/sub")
	r.git("rm", "-q", "--cached", ".gitmodules")
	r.git("commit", "-q", "-m", "Take it away")
	r.git("push", "-q", "origin", "HEAD")
	poll(t, r.source("", "charts/etl"), "", local)
}

// A server that knows how leaves large files out.
func TestFilter(t *testing.T) {
	tidy(t)
	r := newRepo(t, with(map[string]string{"data/large.csv": strings.Repeat("1,2,3\n", 2<<20), "charts/etl/.helmignore": "*.bin\n", "charts/etl/x.bin": strings.Repeat("y", 6<<20)}))
	r.run(r.bare, "config", "uploadpack.allowFilter", "true")
	found := poll(t, r.source("", "charts/etl"), "", local)
	if !bytes.Equal(archive(t, found.Package), packed(t, filepath.Join(r.tree, "charts", "etl"))) {
		t.Error("it is another package than that of a clone")
	}
	r.commit("Want it", map[string]string{"charts/etl/large.csv": strings.Repeat("1,2,3\n", 2<<20)})
	rejects(t, r.source("", "charts/etl"), local, `"large.csv" is larger than the maximum file size`)
}

// Where the server cannot, one file of the repository may be large, and not too
// large; it is only ever read from the disk.
func TestLargeObject(t *testing.T) {
	tidy(t)
	r := newRepo(t, with(map[string]string{"data/large.csv": strings.Repeat("1,2,3\n", 2<<20)}))
	poll(t, r.source("", "charts/etl"), "", local)
	r.commit("Make it larger", map[string]string{"data/large.csv": strings.Repeat("0", 70<<20)})
	rejects(t, r.source("", "charts/etl"), local, "a file of the commit has 70 MiB, and this server cannot leave it out of what it sends (git calls that uploadpack.allowFilter): at most 64 MiB are fetched of one")
}
