package bundle_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/packaging/bundle"
	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/packaging/render"
)

// files are a repository, by path.
type files map[string]string

const sealed = "password: ENC[AES256_GCM,data:bWFkZQ==,iv:bWFkZQ==,tag:bWFkZQ==,type:str]\n" +
	"sops:\n    mac: ENC[AES256_GCM,data:bWFkZQ==,iv:bWFkZQ==,tag:bWFkZQ==,type:str]\n    version: 3.11.0\n"

// example is the repository that most tests start from, with another chart and
// files that are none of a package.
func example() files {
	return files{
		".git/HEAD":                                      "",
		".sops.yaml":                                     "creation_rules: []\n",
		"charts/etl/Chart.yaml":                          "apiVersion: v2\nname: etl\nversion: 1.2.3+4\n",
		"charts/etl/values.yaml":                         "a: 1\nb: {c: 2}\n",
		"charts/etl/templates/wf.yaml":                   "kind: ConfigMap\napiVersion: v1\nmetadata: {name: {{ .Release.Name }}}\n",
		"charts/etl/.helmignore":                         "*.log\n.git\nenvironments\n",
		"charts/etl/noise.log":                           "noise\n",
		"charts/etl/environments/prod/etl/values.yaml":   "own: true\n",
		"charts/etl/environments/prod/other/values.yaml": "no: true\n",
		"charts/etl/environments/prod/README.md":         "no\n",
		"charts/other/Chart.yaml":                        "apiVersion: v2\nname: other\nversion: 1.0.0\n",
		"environments/README.md":                         "no\n",
		"environments/dev/environment.yaml":              "namespace: etl-dev\n",
		"environments/dev/values.yaml":                   "a: 2\n",
		"environments/prod/environment.yaml":             "promotedFrom: dev\n",
		"environments/prod/secrets.yaml":                 sealed,
		"environments/prod/etl/values.yaml":              "b: {c: 3}\n",
		"environments/prod/other/values.yaml":            "no: true\n",
		"environments/prod/pin.yaml":                     "no: true\n",
	}
}

func (f files) with(more files) files {
	for name, text := range more {
		f[name] = text
	}
	return f
}

// write makes the repository in dir, in this order.
func (f files) write(t testing.TB, dir string, mode os.FileMode, names []string) {
	t.Helper()
	for _, name := range names {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(f[name]), mode); err != nil {
			t.Fatal(err)
		}
	}
}

func (f files) names() []string {
	var all []string
	for name := range f {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// repo makes a repository and returns its folder.
func (f files) repo(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	f.write(t, dir, 0o644, f.names())
	return dir
}

func load(t testing.TB, dir string) (*environment.Set, *render.Chart) {
	t.Helper()
	set, err := environment.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	c, err := render.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return set, c
}

func pack(t testing.TB, dir string) *bundle.Package {
	t.Helper()
	set, c := load(t, dir)
	p, findings, err := bundle.New(set, c)
	if err != nil || len(findings) > 0 {
		t.Fatal(err, findings)
	}
	return p
}

func archive(t testing.TB, p *bundle.Package) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestContents(t *testing.T) {
	p := pack(t, filepath.Join(example().repo(t), "charts", "etl"))
	var got []string
	for _, f := range p.Files {
		got = append(got, f.Path)
	}
	want := []string{
		"charts/etl/.helmignore", "charts/etl/Chart.yaml",
		"charts/etl/environments/prod/etl/values.yaml",
		"charts/etl/templates/wf.yaml", "charts/etl/values.yaml",
		"environments/dev/environment.yaml", "environments/dev/values.yaml",
		"environments/prod/environment.yaml", "environments/prod/etl/values.yaml", "environments/prod/secrets.yaml",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"dev", "prod"}, p.Environments); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if p.Name != "etl" || p.Version != "1.2.3+4" || p.FileName() != "etl-1.2.3+4.tiphys.tgz" {
		t.Errorf("name %s, version %s, file %s", p.Name, p.Version, p.FileName())
	}
}

var update = flag.Bool("update", false, "rewrite the golden digests")

// Who changes this changes the address of everything that was ever deployed:
// do it with a new Format only. The archive, the second one, may change with
// the compression of a new version of Go.
func TestGolden(t *testing.T) {
	p := pack(t, filepath.Join(example().repo(t), "charts", "etl"))
	sum := sha256.Sum256(archive(t, p))
	got := p.Digest() + "\nsha256:" + hex.EncodeToString(sum[:]) + "\n" + string(p.List())
	golden := filepath.Join("testdata", "golden")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// The same files make the same bytes, whatever the machine adds to them.
func TestReproducible(t *testing.T) {
	f := example()
	want := pack(t, filepath.Join(f.repo(t), "charts", "etl"))
	bytesOf := archive(t, want)
	backwards := f.names()
	slices.Reverse(backwards)
	old := time.Date(2001, 2, 3, 4, 5, 6, 7, time.UTC)
	for name, make := range map[string]func(t *testing.T, dir string) string{
		"files made in another order": func(t *testing.T, dir string) string {
			f.write(t, dir, 0o644, backwards)
			return dir
		},
		"other modes": func(t *testing.T, dir string) string {
			f.write(t, dir, 0o700, f.names())
			return dir
		},
		"other times": func(t *testing.T, dir string) string {
			f.write(t, dir, 0o644, f.names())
			for _, name := range f.names() {
				if err := os.Chtimes(filepath.Join(dir, name), old, old); err != nil {
					t.Fatal(err)
				}
			}
			return dir
		},
		"another zone and locale": func(t *testing.T, dir string) string {
			t.Setenv("TZ", "Pacific/Kiritimati")
			t.Setenv("LC_ALL", "tr_TR.UTF-8")
			f.write(t, dir, 0o644, f.names())
			return dir
		},
		"a chart and a file behind links": func(t *testing.T, dir string) string {
			f.write(t, dir, 0o644, f.names())
			values := filepath.Join(dir, "charts", "etl", "values.yaml")
			if err := os.Rename(values, filepath.Join(dir, "shared.yaml")); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink("../../shared.yaml", values); err != nil {
				t.Fatal(err)
			}
			return dir
		},
		"an unrelated change": func(t *testing.T, dir string) string {
			g := example().with(files{"environments/prod/other/values.yaml": "x: 1\n", "environments/prod/pin.yaml": "x: 1\n", "README.md": "x\n", "charts/etl/more.log": "x\n"})
			g.write(t, dir, 0o644, g.names())
			return dir
		},
		"an empty folder of an environment": func(t *testing.T, dir string) string {
			f.write(t, dir, 0o644, f.names())
			if err := os.MkdirAll(filepath.Join(dir, "environments", "qa"), 0o755); err != nil {
				t.Fatal(err)
			}
			return dir
		},
	} {
		t.Run(name, func(t *testing.T) {
			chart := filepath.Join(make(t, t.TempDir()), "charts", "etl")
			p := pack(t, chart)
			if p.Digest() != want.Digest() {
				t.Errorf("digest %s, want %s", p.Digest(), want.Digest())
			}
			if !bytes.Equal(archive(t, p), bytesOf) {
				t.Error("the archive is another one")
			}
			set, c := load(t, chart)
			if d, err := bundle.Digest(set, c); d != want.Digest() || err != nil {
				t.Errorf("Digest says %s, %v", d, err)
			}
		})
	}
}

func TestRelatedChanges(t *testing.T) {
	want := pack(t, filepath.Join(example().repo(t), "charts", "etl")).Digest()
	for name, text := range (files{
		"charts/etl/values.yaml": "a: 2\n", "charts/etl/templates/b.yaml": "", "environments/dev/values.yaml": "a: 3\n",
		"environments/prod/secrets.yaml": strings.Replace(sealed, "bWFkZQ", "bWFkZR", 1), "environments/dev/etl/values.yaml": "",
		"charts/etl/environments/dev/values.yaml": "a: 1\n", "environments/qa/values.yaml": "a: 1\n", "charts/etl/.helmignore": "",
	}) {
		if got := pack(t, filepath.Join(example().with(files{name: text}).repo(t), "charts", "etl")).Digest(); got == want {
			t.Errorf("a change of %s does not change the digest", name)
		}
	}
}

// What is unpacked is what was packed, and makes the same package again.
func TestRoundTrip(t *testing.T) {
	for name, f := range map[string]files{
		"the example":        example(),
		"no environments":    {"charts/etl/Chart.yaml": example()["charts/etl/Chart.yaml"]},
		"odd names":          example().with(files{"charts/etl/files/a b'é\"<&>.txt": "x", "charts/etl/files/" + strings.Repeat("long/", 40) + "x": "y"}),
		"an empty file":      example().with(files{"charts/etl/files/empty": "", "environments/dev/values.yaml": ""}),
		"a file of any byte": example().with(files{"charts/etl/files/bin": "\x00\xff\r\n\x1a"}),
		"the largest file":   example().with(files{"charts/etl/files/large": strings.Repeat("0123456789abcdef", 5<<16)}),
	} {
		t.Run(name, func(t *testing.T) {
			p := pack(t, filepath.Join(f.repo(t), "charts", "etl"))
			read, err := bundle.Read(bytes.NewReader(archive(t, p)))
			if err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(t.TempDir(), "new")
			if err := read.Extract(dir); err != nil {
				t.Fatal(err)
			}
			for _, e := range p.Files {
				got, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(e.Path)))
				if err != nil || string(got) != f[e.Path] {
					t.Errorf("%s: %v, or other text", e.Path, err)
				}
			}
			again := pack(t, read.ChartDir(dir))
			if again.Digest() != p.Digest() || !bytes.Equal(archive(t, again), archive(t, p)) {
				t.Errorf("packed again it is another one:\n%s", cmp.Diff(string(p.List()), string(again.List())))
			}
			if entries, err := os.ReadDir(filepath.Dir(dir)); err != nil || len(entries) != 1 {
				t.Errorf("beside the new folder are %v, %v", entries, err)
			}
		})
	}
}

// Nobody else's environments count for an unpacked chart that has none.
func TestUnpackedBelowOthers(t *testing.T) {
	outer := example().repo(t)
	p := pack(t, filepath.Join(files{"etl/Chart.yaml": example()["charts/etl/Chart.yaml"]}.repo(t), "etl"))
	dir := filepath.Join(outer, "unpacked")
	if err := p.Extract(dir); err != nil {
		t.Fatal(err)
	}
	if set, _ := load(t, p.ChartDir(dir)); len(set.Environments) > 0 {
		t.Errorf("it has %v", set.Names())
	}
}

func TestExtractRefuses(t *testing.T) {
	p := pack(t, filepath.Join(example().repo(t), "charts", "etl"))
	dir := t.TempDir()
	for name, want := range map[string]string{dir: "unpack into a new folder", filepath.Join(dir, "a", "b"): "no such file"} {
		if err := p.Extract(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("extract to %s: %v, want %q", name, err, want)
		}
	}
}

func lines(findings []lint.Finding, dir string) string {
	var b strings.Builder
	for _, f := range findings {
		b.WriteString(strings.ReplaceAll(f.String(), dir+"/", "") + "\n")
	}
	return b.String()
}
