package controller

import (
	"context"
	"sync"
	"time"

	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// A waker puts promotions into the queue of a controller at the time that they
// wait for. It goes by the clock, so that a test may turn it on. It is a source
// of a controller; before that has begun, it does nothing.
type waker struct {
	clock clock.WithDelayedExecution

	mu     sync.Mutex
	queue  queue
	timers map[key]alarm
	known  map[key]bool
}

type alarm struct {
	at    time.Time
	timer clock.Timer
}

// Start implements a source of a controller.
func (w *waker) Start(_ context.Context, q queue) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.queue = q
	return nil
}

// first reports whether nobody has asked for a promotion before.
func (w *waker) first(k key) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.known[k] {
		return false
	}
	if w.known == nil {
		w.known = map[key]bool{}
	}
	w.known[k] = true
	return true
}

// now has a promotion looked at.
func (w *waker) now(k key) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.queue != nil {
		w.queue.Add(reconcile.Request{NamespacedName: k})
	}
}

// at has a promotion looked at at t, and no more at the time named before; at
// the zero time, not at all.
func (w *waker) at(k key, t time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	was, ok := w.timers[k]
	if ok && was.at.Equal(t) && t.After(w.clock.Now()) {
		return
	}
	if ok {
		was.timer.Stop()
		delete(w.timers, k)
	}
	if t.IsZero() || w.queue == nil {
		return
	}
	if w.timers == nil {
		w.timers = map[key]alarm{}
	}
	q := w.queue // not w: a clock may call while it is asked
	add := func() { q.Add(reconcile.Request{NamespacedName: k}) }
	w.timers[k] = alarm{t, w.clock.AfterFunc(max(1, t.Sub(w.clock.Now())), add)}
	if !w.clock.Now().Before(t) {
		add() // it went on while it was asked, or t is over
	}
}

// drop forgets a promotion.
func (w *waker) drop(k key) {
	w.at(k, time.Time{})
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.known, k)
}

// stop forgets all times.
func (w *waker) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for k, a := range w.timers {
		a.timer.Stop()
		delete(w.timers, k)
	}
	w.queue = nil
}
