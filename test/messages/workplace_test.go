package messages

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/go-containerregistry/pkg/registry"
	"golang.org/x/tools/txtar"

	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

// A workplace is a folder that commands run in, with a home, keys, credentials
// and programs.
type workplace struct {
	*testing.T
	cage   *cage
	dir    string // a clone with charts, in which the user works
	home   string // HOME, TMPDIR and what else programs write to
	calls  string // what programs were called with
	key    *age.X25519Identity
	env    []string
	values map[string]string // for {NAME} in arguments
}

// newWorkplace makes one of the files in testdata/work.txtar, whose {PLACE}s
// become canaries.
func newWorkplace(t *testing.T, c *cage) *workplace {
	t.Helper()
	w := &workplace{T: t, cage: c, dir: t.TempDir(), home: t.TempDir(), values: map[string]string{}}
	w.calls = filepath.Join(t.TempDir(), "calls")
	var err error
	if w.key, err = age.GenerateX25519Identity(); err != nil {
		t.Fatal(err)
	}
	c.add("the age key", w.key.String())
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	w.values["RECIPIENT"], w.values["OTHER"] = w.key.Recipient().String(), other.Recipient().String()
	w.values["NS"] = cluster.NamespaceName()
	w.values["LITERAL"] = c.plant("a literal in a workflow")
	w.values["MANIFEST"] = c.plant("a Secret in a file")
	w.values["SEALED"] = c.plant("an encrypted file")
	w.values["GIT"] = c.plant("the URL of a git remote")
	w.values["SET"] = c.plant("--set")
	w.values["REGISTRY"] = c.plant("the login of a registry")
	archive, err := txtar.ParseFile("testdata/work.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		w.write(f.Name, w.fill(string(f.Data)))
	}
	bin := filepath.Join(w.home, "bin")
	w.program(bin, "git", "git")
	w.program(bin, "helm", testbin.Helm4(t))
	w.program(bin, "kubectl", testbin.Kubectl(t))
	w.shell(bin, "editor", `echo "more: 1" >>"$1"`)
	w.env = []string{
		"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + w.home, "TMPDIR=" + filepath.Join(w.home, "tmp"), "XDG_RUNTIME_DIR=" + filepath.Join(w.home, "run"),
		"DOCKER_CONFIG=" + filepath.Join(w.home, "docker"), "EDITOR=" + filepath.Join(bin, "editor"), "SOPS_AGE_KEY=" + w.key.String(), "NO_COLOR=1", "TZ=UTC",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com", "GIT_TERMINAL_PROMPT=0",
	}
	for _, d := range []string{"tmp", "run"} {
		if err := os.MkdirAll(filepath.Join(w.home, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	w.registry()
	w.seal("environments/dev/secrets.yaml", "password: "+w.values["SEALED"]+"\n")
	w.seal("sealed.yaml", "password: "+w.values["SEALED"]+"\n")
	w.git()
	return w
}

// fill puts values for {NAME}s.
func (w *workplace) fill(text string) string {
	for name, value := range w.values {
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}

func (w *workplace) write(name, text string) {
	w.Helper()
	file := filepath.Join(w.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
		w.Fatal(err)
	}
}

// program makes one that notes what it is called with, and does it.
func (w *workplace) program(bin, name, path string) {
	w.Helper()
	real, err := exec.LookPath(path)
	if err != nil {
		w.Fatal(err)
	}
	w.shell(bin, name, fmt.Sprintf("exec %q \"$@\"", real))
}

func (w *workplace) shell(bin, name, do string) {
	w.Helper()
	text := fmt.Sprintf("#!/bin/sh\nprintf '%%s\\n' \"%s $*\" >>%q\n%s\n", name, w.calls, do)
	if err := errors.Join(os.MkdirAll(bin, 0o755), os.WriteFile(filepath.Join(bin, name), []byte(text), 0o755)); err != nil {
		w.Fatal(err)
	}
}

// seal encrypts a file with the real sops.
func (w *workplace) seal(name, text string) {
	w.Helper()
	c := exec.Command(testbin.Sops(w), "encrypt", "--age", w.key.Recipient().String(), "--filename-override", name, "--input-type", "yaml", "--output-type", "yaml", "/dev/stdin")
	c.Stdin, c.Dir = strings.NewReader(text), w.dir
	out, err := c.Output()
	if err != nil {
		w.Fatalf("sops: %v", err)
	}
	w.write(name, string(out))
}

// registry serves one that has to be logged in to, and logs in.
func (w *workplace) registry() {
	w.Helper()
	open := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		switch {
		case password != w.values["REGISTRY"]:
			rw.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			rw.WriteHeader(http.StatusUnauthorized)
		case strings.Contains(r.URL.Path, "/forbidden/"):
			rw.WriteHeader(http.StatusForbidden)
		default:
			open.ServeHTTP(rw, r)
		}
	}))
	w.Cleanup(s.Close)
	host := strings.TrimPrefix(s.URL, "http://")
	w.values["HOST"] = host
	dir := filepath.Join(w.home, "docker")
	text := fmt.Sprintf(`{"auths":{%q:{"username":"ada","password":%q}}}`, host, w.values["REGISTRY"])
	if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, "config.json"), []byte(text), 0o600)); err != nil {
		w.Fatal(err)
	}
}

// git makes the folder a clone of a repository that lets nobody in, with a
// password in the URL, as CI systems write it.
func (w *workplace) git() {
	w.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("WWW-Authenticate", `Basic realm="test"`)
		http.Error(rw, "no", http.StatusForbidden)
	}))
	w.Cleanup(s.Close)
	for _, args := range [][]string{
		{"init", "-q", "-b", "main"}, {"config", "push.default", "current"}, {"add", "-A"}, {"commit", "-q", "-m", "first"},
		{"remote", "add", "origin", "http://ada:" + w.values["GIT"] + "@" + strings.TrimPrefix(s.URL, "http://") + "/etl.git"},
	} {
		c := exec.Command("git", args...)
		c.Dir, c.Env = w.dir, append(os.Environ(), w.env...)
		if out, err := c.CombinedOutput(); err != nil {
			w.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
}

// An outcome is what a command has printed and how it ended.
type outcome struct {
	out, err []byte
	code     int
}

// run runs a program in the workplace, and looks at command lines, and at files
// of its home, while it does. What it says is looked at by the caller.
func (w *workplace) run(program string, args []string, stdin string, env ...string) outcome {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), 2*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, program, args...)
	c.Dir, c.Stdin = w.dir, strings.NewReader(stdin)
	c.Env = append(append([]string(nil), w.env...), env...)
	var out, err bytes.Buffer
	c.Stdout, c.Stderr = &out, &err
	if err := c.Start(); err != nil {
		w.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			w.children(c.Process.Pid)
		case <-ended:
			return outcome{out.Bytes(), err.Bytes(), c.ProcessState.ExitCode()}
		}
	}
}

// children looks at the command lines of what a process has started. Its own is
// what the user typed.
func (w *workplace) children(pid int) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", pid))
	if err != nil {
		return // it has ended, or the system does not tell
	}
	for child := range strings.FieldsSeq(string(text)) {
		if line, err := os.ReadFile("/proc/" + child + "/cmdline"); err == nil {
			w.cage.check("a command line", line, "--set")
		}
		if pid, err := strconv.Atoi(child); err == nil {
			w.children(pid)
		}
	}
}

// left looks at the files that are left in the home, but for where a canary was
// planted, and at what programs were called with.
func (w *workplace) left(what string) {
	w.Helper()
	filepath.WalkDir(w.home, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || strings.HasSuffix(path, "docker/config.json") {
			return nil
		}
		if text, err := os.ReadFile(path); err == nil {
			w.cage.check(what+": the file "+strings.TrimPrefix(path, w.home), text)
		}
		return nil
	})
	if text, err := os.ReadFile(w.calls); err == nil {
		w.cage.check(what+": what was called", text)
	}
}
