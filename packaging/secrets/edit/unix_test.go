//go:build unix

package edit

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func mkfifo(name string) error { return unix.Mkfifo(name, 0o600) }

// inMemory makes a folder for private ones: in memory where /dev/shm is, or
// what TMPDIR says.
func inMemory(t *testing.T) string {
	t.Helper()
	base := t.TempDir()
	if dir, err := os.MkdirTemp("/dev/shm", "edit-test-"); err == nil {
		t.Cleanup(func() { os.RemoveAll(dir) })
		base = dir
	}
	t.Setenv("XDG_RUNTIME_DIR", base)
	t.Setenv("TMPDIR", base)
	return base
}

func TestSignalsEndTheEdit(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		t.Run(sig.String(), func(t *testing.T) {
			file, memory, d := start(t)
			started := filepath.Join(t.TempDir(), "started")
			if err := mkfifo(started); err != nil {
				t.Fatal(err)
			}
			e := &Editor{Command: script(t, `: >"`+started+`"; sleep 600`)}
			go func() {
				if f, err := os.Open(started); err == nil {
					f.Close()
				}
				syscall.Kill(os.Getpid(), sig)
			}()
			if _, err := e.Edit(t.Context(), file, d); err == nil {
				t.Error("it was edited")
			}
			nothingIn(t, memory)
		})
	}
}

// The question whether to edit again comes while the text is still there.
func TestASignalAtTheQuestionEndsTheEdit(t *testing.T) {
	file, memory, d := start(t)
	e := &Editor{Command: script(t, `echo "a: [" >"$1"`), Again: func(ctx context.Context, _ error) bool {
		syscall.Kill(os.Getpid(), syscall.SIGTERM)
		<-ctx.Done()
		return false
	}}
	if _, err := e.Edit(t.Context(), file, d); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	nothingIn(t, memory)
}
