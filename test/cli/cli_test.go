// Package cli holds the tests of the command line: scripts that a user could
// have typed, in testdata.
package cli

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tiphys-dev/tiphys/internal/cli"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tiphys": tiphys})
}

// tiphys is main of cmd/tiphys, which nobody may import.
func tiphys() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(cli.Main(ctx, os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}

func TestScripts(t *testing.T) {
	host := serveRegistry(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			// Nothing above the working directory may configure the run.
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("NO_COLOR", "")
			e.Setenv("TERM", "xterm")
			e.Setenv("REGISTRY", host)
			return nil
		},
		Condition: func(cond string) (bool, error) {
			if cond == "root" {
				return os.Geteuid() == 0, nil
			}
			return false, errors.New("unknown condition " + cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":    exits,
			"fifo":     fifo,
			"generate": generate,
			"same":     same,
		},
	})
}

// exits CODE COMMAND... runs a command that must end with this exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
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

// fifo FILE makes a named pipe.
func fifo(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(syscall.Mkfifo(ts.MkAbs(args[0]), 0o600))
}

// same STREAM FILE checks that what the last command printed is what is in FILE.
func same(ts *testscript.TestScript, neg bool, args []string) {
	equal := ts.ReadFile(args[0]) == ts.ReadFile(args[1])
	if equal == neg {
		ts.Fatalf("%s is:\n%s\nbut %s is:\n%s", args[0], ts.ReadFile(args[0]), args[1], ts.ReadFile(args[1]))
	}
}

// generate KIND FILE writes a file that is too long for a script.
func generate(ts *testscript.TestScript, _ bool, args []string) {
	var b bytes.Buffer
	switch args[0] {
	case "large": // 5 MB of workflows
		for i := 0; b.Len() < 5<<20; i++ {
			b.WriteString("---\napiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata:\n  name: large-" + strconv.Itoa(i) + "\nspec:\n" +
				"  entrypoint: main\n  activeDeadlineSeconds: 60\n  templates:\n    - name: main\n      suspend: {duration: \"1\"}\n")
		}
	case "huge":
		b.Write(bytes.Repeat([]byte("# nothing\n"), 2<<20))
	case "deep":
		b.WriteString("kind: Workflow\nspec: " + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + "\n")
	case "deep-block":
		b.WriteString("kind: Workflow\nspec:\n  " + strings.Repeat("- ", 10_000) + "a\n")
	case "bomb": // each level is ten of the one before
		b.WriteString("kind: Workflow\nspec:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
		for i := 1; i < 12; i++ {
			b.WriteString("  a" + strconv.Itoa(i) + ": &a" + strconv.Itoa(i) + " [" + strings.Repeat("*a"+strconv.Itoa(i-1)+", ", 9) + "*a" + strconv.Itoa(i-1) + "]\n")
		}
	case "binary":
		for i := range 100_000 {
			b.WriteByte(byte(i * 7919 >> 3))
		}
	case "latin1":
		b.WriteString("kind: Workflow\nmetadata:\n  name: caf\xe9\n")
	default:
		ts.Fatalf("generate knows no %s", args[0])
	}
	file := ts.MkAbs(args[1])
	ts.Check(os.MkdirAll(filepath.Dir(file), 0o755))
	ts.Check(os.WriteFile(file, b.Bytes(), 0o644))
}
