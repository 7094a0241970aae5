package source_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/packaging/bundle"
	"github.com/tiphys-dev/tiphys/packaging/bundle/oci"
	"github.com/tiphys-dev/tiphys/promotion/source"
)

// serveOCI starts a registry, with whatever a test puts before it.
func serveOCI(t testing.TB, before ...func(http.Handler) http.Handler) string {
	t.Helper()
	h := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	for _, b := range before {
		h = b(h)
	}
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// pushOCI pushes the package of a chart as a tag.
func pushOCI(t testing.TB, host, tag, dir string) *oci.Pushed {
	t.Helper()
	text := packed(t, dir)
	p, err := bundle.Read(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	ref := oci.Reference{Registry: host, Repository: "data/etl", Tag: tag}
	done, err := oci.Push(t.Context(), ref, p, text, oci.Options{PlainHTTP: true, Login: func(string) oci.Login { return oci.Login{} }})
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func ofOCI(host, within string) v1alpha1.Source {
	return v1alpha1.Source{OCI: &v1alpha1.OCISource{URL: "oci://" + host + "/data/etl", Version: within, PlainHTTP: true}}
}

func TestPackageOfRegistry(t *testing.T) {
	tidy(t)
	var blobs atomic.Int32
	before := runtime.NumGoroutine()
	host := serveOCI(t, answer(func(_ http.ResponseWriter, q *http.Request) bool {
		if q.Method == http.MethodGet && strings.Contains(q.URL.Path, "/blobs/") {
			blobs.Add(1)
		}
		return false
	}))
	pushed := map[string]string{}
	for _, tag := range []string{"1.0.0", "1.10.0", "1.9.0", "2.0.0-rc.1", "latest", "1.2", "1.10.0_b", "1.10.0_a", "v0.1.0"} {
		version := strings.ReplaceAll(strings.TrimPrefix(tag, "v"), "_", "+")
		if tag == "latest" || tag == "1.2" {
			version = "9.9.9"
		}
		pushed[tag] = pushOCI(t, host, tag, chart(t, version, "a: 1\n")).Manifest
	}
	for within, want := range map[string]string{
		"": "1.10.0_b", "*": "1.10.0_b", ">=1.0.0 <1.10": "1.9.0", ">=2.0.0-0": "2.0.0-rc.1", "<1": "v0.1.0", "1.0.0": "1.0.0",
	} {
		found := poll(t, ofOCI(host, within), "", source.Options{})
		if found.Revision != pushed[want] || found.Package == nil || found.URL != "oci://"+host+"/data/etl:"+want {
			t.Errorf("%q is %s %s, want %s", within, found.URL, found.Revision, want)
		}
	}
	got := blobs.Load()
	if again := poll(t, ofOCI(host, "*"), pushed["1.10.0_b"], source.Options{}); again.Package != nil || blobs.Load() != got {
		t.Error("known, it is fetched")
	}
	for within, want := range map[string]string{
		">=3":      `no version is in the range ">=3"; the highest one is 2.0.0-rc.1, a pre-release, which counts only in a range that names one`,
		">=3.0-0":  `no version is in the range ">=3.0-0"; the highest one is 2.0.0-rc.1`,
		"nonsense": `the version "nonsense" is no range: write one like ">=1.2.0 <2"`,
	} {
		rejects(t, ofOCI(host, within), source.Options{}, want)
	}
	settled(t, before+10) // those of the server, which keeps some connections
}

func TestRegistryRefuses(t *testing.T) {
	host := serveOCI(t)
	pushOCI(t, host, "latest", chart(t, "1.0.0", "a: 1\n"))
	rejects(t, ofOCI(host, ""), source.Options{}, "there is no version: of 1 tags, none is one like 1.2.3")
	s := ofOCI(host, "")
	for url, want := range map[string]string{
		"oci://" + host + "/data/elt":            `has no repository "data/elt"`,
		"oci://" + host + "/data/etl:1.0.0":      "names a tag or a digest: leave that out",
		"oci://ada:s3cr3t@" + host + "/data/etl": "the URL of the source holds credentials",
		"oci://" + host + "/Data":                "is no reference",
	} {
		s.OCI.URL = url
		if got := rejects(t, s, source.Options{}, want); strings.Contains(got.Error(), "s3cr3t") {
			t.Errorf("the message shows a password: %v", got)
		}
	}
	s.OCI.URL = "oci://" + host + "/data/etl"
	rejects(t, s, source.Options{Credentials: map[string][]byte{"username": []byte("ada"), "password": []byte("s3cr3t")}}, "plainHTTP would send the credentials in the clear")
	s.OCI.PlainHTTP = false
	refuses(t, s, source.Options{}, "speaks plain HTTP: say plainHTTP, if that is meant")
	gone := httptest.NewServer(nil)
	gone.Close()
	refuses(t, ofOCI(strings.TrimPrefix(gone.URL, "http://"), ""), source.Options{}, "connection refused")
}

// The Secret counts, and no login of this machine.
func TestRegistryLogin(t *testing.T) {
	tidy(t)
	h := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	s := httptest.NewTLSServer(guard("ada", "s3cr3t")(h))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(s.Close)
	host := strings.TrimPrefix(s.URL, "https://")
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	text := packed(t, chart(t, "1.0.0", "a: 1\n"))
	p, err := bundle.Read(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	push := oci.Options{Transport: s.Client().Transport, Login: func(string) oci.Login { return oci.Login{Username: "ada", Password: "s3cr3t"} }}
	if _, err := oci.Push(t.Context(), oci.Reference{Registry: host, Repository: "data/etl"}, p, text, push); err != nil {
		t.Fatal(err)
	}
	auth := base64.StdEncoding.EncodeToString([]byte("ada:s3cr3t"))
	config := []byte(`{"auths": {"` + host + `": {"auth": "` + auth + `"}}}`)
	file := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HELM_REGISTRY_CONFIG", file)
	t.Setenv("DOCKER_CONFIG", filepath.Dir(file))
	src := v1alpha1.Source{OCI: &v1alpha1.OCISource{URL: "oci://" + host + "/data/etl"}}
	for name, c := range map[string]struct {
		with map[string]string
		want string
	}{
		"nobody":                {nil, "wants credentials for data/etl, and is given none"},
		"username and password": {map[string]string{"username": "ada", "password": "s3cr3t"}, ""},
		"a wrong password":      {map[string]string{"username": "ada", "password": "wr0ng"}, "does not let the credentials that it is given use data/etl"},
		"docker's auth":         {map[string]string{".dockerconfigjson": string(config)}, ""},
		"docker's URL":          {map[string]string{".dockerconfigjson": `{"auths": {"https://` + host + `/v1/": {"username": "ada", "password": "s3cr3t"}}}`}, ""},
		"docker's other host":   {map[string]string{".dockerconfigjson": `{"auths": {"example.com": {"username": "ada", "password": "s3cr3t"}}}`}, "is given none"},
		"no JSON":               {map[string]string{".dockerconfigjson": "s3cr3t"}, "is no JSON"},
		"no base64":             {map[string]string{".dockerconfigjson": `{"auths": {"` + host + `": {"auth": "s3cr3t"}}}`}, "is not USERNAME:PASSWORD in base64"},
	} {
		t.Run(name, func(t *testing.T) {
			o := source.Options{Credentials: map[string][]byte{"ca.crt": ca}}
			for k, v := range c.with {
				o.Credentials[k] = []byte(v)
			}
			if c.want == "" {
				if found := poll(t, src, "", o); found.Package == nil || found.Package.Digest() != p.Digest() {
					t.Errorf("found %+v", found)
				}
				return
			}
			if err := refuses(t, src, o, c.want); strings.Contains(err.Error(), "s3cr3t") || strings.Contains(err.Error(), "wr0ng") {
				t.Errorf("the message shows a password: %v", err)
			}
		})
	}
}

// What helm pushes is packaged as what tiphys package makes of the folder.
func TestChartOfRegistry(t *testing.T) {
	tidy(t)
	host, helm := serveOCI(t), newHelm(t)
	dir, to := chart(t, "1.2.3+4", "a: 1\n"), t.TempDir()
	helm.run("package", dir, "-d", to)
	helm.run("push", filepath.Join(to, "etl-1.2.3+4.tgz"), "oci://"+host+"/data", "--plain-http")
	found := poll(t, ofOCI(host, ""), "", source.Options{})
	if found.URL != "oci://"+host+"/data/etl:1.2.3_4" {
		t.Errorf("found at %s", found.URL)
	}
	sameFiles(t, found.Package, dir)
	if again := poll(t, ofOCI(host, ""), found.Revision, source.Options{}); again.Package != nil {
		t.Error("fetched again")
	}
}

// sameFiles compares a package with that of a folder, but for Chart.yaml, which
// helm package writes anew.
func sameFiles(t testing.TB, p *bundle.Package, dir string) {
	t.Helper()
	want, err := bundle.Read(bytes.NewReader(packed(t, dir)))
	if err != nil {
		t.Fatal(err)
	}
	list := func(p *bundle.Package) string {
		var b strings.Builder
		for _, f := range p.Files {
			if !strings.HasSuffix(f.Path, "/Chart.yaml") {
				fmt.Fprintln(&b, f)
			}
		}
		return fmt.Sprint(p.Name, p.Version, p.Environments, b.String())
	}
	if list(p) != list(want) {
		t.Errorf("packaged\n%s\nwant\n%s", list(p), list(want))
	}
}

// putChart pushes any bytes as what helm pushes, and returns the digest of the
// manifest.
func putChart(t testing.TB, host string, archive []byte, annotations map[string]string) string {
	t.Helper()
	digest := func(b []byte) string { sum := sha256.Sum256(b); return "sha256:" + hex.EncodeToString(sum[:]) }
	send := func(method, path, kind string, body []byte) {
		q, err := http.NewRequestWithContext(t.Context(), method, "http://"+host+path, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Content-Type", kind)
		resp, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode/100 != 2 {
			t.Fatal(resp.Status)
		}
	}
	config := []byte("{}")
	for _, b := range [][]byte{config, archive} {
		send(http.MethodPost, "/v2/data/etl/blobs/uploads/?digest="+digest(b), "application/octet-stream", b)
	}
	m, err := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "annotations": annotations,
		"config": map[string]any{"mediaType": "application/vnd.cncf.helm.config.v1+json", "size": len(config), "digest": digest(config)},
		"layers": []any{map[string]any{"mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip", "size": len(archive), "digest": digest(archive)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	send(http.MethodPut, "/v2/data/etl/manifests/1.0.0", "application/vnd.oci.image.manifest.v1+json", m)
	return digest(m)
}

func TestHostileCharts(t *testing.T) {
	tidy(t)
	host := serveOCI(t)
	for want, archive := range hostile(t) {
		manifest := putChart(t, host, archive, nil)
		if got := rejects(t, ofOCI(host, ""), source.Options{}, want); got.Revision != manifest {
			t.Errorf("%s: rejected with revision %q", want, got.Revision)
		}
	}
	good := tgz(t, entry{name: "etl/Chart.yaml", text: "apiVersion: v2\nname: etl\nversion: 1.0.0\n"})
	putChart(t, host, good, map[string]string{"org.opencontainers.image.authors": "Ada\x1b[31m\nLovelace"})
	if found := poll(t, ofOCI(host, ""), "", source.Options{}); found.Author != "Ada [31m Lovelace" {
		t.Errorf("author %q", found.Author)
	}
}

func TestOtherArtifacts(t *testing.T) {
	host := serveOCI(t, answer(func(w http.ResponseWriter, q *http.Request) bool {
		if strings.HasSuffix(q.URL.Path, "/tags/list") {
			_, _ = io.WriteString(w, `{"name": "data/etl", "tags": ["1.0.0"]}`)
			return true
		}
		text := `{"schemaVersion": 2, "config": {"mediaType": "application/vnd.oci.image.config.v1+json"}}`
		sum := sha256.Sum256([]byte(text))
		w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
		w.Header().Set("Docker-Content-Digest", "sha256:"+hex.EncodeToString(sum[:]))
		w.Header().Set("Content-Length", fmt.Sprint(len(text)))
		if q.Method == http.MethodGet {
			_, _ = io.WriteString(w, text)
		}
		return true
	}))
	got := rejects(t, ofOCI(host, ""), source.Options{}, "it is a container image")
	if !errors.Is(got, bundle.ErrNoPackage) || got.Revision == "" {
		t.Errorf("%q: %v", got.Revision, got)
	}
}
