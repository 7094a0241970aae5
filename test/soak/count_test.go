package soak

import (
	"fmt"
	"sync"
	"time"
)

// A window tells when a fault was on. What fails then fails for a reason.
type window struct {
	mu     sync.Mutex
	open   int
	closed time.Time     // last
	since  time.Time     // open
	total  time.Duration // that it was open
}

func (w *window) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open++; w.open == 1 {
		w.since = time.Now()
	}
}

func (w *window) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open--; w.open == 0 {
		w.closed = time.Now()
		w.total += w.closed.Sub(w.since)
	}
}

// overlaps reports whether a fault was on at any time since then.
func (w *window) overlaps(start time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.open > 0 || w.closed.After(start)
}

// faulty is for how long faults have been on in all.
func (w *window) faulty() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open > 0 {
		return w.total + time.Since(w.since)
	}
	return w.total
}

// A phase counts what was asked while it lasted.
type phase struct {
	name            string
	from, to        time.Time
	faults          int
	recovery        time.Duration // the longest that it took after a fault
	stalled         time.Duration // that the machine did not work
	sent            int
	right           int
	open            int // let through without defaults while a replica went down: failurePolicy Ignore
	failed          int // with a clean error while a fault was on
	defects         int // with an error while none was on
	wrong, lost     int
	slowest         time.Duration // right answer while no fault was on
	policies        int           // changes of policies that came into force
	leaves, signers int           // certificates and authorities that were served first
}

// A book holds the phases, and what went wrong in words.
type book struct {
	mu       sync.Mutex
	phases   []*phase
	problems []string
	more     int
}

func (b *book) begin(name string) *phase {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if n := len(b.phases); n > 0 {
		b.phases[n-1].to = now
	}
	p := &phase{name: name, from: now}
	b.phases = append(b.phases, p)
	return p
}

func (b *book) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.phases[len(b.phases)-1].to = time.Now()
}

// now is the phase that a request begins in.
func (b *book) now() *phase {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.phases[len(b.phases)-1]
}

// count changes a phase.
func (b *book) count(p *phase, change func(*phase)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(p)
}

// problem notes what went wrong; the first hundred are kept.
func (b *book) problem(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.problems) == 100 {
		b.more++
		return
	}
	b.problems = append(b.problems, fmt.Sprintf("%s %s: ", time.Now().UTC().Format("15:04:05"), b.phases[len(b.phases)-1].name)+fmt.Sprintf(format, args...))
}
