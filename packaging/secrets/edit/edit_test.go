//go:build unix

package edit

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/packaging/secrets"
)

const hunter2 = "hunter2-in-the-clear"

// start makes an encrypted file, a folder in memory of its own, and its draft.
func start(t *testing.T) (name, memory string, d *secrets.Draft) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	t.Setenv("XDG_CONFIG_HOME", dir)
	text, recipient, err := secrets.GenerateKey(now)
	if err != nil {
		t.Fatal(err)
	}
	if err := secrets.WriteKey(secrets.KeysFile(), text); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".sops.yaml"), []byte("creation_rules: [{age: "+recipient+"}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	name = filepath.Join(dir, "secrets.yaml")
	sealed, err := secrets.Encrypt(t.Context(), name, []byte("a: "+hunter2+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	if d, err = secrets.Edit(t.Context(), name, sealed); err != nil {
		t.Fatal(err)
	}
	memory = inMemory(t)
	return name, memory, d
}

// script writes an editor.
func script(t *testing.T, lines string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "editor")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+lines+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// nothingIn checks that nothing is left in a folder.
func nothingIn(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) > 0 {
		t.Errorf("left in %s: %v %v", dir, entries, err)
	}
}

func TestEdit(t *testing.T) {
	for name, c := range map[string]struct {
		editor string
		again  int // how often to edit once more
		want   string
		err    string
	}{
		"a change":               {editor: `sed -i s/a:/b:/ "$1"`, want: "b: " + hunter2 + "\n"},
		"no change":              {editor: "true", err: ErrUnchanged.Error()},
		"broken":                 {editor: `echo "a: [" >"$1"`, err: "cannot be read as yaml"},
		"broken, then mended":    {editor: `if grep -q "\[" "$1"; then echo "a: c" >"$1"; else echo "a: [" >"$1"; fi`, again: 1, want: "a: c\n"},
		"broken twice":           {editor: `echo "a: [" >"$1"`, again: 1, err: "cannot be read as yaml"},
		"emptied":                {editor: `: >"$1"`, err: "it is empty"},
		"removed":                {editor: `rm "$1"`, err: "the editor removed the text"},
		"replaced by a new file": {editor: `echo "a: d" >"$1.new" && mv "$1.new" "$1"`, want: "a: d\n"},
		"that fails":             {editor: "exit 3", err: "exit status 3"},
		"that is killed":         {editor: "kill -9 $$", err: "killed"},
		"with files beside it":   {editor: `cp "$1" "$1.swp"; echo "a: e" >"$1"`, want: "a: e\n"},
	} {
		t.Run(name, func(t *testing.T) {
			file, memory, d := start(t)
			asked := 0
			e := &Editor{Command: script(t, "test \"$(stat -c %a \"$1\")$(stat -c %a \"$(dirname \"$1\")\")\" = 600700 || exit 9\n"+c.editor), Again: func(context.Context, error) bool {
				asked++
				return asked <= c.again
			}}
			sealed, err := e.Edit(t.Context(), file, d)
			nothingIn(t, memory)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("got %v, want %q", err, c.err)
				}
				if strings.Contains(err.Error(), hunter2) {
					t.Errorf("it quotes the text: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := secrets.Open(t.Context(), file, sealed)
			if err != nil || string(got) != c.want {
				t.Errorf("got %q, want %q: %v", got, c.want, err)
			}
		})
	}
}

func TestAnEndedContextEndsTheEditor(t *testing.T) {
	file, memory, d := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	started := filepath.Join(t.TempDir(), "started")
	if err := mkfifo(started); err != nil {
		t.Fatal(err)
	}
	e := &Editor{Command: script(t, `: >"`+started+`"; sleep 600`)}
	go func() {
		f, err := os.Open(started) // until the editor opens the other end
		if err == nil {
			f.Close()
		}
		cancel()
	}()
	if _, err := e.Edit(ctx, file, d); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	nothingIn(t, memory)
}

func TestWhatKilledProcessesLeaveIsSwept(t *testing.T) {
	file, memory, d := start(t)
	// One that is in use, one whose process is gone, and one of somebody else.
	live, err := newPrivate()
	if err != nil {
		t.Fatal(err)
	}
	defer live.remove()
	dead, other := filepath.Join(memory, prefix+"dead"), filepath.Join(memory, "other")
	for _, dir := range []string{dead, other} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, lockName), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := (&Editor{Command: "true"}).Edit(t.Context(), file, d); !errors.Is(err, ErrUnchanged) {
		t.Fatal(err)
	}
	for dir, want := range map[string]bool{live.path: true, dead: false, other: true} {
		if _, err := os.Stat(dir); (err == nil) != want {
			t.Errorf("%s is there: %t", dir, err == nil)
		}
	}
}

func TestEditorsThatCannotBe(t *testing.T) {
	for command, want := range map[string]string{
		"no-such-editor --wait": `there is no editor "no-such-editor"`,
		"vi 'unclosed":          "check its quotes",
	} {
		if _, err := (&Editor{Command: command}).argv(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", command, err, want)
		}
	}
}
