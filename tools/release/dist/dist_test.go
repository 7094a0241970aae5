package dist_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/tools/release/dist"
	"github.com/tiphys-dev/tiphys/tools/release/tiny"
)

// released builds v1.0.0 of the tiny project, over a file of a release before.
func released(t *testing.T, dir string) string {
	t.Helper()
	if err := os.Mkdir(filepath.Join(dir, "dist"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "dist", "tiny_0.9.0_linux_amd64.tar.gz"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return build(t, dir, "", nil)
}

func build(t *testing.T, dir, version string, platforms []string) string {
	t.Helper()
	s, err := dist.Find(dir, version)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "dist")
	if _, err := dist.Build(t.Context(), tiny.Project, dist.Options{Source: s, Out: out, Platforms: platforms, Log: io.Discard}); err != nil {
		t.Fatal(err)
	}
	return out
}

func contents(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if all[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestRelease(t *testing.T) {
	repository := tiny.Repository(t)
	tiny.Git(t, repository, "tag", "v0.9.0")
	tiny.Git(t, repository, "commit", "--quiet", "--allow-empty", "--message=Go on")
	tiny.Git(t, repository, "tag", "--annotate", "--message=One", "v1.0.0")
	dir := released(t, repository)
	files := contents(t, dir)
	t.Run("files", func(t *testing.T) {
		want := []string{
			"RELEASE_NOTES.md", "SHA256SUMS", "release.json",
			"tiny-1.0.0-digests.yaml", "tiny-1.0.0.tgz", "tiny-plugin-1.0.0.tgz", "tiny_1.0.0_crds.yaml", "tiny_1.0.0_image.tar",
			"tiny_1.0.0_image_linux_amd64.cdx.json", "tiny_1.0.0_image_linux_arm64.cdx.json",
			"tiny_1.0.0_linux_amd64.cdx.json", "tiny_1.0.0_linux_amd64.tar.gz", "tiny_1.0.0_windows_amd64.cdx.json", "tiny_1.0.0_windows_amd64.zip",
		}
		if got := slices.Sorted(maps.Keys(files)); !slices.Equal(got, want) {
			t.Errorf("there are\n%q, want\n%q", got, want)
		}
		c := exec.Command("sha256sum", "--check", "--strict", "SHA256SUMS")
		c.Dir = dir
		if out, err := c.CombinedOutput(); err != nil || strings.Count(string(out), ": OK\n") != len(want)-1 {
			t.Errorf("sha256sum: %v\n%s", err, out)
		}
	})
	t.Run("reproducible", func(t *testing.T) {
		// In another folder, and as continuous integration clones: without what was before.
		clone := filepath.Join(t.TempDir(), "elsewhere")
		tiny.Git(t, repository, "clone", "--quiet", "--depth=1", "--branch=v1.0.0", "file://"+repository, clone)
		for name, second := range contents(t, released(t, clone)) {
			if !bytes.Equal(files[name], second) {
				t.Errorf("%s is not the same in two clones", name)
			}
		}
	})
	t.Run("about", func(t *testing.T) {
		r, err := dist.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if r.Version != "v1.0.0" || r.Trial || !strings.HasPrefix(r.Go, "go1.") || r.Date != "2026-01-02T03:04:05Z" || len(r.Files) != len(files)-2 {
			t.Errorf("release.json says %+v", r)
		}
		i := r.Images[0]
		if i.Repository != "tiny" || i.Tag != "1.0.0" || len(i.Platforms) != 2 || r.Charts[0].Repository != "charts/tiny" {
			t.Errorf("release.json says %+v, %+v", i, r.Charts)
		}
		if want := "image:\n  digest: " + i.Digest + "\n"; string(files["tiny-1.0.0-digests.yaml"]) != want {
			t.Errorf("the values are %s, want %s", files["tiny-1.0.0-digests.yaml"], want)
		}
	})
	t.Run("archives", func(t *testing.T) {
		got := untar(t, files["tiny_1.0.0_linux_amd64.tar.gz"])
		if want := []string{"LICENSE", "README.md", "THIRD-PARTY-LICENSES.txt", "tiny"}; !slices.Equal(slices.Sorted(maps.Keys(got)), want) {
			t.Errorf("the archive holds %q, want %q", slices.Sorted(maps.Keys(got)), want)
		}
		version, _ := tiny.Required(t)
		for _, want := range []string{"stdlib ", "golang.org/x/mod " + version + ": LICENSE\n", "Redistributions in binary form must reproduce"} {
			if !strings.Contains(string(got["THIRD-PARTY-LICENSES.txt"]), want) {
				t.Errorf("the licences do not say %q", want)
			}
		}
		program := filepath.Join(t.TempDir(), "tiny")
		if err := os.WriteFile(program, got["tiny"], 0o755); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(program).Output(); err != nil || !strings.HasPrefix(string(out), "tiny v1.0.0 true\n") {
			t.Errorf("it prints %s, %v", out, err)
		}
		info, err := buildinfo.ReadFile(program)
		if err != nil {
			t.Fatal(err)
		}
		if info.Main.Version != "v1.0.0" || !strings.Contains(info.String(), "vcs.modified=false") || strings.Contains(info.String(), "ldflags") {
			t.Errorf("go version -m tells\n%s", info)
		}
	})
	t.Run("bills", func(t *testing.T) {
		for name, text := range files {
			if strings.HasSuffix(name, ".cdx.json") {
				tiny.ValidBill(t, text)
				checkBill(t, name, text)
			}
		}
	})
	t.Run("windows", func(t *testing.T) {
		z, err := zip.NewReader(bytes.NewReader(files["tiny_1.0.0_windows_amd64.zip"]), int64(len(files["tiny_1.0.0_windows_amd64.zip"])))
		if err != nil {
			t.Fatal(err)
		}
		if last := z.File[len(z.File)-1]; last.Name != "tiny.exe" || last.Mode().Perm() != 0o755 {
			t.Errorf("the last file is %s with mode %s", last.Name, last.Mode())
		}
	})
	t.Run("cluster", func(t *testing.T) {
		if got, want := string(files["tiny_1.0.0_crds.yaml"]), "---\nkind: A\n---\nkind: B\n"; got != want {
			t.Errorf("the CRDs are %q, want %q", got, want)
		}
		plugin := untar(t, files["tiny-plugin-1.0.0.tgz"])
		if got := string(plugin["tiny-plugin/plugin.yaml"]); got != "name: tiny\nversion: 1.0.0\n" {
			t.Errorf("the plugin is %q", got)
		}
	})
}

// checkBill checks that what go.mod requires is in a bill, as go.sum and its licence have it.
func checkBill(t *testing.T, name string, text []byte) {
	t.Helper()
	var b struct {
		Components []struct {
			Name, Version string
			Hashes        []struct{ Content string }
			Licenses      []struct{ License struct{ ID string } }
		}
	}
	if err := json.Unmarshal(text, &b); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range b.Components {
		line := c.Name
		for _, h := range c.Hashes {
			line += " " + c.Version + " " + h.Content
		}
		for _, l := range c.Licenses {
			line += " " + l.License.ID
		}
		got = append(got, line)
	}
	version, sums := tiny.Required(t)
	_, h1, _ := strings.Cut(sums[0], " h1:")
	hash, err := base64.StdEncoding.DecodeString(h1)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"stdlib BSD-3-Clause", fmt.Sprintf("golang.org/x/mod %s %x BSD-3-Clause", version, hash)}
	if strings.Contains(name, "_image_") {
		if !strings.HasPrefix(got[0], "tiny ") || !strings.HasPrefix(got[1], "certificate authorities of Mozilla MPL-2.0") {
			t.Errorf("%s begins with %q", name, got[:2])
		}
		got = got[2:]
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s lists %q, want %q", name, got, want)
	}
}

// What is tried says so, and is not complete where only some systems are asked for.
func TestTrial(t *testing.T) {
	dir := tiny.Repository(t)
	if err := os.WriteFile(filepath.Join(dir, "charts/tiny/templates/new.yaml"), []byte("# new\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	out := build(t, dir, "v0.0.0-try", []string{"linux/amd64"})
	files := contents(t, out)
	var r dist.Release
	if err := json.Unmarshal(files["release.json"], &r); err != nil || !r.Trial || len(r.Images[0].Platforms) != 1 {
		t.Errorf("release.json says %+v, %v", r, err)
	}
	if !strings.HasPrefix(string(files["RELEASE_NOTES.md"]), "This is v0.0.0-try, a trial and no release.\n") {
		t.Errorf("the notes are %s", files["RELEASE_NOTES.md"])
	}
	if chart := untar(t, files["tiny-0.0.0-try.tgz"]); chart["tiny/templates/new.yaml"] == nil {
		t.Error("a new file is not in the chart")
	}
	if files["tiny_0.0.0-try_windows_amd64.zip"] != nil {
		t.Error("windows is built too")
	}
	changed(t, out, "tiny-0.0.0-try.tgz")
}

// changed checks that a file that is not as it was built is told by the sums.
func changed(t *testing.T, dir, name string) {
	t.Helper()
	if _, err := dist.Open(dir); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte("another"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := dist.Open(dir); err == nil || !strings.HasPrefix(err.Error(), "check SHA256SUMS: "+name+" is ") {
		t.Errorf("changed: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := dist.Open(dir); err == nil || !strings.HasPrefix(err.Error(), "check SHA256SUMS: open ") {
		t.Errorf("removed: %v", err)
	}
	if _, err := dist.Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "which make release finishes with SHA256SUMS") {
		t.Errorf("not built: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	dir := tiny.Repository(t)
	tiny.Git(t, dir, "tag", "v3.0.0")
	s, err := dist.Find(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dist.Build(t.Context(), tiny.Project, dist.Options{Source: s, Out: t.TempDir(), Log: io.Discard}); err == nil || !strings.Contains(err.Error(), `nothing below a heading "## v3.0.0"`) {
		t.Errorf("a version that the changelog does not know: %v", err)
	}
	s.Trial = true
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	out := t.TempDir()
	if _, err := dist.Build(ended, tiny.Project, dist.Options{Source: s, Out: out, Log: io.Discard}); !errors.Is(err, context.Canceled) {
		t.Errorf("a build that is told to end: %v", err)
	}
	if _, err := dist.Open(out); err == nil {
		t.Error("what was not finished is opened")
	}
	if _, err := dist.Build(t.Context(), tiny.Project, dist.Options{Source: s, Out: dir, Log: io.Discard}); err == nil || !strings.Contains(err.Error(), "so it is no folder of a release; name another one") {
		t.Errorf("a folder with folders: %v", err)
	}
}

func untar(t *testing.T, archive []byte) map[string][]byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		if all[h.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}
