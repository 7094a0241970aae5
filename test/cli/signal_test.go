package cli

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"testing"
	"time"
)

// An interrupt ends a run at once, also one that waits for input.
func TestInterrupt(t *testing.T) {
	c := exec.Command("tiphys", "lint", "-")
	in, err := c.StdinPipe() // which never ends
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var out, stderr bytes.Buffer
	c.Stdout, c.Stderr = &out, &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	// A pipe does not hold so much: it is read from, and the signal listened to.
	if _, err := in.Write(bytes.Repeat([]byte("# wait\n"), 1<<15)); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	var e *exec.ExitError
	if err := c.Wait(); !errors.As(err, &e) || e.ExitCode() != 130 {
		t.Errorf("got %v, want exit code 130", err)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("it took %s", d)
	}
	if out.Len() > 0 || stderr.String() != "tiphys: interrupted\n" {
		t.Errorf("it printed %q and %q", out.String(), stderr.String())
	}
}
