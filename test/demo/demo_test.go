package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tiphys-dev/tiphys/test/testbin"
)

// The demonstration is played to its end, beside others that are interrupted and
// killed at several moments. Each leaves nothing.
func TestDemo(t *testing.T) {
	if testing.Short() {
		t.Skip("starts API servers")
	}
	for _, build := range []func(testing.TB) string{
		testbin.Helm3, testbin.Kubectl, testbin.Controlplane, testbin.Tiphys, testbin.Webhook, testbin.Controller, testbin.Demo,
	} {
		build(t)
	}
	t.Run("to its end", func(t *testing.T) {
		t.Parallel()
		d := begin(t, testbin.Demo(t))
		out := d.until(t, "")
		if err := d.process.Wait(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		d.leavesNothing(t)
		for _, want := range []string{"1. Before the commit\n", "4. helm secrets upgrade\n", "7. Gone again\n", "What you have seen\n", "s  in all\n"} {
			if !strings.Contains(out, want) {
				t.Errorf("it does not show %q:\n%s", want, out)
			}
		}
		if strings.Contains(out, "demo-warehouse-password") {
			t.Error("it shows a password")
		}
	})
	t.Run("interrupted", func(t *testing.T) {
		t.Parallel()
		t.Run("while the API server starts", func(t *testing.T) {
			d := begin(t, testbin.Demo(t))
			d.until(t, "$ tiphys lint workflows")
			d.process.Process.Signal(os.Interrupt)
			d.until(t, "")
			if err := d.process.Wait(); d.process.ProcessState.ExitCode() != 130 {
				t.Errorf("an interrupt ends it with %v, not 130", err)
			}
			d.leavesNothing(t)
		})
		t.Run("whoever started it is killed", func(t *testing.T) {
			d := begin(t, "sh", "-c", `"$0" "$@"; :`, testbin.Demo(t))
			d.until(t, "$ tiphys lint workflows")
			d.process.Process.Kill()
			d.until(t, "")
			d.leavesNothing(t)
		})
		t.Run("killed while all of it runs", func(t *testing.T) {
			d := begin(t, testbin.Demo(t))
			d.until(t, "3. The door of the cluster")
			d.process.Process.Signal(syscall.SIGKILL)
			d.until(t, "")
			d.leavesNothing(t)
		})
	})
}

// A demo is one that runs.
type demo struct {
	process *exec.Cmd
	out     *bufio.Reader
	tmp     string // where it has its temporary folder
}

// begin starts one by a command, to which its flags are added.
func begin(t *testing.T, command ...string) *demo {
	t.Helper()
	d := &demo{tmp: t.TempDir()}
	args := append(command[1:], "--root", testbin.Root(), "--bin", filepath.Join(testbin.Root(), "bin", "test"))
	d.process = exec.Command(command[0], args...)
	d.process.Env = append(os.Environ(), "TMPDIR="+d.tmp, "DEMO_PAUSE=")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	d.process.Stdout, d.process.Stderr = w, w
	if err := d.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.process.Process.Kill(); d.process.Wait() })
	w.Close()
	d.out = bufio.NewReader(r)
	return d
}

// until reads what it shows until that has a text, or, without one, until all that
// could show something is gone.
func (d *demo) until(t *testing.T, text string) string {
	t.Helper()
	var b strings.Builder
	for {
		line, err := d.out.ReadString('\n')
		b.WriteString(line)
		switch {
		case text != "" && strings.Contains(line, text), text == "" && err == io.EOF:
			return b.String()
		case err != nil:
			t.Fatalf("it does not show %q: %v\n%s", text, err, b.String())
		}
	}
}

// leavesNothing checks that its temporary folder is gone, and each process that
// was started with it.
func (d *demo) leavesNothing(t *testing.T) {
	t.Helper()
	var left []string
	for end := time.Now().Add(30 * time.Second); ; {
		left, _ = filepath.Glob(filepath.Join(d.tmp, "*"))
		all, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, file := range all {
			if args, _ := os.ReadFile(file); strings.Contains(string(args), d.tmp) {
				left = append(left, strings.ReplaceAll(string(args), "\x00", " "))
			}
		}
		if len(left) == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("it leaves:\n%s", strings.Join(left, "\n"))
		}
		time.Sleep(50 * time.Millisecond) // nothing tells when a process that is no child of ours ends
	}
}
