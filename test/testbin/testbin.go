// Package testbin builds the real programs that tests run: helm, sops, kubectl, the
// API server, and tiphys itself. They lie in bin/test and are built again only when
// the go.mod file that pins them changes; make does that, so a test and a
// person get the same ones.
package testbin

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

// Root is the folder of the project.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

// Helm3 returns the path of helm, version 3.
func Helm3(t testing.TB) string { return get(t, "helm3") }

// Helm4 returns the path of helm, version 4.
func Helm4(t testing.TB) string { return get(t, "helm4") }

// Sops returns the path of sops.
func Sops(t testing.TB) string { return get(t, "sops") }

// Kubectl returns the path of kubectl.
func Kubectl(t testing.TB) string { return get(t, "kubectl") }

// Controlplane returns the path of the API server for tests.
func Controlplane(t testing.TB) string { return get(t, "controlplane") }

// Tiphys builds tiphys as it is now and returns its path.
func Tiphys(t testing.TB) string { return own(t, tiphys) }

// Webhook builds tiphys-webhook as it is now and returns its path.
func Webhook(t testing.TB) string { return own(t, webhook) }

// Controller builds tiphys-controller as it is now and returns its path.
func Controller(t testing.TB) string { return own(t, controller) }

func own(t testing.TB, build func() (string, error)) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var (
	tiphys     = command("tiphys")
	webhook    = command("tiphys-webhook")
	controller = command("tiphys-controller")
)

// command returns a function that builds one of our commands once.
func command(name string) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		path := filepath.Join(Root(), "bin", "test", name)
		c := exec.Command("go", "build", "-o", path, "./cmd/"+name)
		c.Dir, c.Stderr = Root(), os.Stderr
		return path, c.Run()
	})
}

var locks sync.Map

// get returns bin/test/NAME, made if need be.
func get(t testing.TB, name string) string {
	t.Helper()
	lock, _ := locks.LoadOrStore(name, &sync.Mutex{})
	lock.(*sync.Mutex).Lock()
	defer lock.(*sync.Mutex).Unlock()
	target := "bin/test/" + name
	c := exec.Command("make", "--no-print-directory", target)
	c.Dir = Root()
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("make %s: %v\n%s", target, err, out)
	}
	return filepath.Join(Root(), target)
}
