package publish_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/tiphys-dev/tiphys/tools/release/dist"
	"github.com/tiphys-dev/tiphys/tools/release/publish"
	"github.com/tiphys-dev/tiphys/tools/release/tiny"
)

// TestPublish takes a release to a registry and back.
func TestPublish(t *testing.T) {
	folder := released(t)
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	r, err := dist.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	image, chart := host+"/team/tiny:1.0.0@"+r.Images[0].Digest, host+"/team/charts/tiny:1.0.0@"+r.Charts[0].Digest
	for _, word := range []string{"published  ", "is there   "} {
		var said bytes.Buffer
		if err := publish.All(t.Context(), publish.Options{Dist: folder, Registry: host + "/team", Log: &said}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(word+image+"\n"+word+chart+"\n", said.String()); diff != "" {
			t.Errorf("it says (-want +got)\n%s", diff)
		}
	}
	ref, err := name.ParseReference(host + "/team/tiny:1.0.0")
	if err != nil {
		t.Fatal(err)
	}
	index, err := remote.Index(ref)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("index", func(t *testing.T) { checkIndex(t, index, r) })
	t.Run("config", func(t *testing.T) { checkConfig(t, pull(t, ref, "linux/arm64"), r) })
	t.Run("run", func(t *testing.T) { checkRun(t, pull(t, ref, "linux/amd64")) })
	for _, helm := range []string{"helm3", "helm4"} {
		t.Run(helm, func(t *testing.T) { checkChart(t, tiny.Helm(t, helm), "oci://"+host+"/team/charts/tiny", folder, r) })
	}
	t.Run("moved", func(t *testing.T) {
		one, err := remote.Index(ref)
		if err != nil {
			t.Fatal(err)
		}
		if err := remote.WriteIndex(ref, mutate.Annotations(one, map[string]string{"another": "one"}).(v1.ImageIndex)); err != nil {
			t.Fatal(err)
		}
		err = publish.All(t.Context(), publish.Options{Dist: folder, Registry: host + "/team", Log: io.Discard})
		if err == nil || !strings.Contains(err.Error(), "already, and not to "+r.Images[0].Digest+": a version is published once") {
			t.Errorf("a tag that leads elsewhere: %v", err)
		}
	})
}

func released(t *testing.T) string {
	t.Helper()
	dir := tiny.Repository(t)
	tiny.Git(t, dir, "tag", "v1.0.0")
	s, err := dist.Find(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dist.Build(t.Context(), tiny.Project, dist.Options{Source: s, Out: filepath.Join(dir, "dist"), Log: io.Discard}); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "dist")
}

func pull(t *testing.T, ref name.Reference, platform string) v1.Image {
	t.Helper()
	p, err := v1.ParsePlatform(platform)
	if err != nil {
		t.Fatal(err)
	}
	img, err := remote.Image(ref, remote.WithPlatform(*p))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func checkIndex(t *testing.T, index v1.ImageIndex, r *dist.Release) {
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	m, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var platforms []string
	for _, d := range m.Manifests {
		platforms = append(platforms, d.Platform.String())
		if r.Images[0].Platforms[d.Platform.String()] != d.Digest.String() {
			t.Errorf("release.json does not have %s of %s", d.Digest, d.Platform)
		}
	}
	if want := []string{"linux/amd64", "linux/arm64"}; !slices.Equal(platforms, want) {
		t.Errorf("the platforms are %q, want %q", platforms, want)
	}
	if got := m.Annotations["org.opencontainers.image.revision"]; got != r.Commit {
		t.Errorf("the index is of commit %q, want %q", got, r.Commit)
	}
}

func checkConfig(t *testing.T, img v1.Image, r *dist.Release) {
	c, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if c.Created.Time.Format("2006-01-02T15:04:05Z") != r.Date || c.Architecture != "arm64" || c.OS != "linux" {
		t.Errorf("it is of %s, for %s", c.Created, c.Platform())
	}
	want := v1.Config{
		User: "65532:65532", Entrypoint: []string{"/usr/bin/tiny"}, WorkingDir: "/work", Env: []string{"PATH=/usr/bin", "HOME=/home/tiphys"},
		ExposedPorts: map[string]struct{}{"8080/tcp": {}},
		Labels: map[string]string{
			"org.opencontainers.image.title": "tiny", "org.opencontainers.image.description": "Something to release", "org.opencontainers.image.version": "v1.0.0",
			"org.opencontainers.image.revision": r.Commit, "org.opencontainers.image.created": r.Date, "org.opencontainers.image.source": "https://git.example.com/tiny",
			"org.opencontainers.image.url": "https://git.example.com/tiny", "org.opencontainers.image.licenses": "Apache-2.0", "org.opencontainers.image.vendor": "Tiny",
		},
	}
	if diff := cmp.Diff(want, c.Config); diff != "" {
		t.Errorf("the config differs (-want +got)\n%s", diff)
	}
}

// checkRun runs the program in what the image holds, and in nothing else: as root, in a
// root of its own and as the user of the image.
func checkRun(t *testing.T, img v1.Image) {
	dir := extract(t, img)
	c := exec.Command(filepath.Join(dir, "usr/bin/tiny"))
	c.Env = []string{"HOME=/home/tiphys"}
	if os.Getuid() != 0 {
		t.Skip("to change the root needs root")
	}
	c.Path, c.Args, c.Dir = "/usr/bin/tiny", []string{"tiny"}, "/work"
	c.SysProcAttr = &syscall.SysProcAttr{Chroot: dir, Credential: &syscall.Credential{Uid: 65532, Gid: 65532}}
	out, err := c.CombinedOutput()
	if want := "tiny v1.0.0 true\nuser 65532 65532\ntemp <nil>\nhome true\nwrite false\ntrust <nil>\n"; err != nil || string(out) != want {
		t.Errorf("it prints %s%v, want %s", out, err, want)
	}
}

func extract(t *testing.T, img v1.Image) string {
	t.Helper()
	dir := t.TempDir()
	all := mutate.Extract(img)
	defer all.Close()
	for r := tar.NewReader(all); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return dir
		} else if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, h.Name)
		if h.Typeflag == tar.TypeDir {
			err = os.MkdirAll(path, 0o755)
		} else {
			var b []byte
			if b, err = io.ReadAll(r); err == nil {
				os.MkdirAll(filepath.Dir(path), 0o755)
				err = os.WriteFile(path, b, 0o644)
			}
		}
		if err = errors.Join(err, os.Chmod(path, fs.FileMode(h.Mode&0o777)|sticky(h.Mode))); err != nil {
			t.Fatal(err)
		}
		if os.Getuid() == 0 {
			if err := os.Chown(path, h.Uid, h.Gid); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func sticky(mode int64) fs.FileMode {
	if mode&0o1000 != 0 {
		return fs.ModeSticky
	}
	return 0
}

// checkChart has helm take the chart from the registry, and pins its image.
func checkChart(t *testing.T, helm, chart, folder string, r *dist.Release) {
	run := func(args ...string) string {
		t.Helper()
		c := exec.Command(helm, args...)
		home := t.TempDir()
		c.Env = append(os.Environ(), "HOME="+home, "HELM_CACHE_HOME="+home, "HELM_CONFIG_HOME="+home, "HELM_DATA_HOME="+home)
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("helm %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	if out := run("show", "chart", chart, "--version", "1.0.0", "--plain-http"); !strings.Contains(out, r.Charts[0].Digest) && !strings.Contains(out, "appVersion: 1.0.0") {
		t.Errorf("helm shows %s", out)
	}
	out := run("template", "a", chart, "--version", "1.0.0", "--plain-http")
	if !strings.Contains(out, "image: registry.example.com/tiny:1.0.0\n") || !strings.Contains(out, "name: a-tiny") {
		t.Errorf("helm makes %s", out)
	}
	out = run("template", "a", filepath.Join(folder, "tiny-1.0.0.tgz"), "-f", filepath.Join(folder, "tiny-1.0.0-digests.yaml"))
	if !strings.Contains(out, "image: registry.example.com/tiny@"+r.Images[0].Digest+"\n") {
		t.Errorf("helm makes %s", out)
	}
}

func TestRefusals(t *testing.T) {
	dir := tiny.Repository(t)
	s, err := dist.Find(dir, "v0.0.0-try")
	if err != nil {
		t.Fatal(err)
	}
	p := tiny.Project
	p.Programs, p.Pinned = []dist.Program{{Name: "tiny"}}, "" // nothing is compiled: this is about the rest
	folder := filepath.Join(dir, "dist")
	if _, err := dist.Build(t.Context(), p, dist.Options{Source: s, Out: folder, Log: io.Discard}); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	err = publish.All(t.Context(), publish.Options{Dist: folder, Registry: host, Log: io.Discard})
	if err == nil || err.Error() != "publish v0.0.0-try: it is a trial and no release; build one of a tag, or say -trial" {
		t.Errorf("a trial: %v", err)
	}
	if err := publish.All(t.Context(), publish.Options{Dist: folder, Registry: host, Trial: true, Log: io.Discard}); err != nil {
		t.Errorf("a trial that is meant: %v", err)
	}
	if err := publish.All(t.Context(), publish.Options{Dist: t.TempDir(), Registry: host, Log: io.Discard}); err == nil || !strings.Contains(err.Error(), "which make release finishes with SHA256SUMS") {
		t.Errorf("no release: %v", err)
	}
}
