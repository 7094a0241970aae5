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
	in, err := c.StdinPipe() // which nobody writes to
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var out, stderr bytes.Buffer
	c.Stdout, c.Stderr = &out, &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond) // until the signal is listened to
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
