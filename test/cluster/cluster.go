// Package cluster gives tests a real API server: the one of test/controlplane,
// started for the test binary that asks for it, or the cluster that
// TIPHYS_TEST_KUBECONFIG names.
package cluster

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tiphys-dev/tiphys/test/testbin"
)

// Override names a kubeconfig of a cluster to use instead of starting one. The
// kinds of Argo must be served there.
const Override = "TIPHYS_TEST_KUBECONFIG"

// A Cluster is a running API server. No controllers run in it, unless it is
// one that Override names: nothing becomes ready, and nothing is collected.
type Cluster struct {
	// Kubeconfig is the path of a kubeconfig of its administrator.
	Kubeconfig string

	dir     string
	process *exec.Cmd
	stdin   io.Closer
}

// Start starts an API server, or uses that of Override. It is stopped when the
// test and its subtests are over.
func Start(t testing.TB) *Cluster {
	t.Helper()
	if path := os.Getenv(Override); path != "" {
		return &Cluster{Kubeconfig: path}
	}
	c := &Cluster{dir: t.TempDir()}
	t.Cleanup(c.stop)
	c.start(t)
	return c
}

// Restart stops the API server as a crash does, and starts it again with the
// same data at the same address.
func (c *Cluster) Restart(t testing.TB) {
	t.Helper()
	c.Crash(t)
	c.start(t)
}

// Crash kills the API server; Restart brings it back.
func (c *Cluster) Crash(t testing.TB) {
	t.Helper()
	if c.dir == "" {
		t.Skipf("the cluster of %s cannot be restarted", Override)
	}
	c.process.Process.Kill()
	c.process.Wait()
}

func (c *Cluster) start(t testing.TB) {
	t.Helper()
	c.process = exec.Command(testbin.Controlplane(t), "--dir", c.dir)
	c.process.Stderr = os.Stderr
	stdin, err := c.process.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.stdin = stdin
	stdout, err := c.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.process.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		log, _ := os.ReadFile(filepath.Join(c.dir, "apiserver.log"))
		t.Fatalf("the API server does not start: %v\n%s", err, tail(string(log)))
	}
	c.Kubeconfig = strings.TrimSpace(line)
}

func tail(s string) string { return s[max(0, len(s)-4000):] }

func (c *Cluster) stop() {
	if c.stdin == nil {
		return // it did not start
	}
	c.stdin.Close()
	done := make(chan struct{})
	go func() { c.process.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		c.process.Process.Kill()
		<-done
	}
}

var spaces atomic.Int64

// NamespaceName returns a name that no other test of this run uses. The
// namespace is not made.
func NamespaceName() string {
	return fmt.Sprintf("test-%d-%d", os.Getpid(), spaces.Add(1))
}
