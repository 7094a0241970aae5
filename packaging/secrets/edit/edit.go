// Package edit lets a person edit a file of secrets in the editor of their
// choice.
//
// It is the one place where plaintext touches a file system: a file that only
// its owner can read, in a folder that only its owner can enter, in memory
// where the system has a file system for that. It is removed when the edit
// ends, in whatever way, except when the process is killed outright; then the
// next edit removes it.
package edit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/shlex"
	"golang.org/x/term"

	"github.com/tiphys-dev/tiphys/packaging/secrets"
)

// ErrUnchanged says that the editor left the text as it was.
var ErrUnchanged = errors.New("nothing changed, so the file is left alone; an editor that returns at once, such as code, needs --wait in $EDITOR")

// An Editor edits files of secrets.
type Editor struct {
	// Command is the editor with its arguments, as in $EDITOR. When it is
	// empty, vim, nano and vi are looked for.
	Command string
	// In, Out and Err are those of the editor.
	In       io.Reader
	Out, Err io.Writer
	// Again asks, after a text that cannot be encrypted, whether to edit it once
	// more. Nil means no.
	Again func(ctx context.Context, why error) bool
}

// Edit lets the person edit the text of the draft of the file called name and
// returns the new text, encrypted. The error is ErrUnchanged, that of ctx, or
// says what is wrong with the last text.
func (e *Editor) Edit(ctx context.Context, name string, d *secrets.Draft) (sealed []byte, err error) {
	argv, err := e.argv()
	if err != nil {
		return nil, err
	}
	signals, ctx, stop := listen(ctx)
	defer stop()
	dir, err := newPrivate()
	if err != nil {
		return nil, fmt.Errorf("edit %s: %w", name, err)
	}
	defer func() {
		if gone := dir.remove(); gone != nil && err == nil {
			sealed, err = nil, fmt.Errorf("edit %s: remove the plain text in %s: %w", name, dir.path, gone)
		}
	}()
	temp := filepath.Join(dir.path, filepath.Base(name))
	start := d.Plain
	if start == nil {
		start = example(name)
	}
	if err := os.WriteFile(temp, start, 0o600); err != nil {
		return nil, fmt.Errorf("edit %s: %w", name, err)
	}
	for {
		text, err := e.run(ctx, signals, append(argv, temp), temp)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil:
			return nil, fmt.Errorf("edit %s: %w", name, err)
		case bytes.Equal(text, start):
			return nil, ErrUnchanged
		}
		sealed, err := d.Seal(ctx, text)
		if err == nil || ctx.Err() != nil || e.Again == nil {
			return sealed, err
		}
		if !e.Again(ctx, err) {
			return nil, errors.Join(ctx.Err(), err)
		}
	}
}

// example is what a new file starts with.
func example(name string) []byte {
	switch filepath.Ext(name) {
	case ".yaml", ".yml":
		return []byte("# Write the secrets here; every value is encrypted, keys are not.\npassword: change-me\n")
	case ".json":
		return []byte("{\n\t\"password\": \"change-me\"\n}\n")
	case ".env":
		return []byte("PASSWORD=change-me\n")
	case ".ini":
		return []byte("[section]\npassword = change-me\n")
	}
	return nil
}

// argv is the editor and its arguments.
func (e *Editor) argv() ([]string, error) {
	if strings.TrimSpace(e.Command) != "" {
		argv, err := shlex.Split(e.Command)
		if err != nil || len(argv) == 0 {
			return nil, fmt.Errorf("the editor %q cannot be split into a program and its arguments: check its quotes", e.Command)
		}
		if _, err := exec.LookPath(argv[0]); err != nil {
			return nil, fmt.Errorf("there is no editor %q: name one in $SOPS_EDITOR or $EDITOR", argv[0])
		}
		return argv, nil
	}
	known := []string{"vim", "nano", "vi"}
	for _, name := range known {
		if _, err := exec.LookPath(name); err == nil {
			return []string{name}, nil
		}
	}
	return nil, fmt.Errorf("there is no editor: name one in $SOPS_EDITOR or $EDITOR (%s were looked for)", strings.Join(known, ", "))
}

// patience is how long an editor that was told to end may take.
const patience = 2 * time.Second

// run runs the editor and returns what it left in the file.
func (e *Editor) run(ctx context.Context, s *signals, argv []string, file string) ([]byte, error) {
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	c.Stdin, c.Stdout, c.Stderr = e.In, e.Out, e.Err
	c.WaitDelay = patience
	c.Cancel = func() error { return end(c.Process) }
	in, ok := e.In.(*os.File)
	terminal := ok && term.IsTerminal(int(in.Fd()))
	if !terminal {
		alone(c)
	}
	err := c.Start()
	if err == nil {
		if terminal { // after the start: the editor would inherit it
			defer s.leave()()
		}
		err = c.Wait()
		if ctx.Err() != nil && !terminal {
			endAll(c.Process)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("run %s: %w; the file is left as it was", filepath.Base(argv[0]), err)
	}
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("the editor removed the text; the file is left as it was")
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, secrets.Limit+1))
}
