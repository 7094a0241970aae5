// Package testbin builds the real programs that tests run: helm, sops, kubectl, the
// API server, and tiphys itself. They lie in bin/test. Make builds them, so a test
// and a person get the same ones: ours when they have changed, others when the
// go.mod file that pins them has.
package testbin

import (
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
func Tiphys(t testing.TB) string { return get(t, "tiphys") }

// Webhook builds tiphys-webhook as it is now and returns its path.
func Webhook(t testing.TB) string { return get(t, "tiphys-webhook") }

// Controller builds tiphys-controller as it is now and returns its path.
func Controller(t testing.TB) string { return get(t, "tiphys-controller") }

// Demo builds the demonstration as it is now and returns its path.
func Demo(t testing.TB) string { return get(t, "demo") }

var built sync.Map // the name of a program -> *program

// get returns bin/test/NAME, made if need be, and looked at once.
func get(t testing.TB, name string) string {
	t.Helper()
	target := "bin/test/" + name
	one, _ := built.LoadOrStore(name, &program{})
	p := one.(*program)
	p.Lock()
	defer p.Unlock()
	if !p.made {
		c := exec.Command("make", "--no-print-directory", target)
		c.Dir = Root()
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("make %s: %v\n%s", target, err, out)
		}
		p.made = true
	}
	return filepath.Join(Root(), target)
}

type program struct {
	sync.Mutex
	made bool
}
