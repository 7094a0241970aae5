package world

import (
	"context"
	"maps"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"

	"github.com/tiphys-dev/tiphys/lint/resolve"
)

// remembered is for how long an answer is not asked for again, and pause is for
// how long nothing is asked after the API server gave none.
const (
	remembered = time.Second
	pause      = 2 * time.Second
	mostOpen   = 16
	mostKept   = 4096
)

// A confirmer asks the API server whether what is not in memory exists.
type confirmer struct {
	mu      sync.Mutex
	answers map[question]*answer
	until   time.Time     // nothing is asked before
	turns   chan struct{} // as many as may be asked at once
}

type question struct{ kind, namespace, name string }

type answer struct {
	done   chan struct{}
	at     time.Time
	record record
	state  resolve.State
}

// ask tells whether an object exists. It is Unknown where the API server does
// not say so in time.
func (f *confirmer) ask(ctx context.Context, c *cache, namespace, name string) (record, resolve.State) {
	if !c.fresh() {
		return record{}, resolve.Unknown
	}
	q := question{c.kind.name, namespace, name}
	a, mine := f.enter(q, c.options.Now())
	if a == nil {
		return record{}, resolve.Unknown
	}
	if mine {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.options.Confirm)
		go func() {
			defer cancel()
			r, state := f.lookup(ctx, c, namespace, name)
			f.leave(a, r, state, c.options.Now())
		}()
	}
	select {
	case <-a.done:
		return a.record, a.state
	case <-ctx.Done():
		return record{}, resolve.Unknown
	}
}

// enter returns the answer to wait for, and whether it is the caller who must
// find it; nil where nothing may be asked now.
func (f *confirmer) enter(q question, now time.Time) (a *answer, mine bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if a := f.answers[q]; a != nil && (a.at.IsZero() || now.Sub(a.at) < remembered) {
		return a, false
	}
	if now.Before(f.until) {
		return nil, false
	}
	maps.DeleteFunc(f.answers, func(_ question, a *answer) bool {
		return !a.at.IsZero() && now.Sub(a.at) >= remembered
	})
	if len(f.answers) >= mostKept {
		return nil, false
	}
	if f.answers == nil {
		f.answers = map[question]*answer{}
	}
	a = &answer{done: make(chan struct{})}
	f.answers[q] = a
	return a, true
}

func (f *confirmer) leave(a *answer, r record, state resolve.State, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a.at, a.record, a.state = now, r, state
	if state == resolve.Unknown {
		f.until = now.Add(pause)
	}
	close(a.done)
}

// lookup lists by name rather than gets: the right to list is all that the
// caches need, too.
func (f *confirmer) lookup(ctx context.Context, c *cache, namespace, name string) (record, resolve.State) {
	select {
	case f.turns <- struct{}{}:
		defer func() { <-f.turns }()
	case <-ctx.Done():
		return record{}, resolve.Unknown
	}
	options := metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, name).String(), Limit: 1}
	in := c.meta.Namespace(namespace)
	page, err := in.List(ctx, options)
	switch {
	case err != nil:
		return record{}, resolve.Unknown
	case len(page.Items) == 0:
		return record{}, resolve.Absent
	}
	return record{labels: page.Items[0].Labels}, resolve.Known
}
