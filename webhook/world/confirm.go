package world

import (
	"context"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"

	"github.com/tiphys-dev/tiphys/lint/resolve"
)

const (
	pause    = 2 * time.Second // how long nothing is asked after the API server gave no answer
	mostOpen = 16              // how many questions are asked at once
)

// A confirmer asks the API server whether what is not in memory exists. An
// answer is never used for a question that came after it: what was absent a
// moment ago may have been created since.
type confirmer struct {
	turns chan struct{} // as many as may be asked at once

	mu    sync.Mutex
	until time.Time // nothing is asked before
}

// ask tells whether an object exists. It is Unknown where the API server does
// not say so in time.
func (f *confirmer) ask(ctx context.Context, c *cache, namespace, name string) (record, resolve.State) {
	if !c.fresh() || f.pausing(c.options.Now()) {
		return record{}, resolve.Unknown
	}
	ctx, cancel := context.WithTimeout(ctx, c.options.Confirm)
	defer cancel()
	select {
	case f.turns <- struct{}{}:
		defer func() { <-f.turns }()
	case <-ctx.Done():
		return record{}, resolve.Unknown
	}
	r, err := lookup(ctx, c, namespace, name)
	switch {
	case err != nil:
		f.rest(c.options.Now().Add(pause))
		return record{}, resolve.Unknown
	case r == nil:
		return record{}, resolve.Absent
	}
	return *r, resolve.Known
}

func (f *confirmer) pausing(now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return now.Before(f.until)
}

func (f *confirmer) rest(until time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.until = until
}

// lookup lists by name rather than gets: the right to list is all that the
// caches need, too. It returns nil for what does not exist.
func lookup(ctx context.Context, c *cache, namespace, name string) (*record, error) {
	o := metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, name).String(), Limit: 1}
	page, err := c.meta.Namespace(namespace).List(ctx, o)
	if err != nil || len(page.Items) == 0 {
		return nil, err
	}
	return &record{labels: page.Items[0].Labels}, nil
}
