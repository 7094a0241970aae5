package oci_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/registry"

	"github.com/tiphys-dev/tiphys/packaging/bundle"
	"github.com/tiphys-dev/tiphys/packaging/bundle/oci"
	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/packaging/render"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

var plain = oci.Options{PlainHTTP: true}

// serve starts a registry, with whatever a test puts before it, and returns its
// host. No credentials of whoever runs the test are used.
func serve(t testing.TB, before ...func(http.Handler) http.Handler) string {
	t.Helper()
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	t.Setenv("HELM_REGISTRY_CONFIG", filepath.Join(t.TempDir(), "none.json"))
	h := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	for _, b := range before {
		h = b(h)
	}
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// pack makes a package and its archive; values make it differ from others.
func pack(t testing.TB, version, values string) (*bundle.Package, []byte) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"charts/etl/Chart.yaml":             "apiVersion: v2\nname: etl\nversion: " + version + "\n",
		"charts/etl/values.yaml":            values,
		"environments/prod/values.yaml":     "a: 2\n",
		"environments/dev/environment.yaml": "namespace: dev\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	chart := filepath.Join(dir, "charts", "etl")
	set, err := environment.Open(chart)
	if err != nil {
		t.Fatal(err)
	}
	c, err := render.Load(chart)
	if err != nil {
		t.Fatal(err)
	}
	p, findings, err := bundle.New(set, c)
	if err != nil || len(findings) > 0 {
		t.Fatal(err, findings)
	}
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	return p, b.Bytes()
}

func parse(t testing.TB, text string) oci.Reference {
	t.Helper()
	r, err := oci.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func push(t testing.TB, ref string, version, values string) (*bundle.Package, *oci.Pushed) {
	t.Helper()
	p, archive := pack(t, version, values)
	done, err := oci.Push(t.Context(), parse(t, ref), p, archive, plain)
	if err != nil {
		t.Fatal(err)
	}
	return p, done
}

func TestPushAndPull(t *testing.T) {
	name := "oci://" + serve(t) + "/data/etl"
	p, done := push(t, name, "1.2.3+4", "a: 1\n")
	if got := done.Reference.String(); got != name+":1.2.3_4" || done.Moved != "" {
		t.Errorf("pushed to %s, moved %q", got, done.Moved)
	}
	for _, ref := range []string{name, name + ":1.2.3_4", name + "@" + done.Manifest} {
		got, archive, found, err := oci.Pull(t.Context(), parse(t, ref), plain)
		if err != nil {
			t.Fatal(err)
		}
		_, want := pack(t, "1.2.3+4", "a: 1\n")
		if got.Digest() != p.Digest() || found.Digest != p.Digest() || found.Manifest != done.Manifest || !bytes.Equal(archive, want) {
			t.Errorf("pulled %s, want %s", got.Digest(), p.Digest())
		}
	}
	found, err := oci.Resolve(t.Context(), parse(t, name+":1.2.3_4"), plain)
	if err != nil {
		t.Fatal(err)
	}
	if found.Digest != p.Digest() || found.Contents.Version != "1.2.3+4" {
		t.Errorf("resolved %+v", found)
	}
}

// Two machines make one manifest of one package, and a tag that moves is seen.
func TestManifestIsReproducible(t *testing.T) {
	host := serve(t)
	first, a := push(t, "oci://"+host+"/one/etl", "1.0.0", "a: 1\n")
	_, b := push(t, "oci://"+host+"/two/etl:latest", "1.0.0", "a: 1\n")
	if a.Manifest != b.Manifest {
		t.Errorf("manifests %s and %s", a.Manifest, b.Manifest)
	}
	if _, c := push(t, "oci://"+host+"/one/etl", "1.0.0", "a: 1\n"); c.Moved != "" || c.Manifest != a.Manifest {
		t.Errorf("pushed again it is %+v", c)
	}
	if _, c := push(t, "oci://"+host+"/one/etl", "1.0.0", "a: 2\n"); c.Moved != first.Digest() || c.Manifest == a.Manifest {
		t.Errorf("pushed over it is %+v", c)
	}
	// The first is still there under its digest.
	if got, err := oci.Resolve(t.Context(), parse(t, "oci://"+host+"/one/etl@"+a.Manifest), plain); err != nil || got.Digest != first.Digest() {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestManifest(t *testing.T) {
	host := serve(t)
	p, done := push(t, "oci://"+host+"/etl", "1.0.0", "a: 1\n")
	resp, err := http.Get("http://" + host + "/v2/etl/manifests/1.0.0")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		MediaType, ArtifactType string
		Config                  struct{ MediaType, Digest string }
		Layers                  []struct{ MediaType string }
		Annotations             map[string]string
	}
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(text)
	if done.Manifest != "sha256:"+hex.EncodeToString(sum[:]) || m.Config.Digest != p.Digest() || m.ArtifactType != oci.ArtifactType {
		t.Errorf("%s: %s", done.Manifest, text)
	}
	want := map[string]string{
		"org.opencontainers.image.title": "etl", "org.opencontainers.image.version": "1.0.0",
		"dev.tiphys.package.digest": p.Digest(), "dev.tiphys.package.environments": "dev,prod",
	}
	if diff := cmp.Diff(want, m.Annotations); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestNotFound(t *testing.T) {
	host := serve(t)
	name := "oci://" + host + "/data/etl"
	push(t, name, "1.0.0", "a: 1\n")
	push(t, name, "1.1.0", "a: 2\n")
	for ref, want := range map[string]string{
		name + ":1.1.1": `there is no tag "1.1.1"; did you mean "1.1.0"?; the tags are 1.0.0, 1.1.0`,
		name:            "say which tag: the tags are 1.0.0, 1.1.0",
		name + "@sha256:" + strings.Repeat("0", 64): "there is no manifest with this digest",
		"oci://" + host + "/data/elt:1.0.0":         `registry ` + host + ` has no repository "data/elt"`,
	} {
		_, _, _, err := oci.Pull(t.Context(), parse(t, ref), plain)
		if err == nil || !errors.Is(err, oci.ErrNotFound) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v\nwant %q", ref, err, want)
		}
	}
}

// put stores a manifest, with a config of two bytes, as other programs do.
func put(t *testing.T, host, tag, mediaType, manifest string) {
	t.Helper()
	sum := sha256.Sum256([]byte("{}"))
	digest := "sha256:" + hex.EncodeToString(sum[:])
	for url, body := range map[string]struct{ method, kind, text string }{
		"/v2/etl/blobs/uploads/?digest=" + digest: {http.MethodPost, "application/octet-stream", "{}"},
	} {
		send(t, body.method, "http://"+host+url, body.kind, body.text)
	}
	send(t, http.MethodPut, "http://"+host+"/v2/etl/manifests/"+tag, mediaType, strings.ReplaceAll(manifest, "DIGEST", digest))
}

func send(t *testing.T, method, url, kind, text string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		body, _ := io.ReadAll(resp.Body)
		t.Fatalf("%s %s: %s %s", method, url, resp.Status, body)
	}
}

func TestOtherArtifacts(t *testing.T) {
	const manifest = "application/vnd.oci.image.manifest.v1+json"
	config := func(kind, more string) string {
		return `{"schemaVersion": 2, "mediaType": "` + manifest + `",` + more + `"layers": [],` +
			`"config": {"mediaType": "` + kind + `", "size": 2, "digest": "DIGEST"}}`
	}
	host := serve(t)
	for tag, c := range map[string]struct{ mediaType, text, want string }{
		"chart": {manifest, config("application/vnd.cncf.helm.config.v1+json", ""), "this is no package of tiphys: it is a Helm chart; fetch it with helm pull"},
		"image": {manifest, config("application/vnd.oci.image.config.v1+json", ""), "it is a container image"},
		"other": {manifest, config("application/vnd.oci.empty.v1+json", `"artifactType": "application/vnd.example",`), `it is an artifact of type "application/vnd.example"`},
		"typed": {manifest, config("application/vnd.oci.empty.v1+json", `"artifactType": "`+oci.ArtifactType+`",`), "made in another way"},
		"index": {"application/vnd.oci.image.index.v1+json", `{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}`, "it is a list of images"},
	} {
		put(t, host, tag, c.mediaType, c.text)
		ref := parse(t, "oci://"+host+"/etl:"+tag)
		_, _, _, err := oci.Pull(t.Context(), ref, plain)
		if err == nil || !errors.Is(err, bundle.ErrNoPackage) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\nwant %q", tag, err, c.want)
		}
		p, archive := pack(t, "1.0.0", "a: 1\n")
		if _, err := oci.Push(t.Context(), ref, p, archive, plain); err == nil || !strings.Contains(err.Error(), "the tag is taken") {
			t.Errorf("%s is pushed over: %v", tag, err)
		}
	}
}

// A chart that the real helm pushed is no package, and a package is no chart.
func TestHelm(t *testing.T) {
	host, dir := serve(t), t.TempDir()
	helm := func(args ...string) (string, error) {
		c := exec.CommandContext(t.Context(), testbin.Helm3(t), args...)
		c.Dir, c.Env = dir, append(os.Environ(), "HELM_CONFIG_HOME="+dir, "HELM_CACHE_HOME="+dir, "HELM_DATA_HOME="+dir)
		out, err := c.CombinedOutput()
		return string(out), err
	}
	if err := os.WriteFile(filepath.Join(dir, "Chart.yaml"), []byte("apiVersion: v2\nname: etl\nversion: 1.0.0\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"package", "."}, {"push", "etl-1.0.0.tgz", "oci://" + host + "/charts", "--plain-http"}} {
		if out, err := helm(args...); err != nil {
			t.Fatalf("helm %v: %v\n%s", args, err, out)
		}
	}
	want := "it is a Helm chart; fetch it with helm pull"
	if _, _, _, err := oci.Pull(t.Context(), parse(t, "oci://"+host+"/charts/etl:1.0.0"), plain); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v\nwant %q", err, want)
	}
	if _, err := bundle.Open(filepath.Join(dir, "etl-1.0.0.tgz")); err == nil || !strings.Contains(err.Error(), "it is a chart that helm packaged") {
		t.Errorf("opened: %v", err)
	}
	push(t, "oci://"+host+"/packages/etl", "1.0.0", "a: 1\n")
	if out, err := helm("pull", "oci://"+host+"/packages/etl", "--version", "1.0.0", "--plain-http"); err == nil {
		t.Errorf("helm pulls a package: %s", out)
	}
}

// answer changes what the registry answers to some requests.
func answer(change func(w http.ResponseWriter, r *http.Request) bool) func(http.Handler) http.Handler {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !change(w, r) {
				h.ServeHTTP(w, r)
			}
		})
	}
}

// A registry that gives other bytes, or breaks off, is not believed.
func TestTampering(t *testing.T) {
	p, archive := pack(t, "1.0.0", "a: 1\n")
	_, other := pack(t, "1.0.0", "a: 3\n")
	for name, c := range map[string]struct {
		body func() []byte
		size int
		want string
	}{
		"other bytes":    {func() []byte { b := bytes.Clone(archive); b[100] ^= 1; return b }, len(archive), "gives other bytes than those of sha256:"},
		"another one":    {func() []byte { b := make([]byte, len(archive)); copy(b, other); return b }, len(archive), "gives other bytes than those of sha256:"},
		"half of it":     {func() []byte { return archive[:len(archive)/2] }, len(archive), "breaks off in the middle"},
		"more than that": {func() []byte { return append(bytes.Clone(archive), 'x') }, len(archive) + 1, "mismatch Content-Length"},
	} {
		t.Run(name, func(t *testing.T) {
			sum := sha256.Sum256(archive)
			host := serve(t, answer(func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, hex.EncodeToString(sum[:])) {
					return false
				}
				w.Header().Set("Content-Length", fmt.Sprint(c.size))
				w.Write(c.body()) //nolint:errcheck // a client that has gone is no matter
				return true
			}))
			ref := parse(t, "oci://"+host+"/etl")
			if _, err := oci.Push(t.Context(), ref, p, archive, plain); err != nil {
				t.Fatal(err)
			}
			_, _, _, err := oci.Pull(t.Context(), ref, plain)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v\nwant %q", err, c.want)
			}
		})
	}
}

func TestCredentials(t *testing.T) {
	guard := answer(func(w http.ResponseWriter, r *http.Request) bool {
		if user, password, ok := r.BasicAuth(); ok && user == "data" && password == "right" {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	})
	host := serve(t, guard)
	config := filepath.Join(t.TempDir(), "config.json")
	t.Setenv("HELM_REGISTRY_CONFIG", config)
	p, archive := pack(t, "1.0.0", "a: 1\n")
	login := func(auth string) {
		if err := os.WriteFile(config, []byte(`{"auths": {"`+host+`": {"auth": "`+auth+`"}}}`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ref := parse(t, "oci://"+host+"/etl")
	for _, c := range []struct{ auth, want string }{
		{"", "wants credentials for etl, and there are none: log in with: docker login " + host},
		{"ZGF0YTp3cm9uZw==", "does not let these credentials use etl"},
		{"ZGF0YTpyaWdodA==", ""},
	} {
		if c.auth != "" {
			login(c.auth)
		}
		_, err := oci.Push(t.Context(), ref, p, archive, plain)
		if got := fmt.Sprint(err); (c.want == "") != (err == nil) || !strings.Contains(got, c.want) || strings.Contains(got, "wrong") {
			t.Errorf("%q: %v\nwant %q", c.auth, err, c.want)
		}
	}
	if err := os.WriteFile(config, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := oci.Resolve(t.Context(), ref, plain); err == nil || !strings.Contains(err.Error(), "read credentials of helm") {
		t.Errorf("junk: %v", err)
	}
}

func TestUnreachable(t *testing.T) {
	host := serve(t)
	gone := httptest.NewServer(nil)
	gone.Close()
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secure.Close)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	broken := serve(t, answer(func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusTeapot)
		return true
	}))
	for name, c := range map[string]struct {
		host string
		o    oci.Options
		want string
	}{
		"nobody there":    {strings.TrimPrefix(gone.URL, "http://"), plain, "connection refused"},
		"TLS to HTTP":     {host, oci.Options{}, "speaks plain HTTP: say --plain-http"},
		"HTTP to TLS":     {strings.TrimPrefix(secure.URL, "https://"), plain, "does not understand plain HTTP: leave out --plain-http"},
		"unknown CA":      {strings.TrimPrefix(secure.URL, "https://"), oci.Options{}, "certificate"},
		"a broken answer": {broken, plain, "answers 418 to GET: I'm a teapot"},
	} {
		_, err := oci.Resolve(t.Context(), parse(t, "oci://"+c.host+"/etl:1.0.0"), c.o)
		if err == nil || !strings.Contains(err.Error(), c.want) || errors.Is(err, oci.ErrNotFound) {
			t.Errorf("%s: %v\nwant %q", name, err, c.want)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("no time left")
	cancel(why)
	if _, err := oci.Resolve(ctx, parse(t, "oci://"+host+"/etl:1.0.0"), plain); !errors.Is(err, why) {
		t.Errorf("called off: %v", err)
	}
}

func TestParse(t *testing.T) {
	digest := "sha256:" + strings.Repeat("a", 64)
	for text, want := range map[string]string{
		"oci://localhost:5000/etl":        "",
		"oci://example.com/a/b:1.0":       "",
		"oci://example.com/b@" + digest:   "",
		"example.com/b":                   "is no reference: write oci://HOST/REPOSITORY:TAG",
		"oci://example.com":               "is no reference",
		"oci://example.com/":              "is no reference",
		"oci://example.com/B":             "in lower case",
		"oci://example.com/b:1+2":         "is no reference",
		"oci://example.com/b:a@" + digest: "names a tag and a digest",
		"oci://example.com/b@sha256:12":   "is no reference",
		"https://example.com/b":           "is no reference",
	} {
		r, err := oci.Parse(text)
		switch {
		case want == "" && (err != nil || r.String() != text):
			t.Errorf("%s is read as %s, %v", text, r, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v\nwant %q", text, err, want)
		}
	}
}
