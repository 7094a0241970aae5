package release

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	coordination "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

func testTwoAtOnce(t *testing.T, e *env) {
	e.upgrade(t, e.spec(t, 1, password, ""), Options{})
	const n = 4
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			_, errs[i] = e.client(t).Upgrade(t.Context(), e.spec(t, 2, rotated, "at once"), Options{})
		})
	}
	all.Wait()
	won := 0
	for _, err := range errs {
		var l *Locked
		switch {
		case err == nil:
			won++
		case !errors.As(err, &l) || !strings.Contains(err.Error(), `release "etl" in namespace "`+e.namespace+`" is being worked on by `):
			t.Errorf("the loser hears: %v", err)
		}
	}
	st, err := e.client(t).Status(t.Context(), "etl")
	if err != nil {
		t.Fatal(err)
	}
	if won < 1 || st.Number != 1+won { // late ones may come one after the other
		t.Errorf("%d won, and revision %d is there", won, st.Number)
	}
	e.deployed(t, "etl", 1+won)
}

// hold makes a lease of somebody on another machine.
func (e *env) hold(t *testing.T, name string, seconds int32) *coordination.Lease {
	t.Helper()
	now := metav1.NowMicro()
	l, err := e.set.CoordinationV1().Leases(e.namespace).Create(t.Context(), &coordination.Lease{
		ObjectMeta: metav1.ObjectMeta{Name: prefix + name},
		Spec: coordination.LeaseSpec{HolderIdentity: ptr.To("ana@laptop/17/4711/0011223344556677/0123456789abcdef"), LeaseDurationSeconds: &seconds,
			AcquireTime: &now, RenewTime: &now},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func testStaleLock(t *testing.T, e *env) {
	e.hold(t, "etl", 2)
	start := time.Now()
	e.upgrade(t, e.spec(t, 1, password, ""), Options{})
	if d := time.Since(start); d < 2*time.Second || d > 20*time.Second {
		t.Errorf("a lease of 2 s was taken over after %s", d)
	}
	e.deployed(t, "etl", 1)

	// One that is renewed lives.
	l := e.hold(t, "other", 60)
	c := e.client(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	count := breaking(c, 0, nil)
	go func() {
		for ctx.Err() == nil {
			wait(ctx, 50*time.Millisecond)
			now := metav1.NowMicro()
			l.Spec.RenewTime = &now
			if next, err := e.set.CoordinationV1().Leases(e.namespace).Update(ctx, l, metav1.UpdateOptions{}); err == nil {
				l = next
			}
		}
	}()
	s := e.spec(t, 1, password, "")
	s.Name = "other"
	_, err := c.Upgrade(t.Context(), s, Options{})
	if err == nil || !strings.Contains(err.Error(), "is being worked on by ana@laptop (process 17) since ") {
		t.Errorf("an upgrade under a lock that lives: %v", err)
	}
	if count.Load() != 0 {
		t.Errorf("it wrote %d times", count.Load())
	}
	cancel()
	if _, err := e.client(t).Uninstall(t.Context(), "etl", Options{}); err != nil { // it has objects of the same names
		t.Fatal(err)
	}
	if _, err := e.client(t).Upgrade(t.Context(), s, Options{Unlock: true}); err != nil {
		t.Errorf("an upgrade that takes over by force: %v", err)
	}
}

func testLostLock(t *testing.T, e *env) {
	e.upgrade(t, e.spec(t, 1, password, ""), Options{})
	c := e.client(t)
	c.lease = 3 * time.Second
	done := make(chan struct{})
	breaking(c, 4, func() { // somebody takes over by hand in the middle
		l, err := e.set.CoordinationV1().Leases(e.namespace).Get(t.Context(), prefix+"etl", metav1.GetOptions{})
		if err == nil {
			l.Spec.HolderIdentity = ptr.To("ana@laptop/17/4711/0011223344556677/0123456789abcdef")
			l.Spec.LeaseDurationSeconds = ptr.To(int32(1))
			_, err = e.set.CoordinationV1().Leases(e.namespace).Update(t.Context(), l, metav1.UpdateOptions{})
		}
		if err != nil {
			t.Error(err)
		}
		close(done)
		wait(t.Context(), 3*time.Second) // so that a renewal comes meanwhile
	})
	_, err := c.Upgrade(t.Context(), e.spec(t, 2, rotated, ""), Options{})
	<-done
	if !errors.Is(err, errLost) {
		t.Errorf("an upgrade whose lock was taken: %v", err)
	}
	l, err := e.set.CoordinationV1().Leases(e.namespace).Get(t.Context(), prefix+"etl", metav1.GetOptions{})
	if err != nil || !strings.HasPrefix(*l.Spec.HolderIdentity, "ana@laptop") {
		t.Errorf("the lock of the other was touched: %v, %v", l, err)
	}
	r := e.upgrade(t, e.spec(t, e.revision(t)+1, password, ""), Options{})
	e.deployed(t, "etl", r.Revision)
}

func TestHolder(t *testing.T) {
	h, err := newHolder()
	if err != nil {
		t.Fatal(err)
	}
	same, ok := parseHolder(h.String())
	if !ok || same != h {
		t.Errorf("%v read back is %v", h, same)
	}
	if machine() == "" {
		t.Skip("nobody is known to be dead on this system")
	}
	other, reborn, gone := h, h, h
	other.machine, reborn.start, gone.pid = "0011223344556677", h.start+"1", 1<<22+1
	for sentence, c := range map[string]struct {
		h    holder
		want life
	}{
		"we live":                                   {h, alive},
		"nothing is known of other machines":        {other, unknown},
		"another process with our number is not us": {reborn, dead},
		"no such process":                           {gone, dead},
	} {
		if got := c.h.life(); got != c.want {
			t.Errorf("%s: got %d, want %d", sentence, got, c.want)
		}
	}
	for _, junk := range []string{"", "a", "a/b/c/d/e", "a/-1/c/d/e", "controller-manager_1234"} {
		if _, ok := parseHolder(junk); ok {
			t.Errorf("%q is read as a holder", junk)
		}
	}
}
