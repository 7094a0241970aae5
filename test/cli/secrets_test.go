package cli

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

// An editSession is tiphys secrets edit with an editor that waits.
type editSession struct {
	c           *exec.Cmd
	dir, memory string
}

// startEditing returns once the editor has the plain text.
func startEditing(t *testing.T) *editSession {
	t.Helper()
	s := &editSession{dir: t.TempDir(), memory: t.TempDir()}
	if dir, err := os.MkdirTemp("/dev/shm", "cli-test-"); err == nil { // as it is for users of Linux
		t.Cleanup(func() { os.RemoveAll(dir) })
		s.memory = dir
	}
	archive, err := txtar.ParseFile(filepath.Join("testdata", "secrets.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		put(t, filepath.Join(s.dir, f.Name), string(f.Data), 0o600)
	}
	started, wait := filepath.Join(s.dir, "started"), filepath.Join(s.dir, "wait")
	if err := errors.Join(syscall.Mkfifo(started, 0o600), syscall.Mkfifo(wait, 0o600)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // an editor that outlived tiphys reads an end
		if f, err := os.OpenFile(wait, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
			f.Close()
		}
	})
	put(t, filepath.Join(s.dir, "editor"), "#!/bin/sh\ngrep -q hunter2 \"$1\" && echo more >>\"$1\" && : >started && cat wait\n", 0o700)
	if out, err := s.tiphys("encrypt", "-i", "environments/dev/etl/secrets.yaml").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s.c = s.tiphys("edit", "environments/dev/etl/secrets.yaml")
	if err := s.c.Start(); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(started)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	return s
}

func (s *editSession) tiphys(args ...string) *exec.Cmd {
	c := exec.Command("tiphys", append([]string{"secrets"}, args...)...)
	c.Dir = s.dir
	c.Env = append(os.Environ(), "HOME="+s.dir, "XDG_RUNTIME_DIR="+s.memory, "TMPDIR="+s.memory, "SOPS_AGE_KEY_FILE=keys/dev.key",
		"EDITOR="+filepath.Join(s.dir, "editor"), "SOPS_EDITOR=")
	return c
}

// plain returns the files in memory and in the folder of the edited file that
// hold the plain text.
func (s *editSession) plain(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, root := range []string{s.memory, filepath.Join(s.dir, "environments", "dev")} {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			if strings.Contains(string(text), "hunter2") {
				all = append(all, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestASignalLeavesNoPlainText(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		t.Run(sig.String(), func(t *testing.T) {
			s := startEditing(t)
			if len(s.plain(t)) != 1 {
				t.Fatalf("while it is edited, the text is in %v", s.plain(t))
			}
			if err := s.c.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			var e *exec.ExitError
			if err := s.c.Wait(); !errors.As(err, &e) || e.ExitCode() != 130 {
				t.Errorf("got %v, want exit code 130", err)
			}
			if left := s.plain(t); len(left) > 0 {
				t.Errorf("plain text is left in %v", left)
			}
		})
	}
}

func TestWhatAKillLeavesIsPrivateAndRemovedByTheNextEdit(t *testing.T) {
	s := startEditing(t)
	if err := s.c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	s.c.Wait()
	left := s.plain(t)
	if len(left) != 1 || !strings.HasPrefix(left[0], s.memory) {
		t.Fatalf("plain text is left in %v", left)
	}
	if info, err := os.Stat(filepath.Dir(left[0])); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("others can enter its folder: %v %v", info.Mode(), err)
	}
	if info, err := os.Stat(left[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others can read it: %v %v", info.Mode(), err)
	}
	c := s.tiphys("edit", "environments/dev/etl/secrets.yaml")
	c.Env = append(c.Env, "EDITOR=true")
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if left := s.plain(t); len(left) > 0 {
		t.Errorf("plain text is left in %v", left)
	}
}

// SOPS is linked, and must not slow down commands that do not use it.
func TestStartIsQuick(t *testing.T) {
	best := time.Hour
	for range 10 {
		start := time.Now()
		if out, err := exec.Command("tiphys", "--version").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		best = min(best, time.Since(start))
	}
	if best > 300*time.Millisecond { // 60 is the goal; a busy machine is slower
		t.Errorf("tiphys --version took %s", best)
	}
}
