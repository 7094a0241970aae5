package source_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/source"
)

// serveTLS serves over HTTPS, and returns what trusts that.
func serveTLS(t testing.TB, h http.Handler) (*httptest.Server, source.Options) {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s, source.Options{Credentials: map[string][]byte{
		"ca.crt": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}),
	}}
}

func ofHelm(url, within string) v1alpha1.Source {
	return v1alpha1.Source{Helm: &v1alpha1.HelmSource{URL: url, Chart: "etl", Version: within}}
}

// helmRepo makes a repository as helm does.
func helmRepo(t testing.TB, versions ...string) string {
	t.Helper()
	helm, to := newHelm(t), t.TempDir()
	for _, v := range versions {
		helm.run("package", chart(t, v, "a: 1\n"), "-d", to)
	}
	helm.run("repo", "index", to)
	return to
}

func TestHelmRepository(t *testing.T) {
	tidy(t)
	to := helmRepo(t, "1.0.0", "1.10.0", "1.9.0", "2.0.0-rc.1")
	var archives atomic.Int32
	s, o := serveTLS(t, answer(func(_ http.ResponseWriter, q *http.Request) bool {
		if strings.HasSuffix(q.URL.Path, ".tgz") {
			archives.Add(1)
		}
		return false
	})(http.FileServer(http.Dir(to))))
	text, err := os.ReadFile(filepath.Join(to, "etl-1.10.0.tgz"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(text)
	found := poll(t, ofHelm(s.URL, ""), "", o)
	if found.Revision != "1.10.0@sha256:"+hex.EncodeToString(sum[:]) || found.URL != s.URL {
		t.Errorf("found %+v", found)
	}
	sameFiles(t, found.Package, chart(t, "1.10.0", "a: 1\n"))
	if again := poll(t, ofHelm(s.URL+"/", "*"), found.Revision, o); again.Package != nil || archives.Load() != 1 {
		t.Error("fetched again")
	}
	if got := poll(t, ofHelm(s.URL, "~1.9"), "", o); got.Package.Version != "1.9.0" {
		t.Errorf("found %s", got.Package.Version)
	}
	src := ofHelm(s.URL, "")
	src.Helm.Chart = "elt"
	rejects(t, src, o, `the repository has no chart "elt"; did you mean "etl"?`)
	rejects(t, ofHelm(s.URL, ">3"), o, `no version is in the range ">3"`)
	rejects(t, ofHelm(s.URL+"/nowhere", ""), o, "there is nothing at this URL")
	rejects(t, ofHelm("https://ada:s3cr3t@example.com", ""), o, "the URL of the Helm repository holds credentials")
	refuses(t, ofHelm(s.URL, ""), source.Options{}, "certificate")
}

// index is an index.yaml of one version.
func index(url, digest string) string {
	return fmt.Sprintf("apiVersion: v1\nentries:\n  etl:\n  - version: 1.0.0\n    urls: [%q]\n    digest: %q\n", url, digest)
}

// Credentials go to the host of the repository, and to no other one.
func TestHelmLogin(t *testing.T) {
	tidy(t)
	to := helmRepo(t, "1.0.0")
	var leaked atomic.Bool
	release, _ := serveTLS(t, answer(func(_ http.ResponseWriter, q *http.Request) bool {
		if q.Header.Get("Authorization") != "" {
			leaked.Store(true)
		}
		return false
	})(http.FileServer(http.Dir(to))))
	var where string
	s, o := serveTLS(t, guard("ada", "s3cr3t")(answer(func(w http.ResponseWriter, q *http.Request) bool {
		switch {
		case strings.HasSuffix(q.URL.Path, "/index.yaml"):
			_, _ = io.WriteString(w, index(where, ""))
		case strings.HasPrefix(q.URL.Path, "/moved/"):
			http.Redirect(w, q, release.URL+"/etl-1.0.0.tgz", http.StatusFound)
		default:
			return false
		}
		return true
	})(http.FileServer(http.Dir(to)))))
	refuses(t, ofHelm(s.URL, ""), o, "wants credentials, and is given none")
	o.Credentials["username"], o.Credentials["password"] = []byte("ada"), []byte("wr0ng")
	refuses(t, ofHelm(s.URL, ""), o, "does not let these credentials in")
	o.Credentials["password"] = []byte("s3cr3t")
	for _, where = range []string{"etl-1.0.0.tgz", s.URL + "/etl-1.0.0.tgz", release.URL + "/etl-1.0.0.tgz", s.URL + "/moved/x"} {
		if found := poll(t, ofHelm(s.URL, ""), "", o); found.Package == nil {
			t.Errorf("nothing is found at %s", where)
		}
	}
	if leaked.Load() {
		t.Error("another host got the credentials")
	}
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	rejects(t, ofHelm(plain.URL, ""), o, "http would send the credentials in the clear: write https://")
}

func TestHelmFaults(t *testing.T) {
	tidy(t)
	good := tgz(t, entry{name: "etl/Chart.yaml", text: "apiVersion: v2\nname: etl\nversion: 1.0.0\n"})
	sum := sha256.Sum256(good)
	digest := hex.EncodeToString(sum[:])
	var list string
	s, o := serveTLS(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		switch q.URL.Path {
		case "/index.yaml":
			_, _ = io.WriteString(w, list)
		case "/good.tgz":
			_, _ = w.Write(good)
		case "/evil.tgz":
			_, _ = w.Write(tgz(t, entry{name: "../x", text: "x"}))
		case "/cut.tgz":
			w.Header().Set("Content-Length", fmt.Sprint(len(good)))
			_, _ = w.Write(good[:10])
		case "/broken.tgz":
			w.WriteHeader(http.StatusBadGateway)
		case "/down.tgz":
			http.Redirect(w, q, "http://"+q.Host+"/good.tgz", http.StatusFound)
		default:
			http.NotFound(w, q)
		}
	}))
	list = index("good.tgz", digest)
	poll(t, ofHelm(s.URL, ""), "", o)
	for want, c := range map[string]struct {
		list    string
		content bool
	}{
		"no index.yaml that helm repo index writes":              {"a: [", true},
		"it has no apiVersion":                                   {"a: 1\n", true},
		"it is no text":                                          {"\xff\xfe", true},
		"has more than the 32 MiB that are read":                 {strings.Repeat("#", 33<<20), true},
		"the index names no URL":                                 {"apiVersion: v1\nentries:\n  etl:\n  - version: 1.0.0\n", true},
		"is kept in an OCI registry: make oci://example.com/etl": {index("oci://example.com/etl", digest), true},
		"is no URL of a web server":                              {index("file:///etc/passwd", digest), true},
		"the index has no digest of it":                          {index("http://example.com/x.tgz", ""), true},
		"there is nothing at this URL":                           {index("none.tgz", digest), true},
		"would lead out of its folder":                           {index("evil.tgz", ""), true},
		"and the index says " + strings.Repeat("0", 64):          {index("good.tgz", strings.Repeat("0", 64)), false},
		"breaks off in the middle":                               {index("cut.tgz", digest), false},
		"answers 502 Bad Gateway":                                {index("broken.tgz", digest), false},
		"from https to http":                                     {index("down.tgz", digest), false},
		"there is no version yet":                                {"apiVersion: v1\nentries:\n  etl:\n  - version: 1.0.0\n    removed: true\n", true},
	} {
		list = c.list
		if c.content {
			rejects(t, ofHelm(s.URL, ""), o, want)
		} else {
			refuses(t, ofHelm(s.URL, ""), o, want)
		}
	}
}
