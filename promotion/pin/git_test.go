package pin

import (
	"encoding/pem"
	"io"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// git runs git in a folder, with nothing of this machine's configuration.
func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := tryGit(dir, args...)
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(out)
}

func tryGit(dir string, args ...string) (string, error) {
	c := exec.Command("git", args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull,
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com")
	out, err := c.CombinedOutput()
	return string(out), err
}

// A hub serves a bare repository by HTTPS, as a forge does, to who knows the
// password.
type hub struct {
	dir, work string // the bare repository, and a clone of it
	url       string
	ca        []byte

	mu sync.Mutex
	// pushing is called before a push is heard, once; lost cuts the answer off.
	pushing func()
	lost    bool
	asked   []string
}

const password = "hunter2-secret"

func newHub(t *testing.T) *hub {
	t.Helper()
	root := t.TempDir()
	h := &hub{dir: filepath.Join(root, "acme", "flows.git"), work: filepath.Join(root, "work")}
	git(t, root, "init", "-q", "--bare", "-b", "main", h.dir)
	git(t, h.dir, "config", "http.receivepack", "true")
	git(t, h.dir, "config", "uploadpack.allowFilter", "true")
	git(t, root, "clone", "-q", h.dir, h.work)
	git(t, h.work, "checkout", "-q", "-b", "main")
	put(t, filepath.Join(h.work, "README.md"), "flows\n")
	put(t, filepath.Join(h.work, "environments", "prod", "values.yaml"), "a: 1\n")
	h.commit(t, "large.bin", strings.Repeat("large ", 100_000))

	exe, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		t.Fatal(err)
	}
	backend := &cgi.Handler{
		Path:   filepath.Join(strings.TrimSpace(string(exe)), "git-http-backend"),
		Env:    []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=x", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull},
		Stderr: io.Discard, // that a push came too late
	}
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.serve(w, r, backend) }))
	t.Cleanup(s.Close)
	h.url = s.URL + "/acme/flows.git"
	h.ca = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	return h
}

func (h *hub) serve(w http.ResponseWriter, r *http.Request, backend http.Handler) {
	h.mu.Lock()
	h.asked = append(h.asked, r.Method+" "+r.URL.Path)
	pushing, lost := h.pushing, h.lost
	push := strings.HasSuffix(r.URL.Path, "/git-receive-pack") && r.Method == http.MethodPost
	if push {
		h.pushing, h.lost = nil, false
	}
	h.mu.Unlock()
	if _, p, _ := r.BasicAuth(); p != password {
		w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if push && pushing != nil {
		pushing()
	}
	if push && lost {
		backend.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	}
	backend.ServeHTTP(w, r)
}

func (h *hub) pushes() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Count(strings.Join(h.asked, "\n"), "POST /acme/flows.git/git-receive-pack")
}

// commit pushes a file, as somebody else does.
func (h *hub) commit(t *testing.T, name, text string) {
	t.Helper()
	if _, err := tryGit(h.work, "rev-parse", "HEAD"); err == nil {
		git(t, h.work, "pull", "-q", "--rebase", "origin", "main")
	}
	put(t, filepath.Join(h.work, name), text)
	git(t, h.work, "add", "-A")
	git(t, h.work, "commit", "-q", "-m", "change "+name)
	git(t, h.work, "push", "-q", "origin", "HEAD:main")
}

func put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// show returns a file of a branch, "" for none.
func (h *hub) show(branch, name string) string {
	out, err := tryGit(h.dir, "show", branch+":"+name)
	if err != nil {
		return ""
	}
	return out
}

func digest(letter string) string { return "sha256:" + strings.Repeat(letter, 64) }

func (h *hub) order(letter string) Order {
	return Order{
		URL: h.url, Environment: "prod",
		Pin:         Pin{Digest: digest(letter), Chart: "etl", Version: "1.2.0", Source: "https://example.com/flows", Revision: strings.Repeat(letter, 40), Candidate: "etl-" + letter},
		Evidence:    "smoke: open: run etl-smoke succeeded",
		Credentials: map[string][]byte{"token": []byte(password + "\n"), "ca.crt": h.ca},
	}
}

const place = "environments/prod/etl/pin.yaml"
