package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tiphys-dev/tiphys/lint"
)

const flow = "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: a}\nspec: {entrypoint: main, templates: [{name: main, suspend: {}}]}\n"

// A bug in one rule must cost neither the other files nor the exit code 3.
func TestPanics(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.yaml")
	if err := os.WriteFile(file, []byte(flow), 0o644); err != nil {
		t.Fatal(err)
	}
	p := &plan{format: "text", policies: &policyStore{}}
	p.lint.Rules = []*lint.Rule{{Name: "bad", Severity: lint.Error, Run: func(*lint.Pass) { panic("oh no") }}}
	var out, stderr bytes.Buffer
	err := runLint(t.Context(), Streams{Out: &out, Err: &stderr}, p, "", []string{file})
	var e *exit
	if !errors.As(err, &e) || e.code != exitBroken {
		t.Errorf("got %v, want exit code 3", err)
	}
	for _, want := range []string{"internal error", "a.yaml", "oh no", "please report it"} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("standard error lacks %q:\n%s", want, stderr.String())
		}
	}
}

// What panics on the way is told as a bug, not as a crash.
func TestMainRecovers(t *testing.T) {
	var stderr bytes.Buffer
	code := Main(t.Context(), []string{"rules"}, Streams{Out: explosive{}, Err: &stderr})
	if code != exitBroken || !strings.Contains(stderr.String(), "boom") {
		t.Errorf("exit code %d and:\n%s", code, stderr.String())
	}
}

type explosive struct{}

func (explosive) Write([]byte) (int, error) { panic("boom") }

func TestReadStreamEndsWithItsContext(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := read(ctx, input{stdinName, stdin}, Streams{In: r}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestReadLimit(t *testing.T) {
	for size, ok := range map[int]bool{0: true, 9: true, 10: true, 11: false} {
		file := filepath.Join(t.TempDir(), "a")
		if err := os.WriteFile(file, make([]byte, size), 0o644); err != nil {
			t.Fatal(err)
		}
		text, err := readRegular(file, 10)
		if (err == nil) != ok || ok && len(text) != size {
			t.Errorf("%d bytes of 10: read %d, error %v", size, len(text), err)
		}
		_, err = readAll(&bytes.Buffer{}, bytes.NewReader(make([]byte, size)), 10)
		if (err == nil) != ok {
			t.Errorf("a stream of %d bytes of 10: error %v", size, err)
		}
	}
}
