package release

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tiphys-dev/tiphys/test/kill"
)

// An order is what a child does, and after which of its writes it ends.
type order struct {
	Kubeconfig, Namespace string
	Uninstall             bool
	Revision              int
	Password              string
	After                 int
}

// breaking makes a client call do after its n-th write; it returns the counter.
func breaking(c *Client, n int, do func()) *atomic.Int64 {
	var count *atomic.Int64
	c.wrap, count = kill.After(n, do)
	return count
}

// TestChild is not a test: it is what the child runs.
func TestChild(t *testing.T) {
	var o order
	kill.Order(t, &o)
	e := &env{kubeconfig: o.Kubeconfig, namespace: o.Namespace}
	c := e.client(t)
	breaking(c, o.After, kill.Self)
	var err error
	if o.Uninstall {
		_, err = c.Uninstall(t.Context(), "etl", Options{})
	} else {
		_, err = c.Upgrade(t.Context(), e.spec(t, o.Revision, o.Password, "child"), Options{})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// clean checks that nothing is in the clear but in the Secrets.
func (e *env) clean(t *testing.T) {
	t.Helper()
	if found := leaks(e.everything(t), []string{password, rotated, token}, "Secret/warehouse", "Secret/token"); len(found) > 0 {
		t.Errorf("values leak: %v", found)
	}
}

func testKill(t *testing.T, e *env) {
	// Once with nothing there, once with a release that is upgraded.
	for n, left := 1, 2; left > 0; n++ {
		left = 0
		for range 2 {
			next := e.revision(t) + 1
			if kill.Child(t, order{Kubeconfig: e.kubeconfig, Namespace: e.namespace, Revision: next, Password: rotated, After: n}) {
				left++
			}
			e.clean(t)
			r := e.upgrade(t, e.spec(t, e.revision(t)+1, password, ""), Options{Log: func(line string) {
				if strings.Contains(line, "watching whether that lives") {
					t.Errorf("after a kill at write %d the next run waits for the dead: %s", n, line)
				}
			}})
			e.deployed(t, "etl", r.Revision)
			e.clean(t)
			if e.secret(t, "warehouse")["password"] != password {
				t.Errorf("after a kill at write %d the secret is not that of the next run", n)
			}
		}
		if _, err := e.client(t).Uninstall(t.Context(), "etl", Options{}); err != nil {
			t.Fatal(err)
		}
		t.Logf("killed %d at write %d", left, n)
		if left == 0 && n < 12 {
			t.Errorf("there were only %d writes: some are not seen", n-1)
		}
	}
}

// revision is the newest there is.
func (e *env) revision(t *testing.T) int {
	t.Helper()
	st, err := e.client(t).Prepare(t.Context(), "etl")
	if err != nil {
		t.Fatal(err)
	}
	return st.Revision - 1
}

func testKillUninstall(t *testing.T, e *env) {
	half := 0
	for n := 1; ; n++ {
		e.upgrade(t, e.spec(t, 1, password, ""), Options{})
		killed := kill.Child(t, order{Kubeconfig: e.kubeconfig, Namespace: e.namespace, Uninstall: true, After: n})
		if st, err := e.client(t).Status(t.Context(), "etl"); err == nil && st.Status == "uninstalling" {
			_, err := e.client(t).Upgrade(t.Context(), e.spec(t, 2, password, ""), Options{})
			if err == nil || !strings.Contains(err.Error(), "is half uninstalled; finish that first with: tiphys uninstall etl") {
				t.Errorf("an upgrade of what is half uninstalled: %v", err)
			}
			half++
		}
		if _, err := e.client(t).Uninstall(t.Context(), "etl", Options{}); err != nil && !errors.Is(err, ErrNotFound) {
			t.Fatalf("after a kill at write %d: %v", n, err)
		}
		for where := range e.everything(t) {
			if where != "ConfigMap/before" && where != "Lease/tiphys.v1.etl" && !strings.HasPrefix(where, "/apis") {
				t.Errorf("after a kill at write %d and another uninstall, %s is left", n, where)
			}
		}
		if !killed {
			if half == 0 {
				t.Error("it was never half uninstalled")
			}
			return
		}
	}
}

func testInterrupt(t *testing.T, e *env) {
	for n, left := 1, 2; left > 0; n++ {
		left = 0
		for range 2 {
			if e.interrupt(t, n) {
				left++
			}
			r := e.upgrade(t, e.spec(t, e.revision(t)+1, password, ""), Options{})
			e.deployed(t, "etl", r.Revision)
		}
		if _, err := e.client(t).Uninstall(t.Context(), "etl", Options{}); err != nil {
			t.Fatal(err)
		}
	}
}

// interrupt interrupts an upgrade after its n-th write, and reports whether
// there was one.
func (e *env) interrupt(t *testing.T, n int) bool {
	t.Helper()
	next := e.revision(t) + 1
	c := e.client(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	count := breaking(c, n, cancel)
	start := time.Now()
	_, err := c.Upgrade(ctx, e.spec(t, next, rotated, fmt.Sprint("interrupted at ", n)), Options{})
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("an interrupt at write %d took %s to end", n, d)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("an interrupt at write %d: %v", n, err)
	}
	e.clean(t)
	lease, lerr := e.set.CoordinationV1().Leases(e.namespace).Get(t.Context(), prefix+"etl", metav1.GetOptions{})
	if lerr != nil || lease.Spec.HolderIdentity != nil {
		t.Errorf("after an interrupt at write %d the lock is held: %v, %v", n, lease, lerr)
	}
	if h, herr := e.client(t).History(t.Context(), "etl"); herr == nil {
		if last := h[len(h)-1]; strings.HasPrefix(last.Status, "pending") {
			t.Errorf("after an interrupt at write %d revision %d is %s", n, last.Number, last.Status)
		}
	}
	return int(count.Load()) >= n
}
