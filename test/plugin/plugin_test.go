// Package plugin tests the Helm plugins of the folder plugin with the real
// helm, version 3 and 4, and files that the real sops encrypted.
package plugin

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"filippo.io/age"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tiphys-dev/tiphys/internal/cli"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tiphys": tiphys, "watched-helm": watchedHelm, "patient-helm": patientHelm})
}

// tiphys is main of cmd/tiphys, which nobody may import.
func tiphys() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(cli.Main(ctx, os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}

// helms are the real programs, and where their plugins lie.
func helms(t *testing.T) map[string]string {
	return map[string]string{"helm3": testbin.Helm3(t), "helm4": testbin.Helm4(t)}
}

// identity is a new age key: what opens, and what closes.
func identity(t testing.TB) (secret, recipient string) {
	t.Helper()
	i, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return i.String(), i.Recipient().String()
}

// install puts helm on a path of its own, installs all plugins of its version
// as a user would, and returns what the environment must have.
func install(t testing.TB, version, helm, dir string) map[string]string {
	t.Helper()
	bin := filepath.Join(dir, ".bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"helm": helm, "sops": testbin.Sops(t)} {
		if err := os.Symlink(target, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	secret, recipient := identity(t)
	key := filepath.Join(dir, ".key")
	if err := os.WriteFile(key, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tmp := filepath.Join(dir, ".tmp")
	if err := os.MkdirAll(tmp, 0o755); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{
		"PATH":                bin + string(filepath.ListSeparator) + os.Getenv("PATH"),
		"HOME":                dir,
		"TMPDIR":              tmp,
		"HELM_DATA_HOME":      filepath.Join(dir, ".data"),
		"HELM_CONFIG_HOME":    filepath.Join(dir, ".config"),
		"HELM_CACHE_HOME":     filepath.Join(dir, ".cache"),
		"HELM_PLUGINS":        filepath.Join(dir, ".data", "plugins"),
		"SOPS_AGE_KEY_FILE":   key,
		"SOPS_AGE_RECIPIENTS": recipient,
		"NO_COLOR":            "1",
	}
	folders, err := filepath.Glob(filepath.Join(testbin.Root(), "plugin", version, "*"))
	if err != nil || len(folders) == 0 {
		t.Fatalf("no plugins for %s: %v", version, err)
	}
	for _, folder := range folders {
		c := exec.Command(helm, "plugin", "install", folder)
		c.Env = environ(env)
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("helm plugin install %s: %v\n%s", folder, err, out)
		}
	}
	return env
}

func environ(env map[string]string) []string {
	out := os.Environ()
	for k, v := range env {
		out = append(out, k+"="+v)
	}
	return out
}

func TestScripts(t *testing.T) {
	for version, helm := range helms(t) {
		t.Run(version, func(t *testing.T) {
			testscript.Run(t, testscript.Params{
				Dir:                 "testdata",
				RequireExplicitExec: true,
				RequireUniqueNames:  true,
				Setup: func(e *testscript.Env) error {
					for k, v := range install(t, version, helm, e.WorkDir) {
						e.Setenv(k, v)
					}
					e.Setenv("ROOT", testbin.Root())
					return nil
				},
				Condition: func(cond string) (bool, error) {
					if cond == "helm3" || cond == "helm4" {
						return cond == version, nil
					}
					return false, errors.New("unknown condition " + cond)
				},
				Cmds: map[string]func(*testscript.TestScript, bool, []string){
					"exits": exits, "generate": generate, "replace": replace, "same": same, "base64": decoded, "agekey": agekey,
				},
			})
		})
	}
}

// exits CODE COMMAND... runs a command that must end with this exit code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var e *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &e) {
		got = e.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("%s exited %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// generate FILE BYTES writes a values file with one long value.
func generate(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	text := "password: " + strings.Repeat("x", n) + "end\n"
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o644))
}

// replace FILE OLD NEW changes a text in a file.
func replace(ts *testscript.TestScript, _ bool, args []string) {
	old, err := strconv.Unquote(`"` + args[1] + `"`)
	ts.Check(err)
	with, err := strconv.Unquote(`"` + args[2] + `"`)
	ts.Check(err)
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, old) {
		ts.Fatalf("there is no %q in %s", old, args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.ReplaceAll(text, old, with)), 0o644))
}

// same STREAM FILE checks that what the last command printed is what is in FILE.
func same(ts *testscript.TestScript, _ bool, args []string) {
	if got, want := ts.ReadFile(args[0]), ts.ReadFile(args[1]); !bytes.Equal([]byte(got), []byte(want)) {
		ts.Fatalf("%s is:\n%s\nbut %s is:\n%s", args[0], got, args[1], want)
	}
}

// decoded TEXT FILE checks that TEXT in base64 stands in what was printed.
func decoded(ts *testscript.TestScript, _ bool, args []string) {
	want := base64.StdEncoding.EncodeToString([]byte(ts.ReadFile(args[1])))
	if got := ts.ReadFile(args[0]); !strings.Contains(got, want) {
		ts.Fatalf("%s is:\n%s\nand has not %s", args[0], got, want)
	}
}

// agekey FILE writes a new age key, which opens nothing that there is.
func agekey(ts *testscript.TestScript, _ bool, args []string) {
	i, err := age.GenerateX25519Identity()
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(i.String()+"\n"), 0o600))
}
