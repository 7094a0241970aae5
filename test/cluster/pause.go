//go:build unix

package cluster

import (
	"syscall"
	"testing"
)

// Pause stops the API server as a machine does that hangs: connections stay,
// and nobody answers. Resume lets it go on.
func (c *Cluster) Pause(t testing.TB) { c.signal(t, syscall.SIGSTOP) }

// Resume ends a pause.
func (c *Cluster) Resume(t testing.TB) { c.signal(t, syscall.SIGCONT) }

func (c *Cluster) signal(t testing.TB, s syscall.Signal) {
	t.Helper()
	if c.dir == "" {
		t.Skipf("the cluster of %s cannot be paused", Override)
	}
	if err := c.process.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}
