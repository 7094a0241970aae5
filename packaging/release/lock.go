package release

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	coordination "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	leases "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/utils/ptr"
)

// prefix starts the names of what is kept beside Helm's records: the inventory
// and the lock of a release.
const prefix = "tiphys.v1."

var errLost = errors.New("the lock of the release was lost: another process has taken over, or the cluster could not be reached for too long")

// Locked is in the error when somebody else is at work on the release.
type Locked struct {
	Release, Namespace string
	// Holder is who, as user@host and process; Since is when it began, by its
	// own clock.
	Holder string
	Since  time.Time

	advice string
}

func (l *Locked) Error() string {
	return fmt.Sprintf("release %q in namespace %q is being worked on by %s since %s; wait until that is done%s",
		l.Release, l.Namespace, l.Holder, l.Since.Local().Format("15:04:05 on 2006-01-02"), l.advice)
}

// A lock is a Lease that this process holds. Nobody else works on the release
// meanwhile, unless told so by hand.
type lock struct {
	leases leases.LeaseInterface
	self   holder
	span   time.Duration // how long it stays ours without being renewed
	name   string

	mu      sync.Mutex
	lease   *coordination.Lease
	renewed time.Time
	lost    bool

	stop chan struct{}
	done chan struct{}
}

// acquire takes the lock of a release. Whether a holder that cannot be asked
// lives is found out by watching: only a lease that nobody renews for as long
// as it is good, by our own clock, is free.
func (c *Client) acquire(ctx context.Context, name string, o Options) (l *lock, err error) {
	n, err := c.connect(context.WithoutCancel(ctx), nil, false)
	if err != nil {
		return nil, err
	}
	n.config.Timeout = c.lease // a request that hangs must not outlast the lease
	set, err := n.clientset()
	if err != nil {
		return nil, err
	}
	self, err := newHolder()
	if err != nil {
		return nil, err
	}
	l = &lock{leases: set.CoordinationV1().Leases(c.namespace), self: self, span: c.lease, name: name, stop: make(chan struct{}), done: make(chan struct{})}
	var seen string
	var since time.Time
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		lease, err := l.leases.Get(ctx, prefix+name, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			err = l.write(nil)
		case err != nil:
		case free(lease) || o.Unlock:
			err = l.write(lease)
		default:
			switch print := fingerprint(lease); {
			case alreadyKnown(lease) || seen != "" && print != seen:
				return nil, &Refused{locked(name, lease)}
			case print != seen:
				seen, since = print, time.Now()
				o.log("the release is locked by " + locked(name, lease).Holder + "; watching whether that lives")
			case time.Since(since) > time.Duration(ptr.Deref(lease.Spec.LeaseDurationSeconds, 15))*time.Second:
				err = l.write(lease)
			}
		}
		switch {
		case l.lease != nil:
			return l, nil
		case err != nil && !apierrors.IsConflict(err) && !apierrors.IsAlreadyExists(err):
			return nil, fmt.Errorf("lock release %q: %w", name, err)
		}
		wait(ctx, c.lease/20)
	}
}

// wait waits, or until ctx ends.
func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// free reports whether nobody holds a lease, or somebody known to be dead.
func free(lease *coordination.Lease) bool {
	name := ptr.Deref(lease.Spec.HolderIdentity, "")
	if name == "" {
		return true
	}
	h, ok := parseHolder(name)
	return ok && h.life() == dead
}

func alreadyKnown(lease *coordination.Lease) bool {
	h, ok := parseHolder(ptr.Deref(lease.Spec.HolderIdentity, ""))
	return ok && h.life() == alive
}

func fingerprint(lease *coordination.Lease) string {
	return fmt.Sprint(ptr.Deref(lease.Spec.HolderIdentity, ""), lease.Spec.RenewTime, ptr.Deref(lease.Spec.LeaseTransitions, 0))
}

func locked(name string, lease *coordination.Lease) *Locked {
	l := &Locked{Release: name, Namespace: lease.Namespace, Holder: ptr.Deref(lease.Spec.HolderIdentity, "")}
	if h, ok := parseHolder(l.Holder); ok {
		l.Holder = fmt.Sprintf("%s (process %d)", h.who, h.pid)
	}
	if t := lease.Spec.AcquireTime; t != nil {
		l.Since = t.Time
	}
	return l
}

// write makes the lease ours: a new one, or the one given if nobody was faster.
// It is not cut short: a lease that is ours and unknown to us would be in the
// way of the next run.
func (l *lock) write(old *coordination.Lease) error {
	began := time.Now()
	now := metav1.NewMicroTime(began)
	lease := &coordination.Lease{ObjectMeta: metav1.ObjectMeta{
		Name: prefix + l.name, Labels: map[string]string{"app.kubernetes.io/managed-by": "tiphys", releaseLabel: l.name},
	}}
	turn := int32(0)
	if old != nil {
		lease = old.DeepCopy()
		turn = ptr.Deref(old.Spec.LeaseTransitions, 0) + 1
	}
	lease.Spec.HolderIdentity = ptr.To(l.self.String())
	lease.Spec.LeaseDurationSeconds = ptr.To(max(1, int32(l.span/time.Second)))
	lease.Spec.AcquireTime, lease.Spec.RenewTime = &now, &now
	lease.Spec.LeaseTransitions = &turn
	var err error
	if old == nil {
		lease, err = l.leases.Create(context.Background(), lease, metav1.CreateOptions{})
	} else {
		lease, err = l.leases.Update(context.Background(), lease, metav1.UpdateOptions{})
	}
	if err == nil {
		l.lease, l.renewed = lease, began
	}
	return err
}

// keep renews the lock until release. When that fails for good, lose is called.
func (l *lock) keep(lose context.CancelCauseFunc) {
	defer close(l.done)
	t := time.NewTicker(l.span / 3)
	defer t.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-t.C:
		}
		if err := l.renew(); err != nil {
			l.mu.Lock()
			l.lost = true
			l.mu.Unlock()
			lose(errLost)
			return
		}
	}
}

// renew writes that we live. It returns an error only when the lock is lost.
func (l *lock) renew() error {
	l.mu.Lock()
	lease, until := l.lease.DeepCopy(), l.renewed.Add(l.span)
	l.mu.Unlock()
	ctx, cancel := context.WithDeadline(context.Background(), until)
	defer cancel()
	began := time.Now()
	now := metav1.NewMicroTime(began)
	lease.Spec.RenewTime = &now
	next, err := l.leases.Update(ctx, lease, metav1.UpdateOptions{})
	if apierrors.IsConflict(err) { // somebody put a label on it, perhaps
		if next, err = l.leases.Get(ctx, lease.Name, metav1.GetOptions{}); err == nil {
			if ptr.Deref(next.Spec.HolderIdentity, "") != l.self.String() {
				return errLost
			}
			next.Spec.RenewTime = &now
			next, err = l.leases.Update(ctx, next, metav1.UpdateOptions{})
		}
	}
	switch {
	case apierrors.IsNotFound(err):
		return errLost
	case err != nil && time.Now().After(until):
		return errLost
	case err != nil:
		return nil // there is time for another try
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lease, l.renewed = next, began
	return nil
}

// held returns an error when the lock may not be ours any more. It looks at
// both clocks: one stands still while a machine sleeps, the other may be set.
func (l *lock) held() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if l.lost || now.Sub(l.renewed) > l.span || now.Round(0).Sub(l.renewed.Round(0)) > l.span {
		return errLost
	}
	return nil
}

// release gives the lock back; gone removes it altogether.
func (l *lock) release(gone bool) {
	close(l.stop)
	<-l.done
	if l.lost {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), afterInterrupt)
	defer cancel()
	for range 3 {
		lease, err := l.leases.Get(ctx, l.lease.Name, metav1.GetOptions{})
		if err != nil || ptr.Deref(lease.Spec.HolderIdentity, "") != l.self.String() {
			return
		}
		if gone {
			err = l.leases.Delete(ctx, lease.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &lease.UID, ResourceVersion: &lease.ResourceVersion}})
		} else {
			lease.Spec.HolderIdentity, lease.Spec.RenewTime = nil, nil
			_, err = l.leases.Update(ctx, lease, metav1.UpdateOptions{})
		}
		if !apierrors.IsConflict(err) {
			return // what stays is waited out
		}
	}
}
