package source_test

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/source"
)

// https serves the repository as forges do, with whatever a test puts before.
func (r *repo) https(t testing.TB, before ...func(http.Handler) http.Handler) (*httptest.Server, source.Options) {
	return r.serve(t, httptest.NewUnstartedServer(nil), true, before)
}

func (r *repo) serve(t testing.TB, s *httptest.Server, secure bool, before []func(http.Handler) http.Handler) (*httptest.Server, source.Options) {
	t.Helper()
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	var h http.Handler = &cgi.Handler{
		Path: git, Args: []string{"http-backend"}, Stderr: io.Discard,
		Env: []string{"GIT_PROJECT_ROOT=" + filepath.Dir(r.bare), "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null"},
	}
	for _, b := range before {
		h = b(h)
	}
	s.Config.Handler, s.Config.ErrorLog = h, log.New(io.Discard, "", 0)
	o := source.Options{Credentials: map[string][]byte{}}
	if secure {
		s.StartTLS()
		o.Credentials["ca.crt"] = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s, o
}

// at is the chart of the repository at a server.
func at(s *httptest.Server) v1alpha1.Source {
	return v1alpha1.Source{Git: &v1alpha1.GitSource{URL: s.URL + "/bare.git", Path: "charts/etl"}}
}

// guard wants credentials.
func guard(user, password string) func(http.Handler) http.Handler {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if u, p, _ := r.BasicAuth(); u != user || p != password {
				w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
				http.Error(w, "who is "+r.Header.Get("Authorization")+" "+p+"?", http.StatusUnauthorized)
				return
			}
			h.ServeHTTP(w, r)
		})
	}
}

// answer puts something else in place of some answers.
func answer(change func(w http.ResponseWriter, r *http.Request) bool) func(http.Handler) http.Handler {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !change(w, r) {
				h.ServeHTTP(w, r)
			}
		})
	}
}

func TestHTTPS(t *testing.T) {
	tidy(t)
	r := newRepo(t, plain)
	var packs atomic.Int32
	s, o := r.https(t, answer(func(_ http.ResponseWriter, q *http.Request) bool {
		if q.Method == http.MethodPost {
			packs.Add(1)
		}
		return false
	}))
	found := poll(t, at(s), "", o)
	if !bytes.Equal(archive(t, found.Package), packed(t, filepath.Join(r.tree, "charts", "etl"))) {
		t.Error("it is another package than that of a clone")
	}
	if poll(t, at(s), found.Revision, o); packs.Load() != 1 {
		t.Errorf("fetched %d times", packs.Load())
	}
	// The authority of the Secret is needed.
	refuses(t, at(s), source.Options{}, "belongs into ca.crt in the Secret of the source")
	rejects(t, at(s), source.Options{Credentials: map[string][]byte{"ca.crt": []byte("none")}}, "ca.crt in the Secret of the source holds no certificate")
}

func TestLogin(t *testing.T) {
	tidy(t)
	r := newRepo(t, plain)
	home := t.TempDir()
	t.Setenv("HOME", home)
	for user, password := range map[string]string{"data": "s3cr3t", "x-access-token": "t0k3n"} {
		s, o := r.https(t, guard(user, password))
		netrc := fmt.Sprintf("machine 127.0.0.1 login %s password %s\n", user, password)
		if err := os.WriteFile(filepath.Join(home, ".netrc"), []byte(netrc), 0o600); err != nil {
			t.Fatal(err)
		}
		refuses(t, at(s), o, "wants credentials, and there are none: put username and password, or a token, into the Secret of the source")
		o.Credentials["username"], o.Credentials["password"] = []byte(user), []byte("wrong-one")
		if err := refuses(t, at(s), o, "does not let these credentials read the repository"); strings.Contains(err.Error(), "wrong-one") {
			t.Errorf("the message shows the password: %v", err)
		}
		if user == "data" {
			o.Credentials["password"] = []byte(password + "\n")
		} else {
			delete(o.Credentials, "username")
			delete(o.Credentials, "password")
			o.Credentials["token"] = []byte(password)
		}
		if found := poll(t, at(s), "", o); found.Package == nil {
			t.Error("nothing is found")
		}
	}
}

func TestPlainHTTP(t *testing.T) {
	tidy(t)
	r := newRepo(t, plain)
	s, o := r.serve(t, httptest.NewUnstartedServer(nil), false, nil)
	poll(t, at(s), "", o)
	o.Credentials["token"] = []byte("t0k3n")
	rejects(t, at(s), o, "http would send the credentials in the clear: write https://")
}

// No other server gets to know anything, and none may send us to another one.
func TestRedirects(t *testing.T) {
	tidy(t)
	r := newRepo(t, plain)
	var asked atomic.Int32
	other, _ := r.https(t, answer(func(http.ResponseWriter, *http.Request) bool { asked.Add(1); return false }))
	s, o := r.https(t, answer(func(w http.ResponseWriter, q *http.Request) bool {
		switch {
		case strings.HasPrefix(q.URL.Path, "/away/"):
			http.Redirect(w, q, other.URL+"/bare.git/info/refs?service=git-upload-pack", http.StatusFound)
		case strings.HasPrefix(q.URL.Path, "/old/"):
			http.Redirect(w, q, strings.Replace(q.URL.String(), "/old/", "/", 1), http.StatusMovedPermanently)
		case strings.HasPrefix(q.URL.Path, "/round/"):
			http.Redirect(w, q, q.URL.String(), http.StatusFound)
		case strings.HasPrefix(q.URL.Path, "/down/"):
			http.Redirect(w, q, "http://"+q.Host+"/bare.git/info/refs", http.StatusFound)
		default:
			return false
		}
		return true
	}))
	o.Credentials["token"] = []byte("t0k3n")
	src := at(s)
	src.Git.URL = s.URL + "/old/bare.git"
	poll(t, src, "", o)
	for path, want := range map[string]string{
		"/away/bare.git":  "the server sends us to " + other.URL + "/bare.git: if that is meant, make it the URL of the source",
		"/down/bare.git":  "the server sends us to http://",
		"/round/bare.git": "the server sends us on and on",
	} {
		src.Git.URL = s.URL + path
		refuses(t, src, o, want)
	}
	if asked.Load() != 0 {
		t.Error("the other server was asked")
	}
}

func TestURLs(t *testing.T) {
	for url, want := range map[string]string{
		"https://ada:s3cr3t@example.com/x.git":     "the URL of the repository holds credentials, which everybody could read: put them into the Secret of the source",
		"https://s3cr3t@example.com/x.git":         "holds credentials",
		"https://example.com/x.git?private=s3cr3t": "the URL of the repository has a ? or a #",
		"https://ada:s3cr3t@exa mple.com/%zz":      "the URL of the repository cannot be read",
		"ssh://git:s3cr3t@example.com/x.git":       "the URL of the repository holds a password",
		"https://example.com":                      "has no host or no path",
		"git://example.com/x.git":                  "no repository is fetched by git",
		"ext::sh -c s3cr3t":                        "SSH wants a private key",
		"file:///srv/x.git":                        "no folder of this machine is a source",
		"/srv/x.git":                               "no folder of this machine is a source",
		"srv/x.git":                                "the URL of the repository is none",
		"https://example.com/x.git\nfoo":           "a character that cannot be printed",
		"git@example.com:data/x.git":               "SSH wants a private key: put one as identity into the Secret of the source",
	} {
		s := v1alpha1.Source{Git: &v1alpha1.GitSource{URL: url}}
		if got := rejects(t, s, source.Options{}, want); strings.Contains(got.Error(), "s3cr3t") {
			t.Errorf("the message shows a password: %v", got)
		}
	}
}

func TestSecrets(t *testing.T) {
	for want, c := range map[string]map[string]string{
		"has a password and no username":                     {"password": "x"},
		"has a username and no password or token":            {"username": "x"},
		"has a password and a token: leave one of them out":  {"username": "x", "password": "y", "token": "z"},
		"token in the Secret of the source has a line break": {"token": "a\nb"},
	} {
		o := source.Options{Credentials: map[string][]byte{}}
		for k, v := range c {
			o.Credentials[k] = []byte(v)
		}
		rejects(t, v1alpha1.Source{Git: &v1alpha1.GitSource{URL: "https://example.com/x.git"}}, o, want)
	}
}
