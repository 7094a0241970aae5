package world

import (
	"context"
	"errors"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/metadata"
	kubecache "k8s.io/client-go/tools/cache"
)

// A cache is what is known of one kind.
type cache struct {
	kind    kind
	options *Options
	off     bool
	source  feed
	meta    metadata.Getter
	store   store

	mu     sync.Mutex
	watch  int       // the number of the last watch
	open   bool      // whether it runs
	broken time.Time // since when it does not
	err    error     // why
}

func (c *cache) space(namespace string) string {
	if c.kind.namespaced {
		return namespace
	}
	return ""
}

func (c *cache) run(ctx context.Context) {
	c.fail(0, nil)
	w := &kubecache.ListWatch{ListWithContextFunc: c.list, WatchFuncWithContext: c.follow}
	r := kubecache.NewReflectorWithOptions(w, &item{}, &c.store, kubecache.ReflectorOptions{Name: "world " + c.kind.name, TypeDescription: c.kind.name})
	r.RunWithContext(ctx)
}

func (c *cache) list(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
	o.LabelSelector = c.kind.selector
	page, err := c.source.list(ctx, o)
	if err != nil {
		c.failed(ctx, err)
		return nil, err
	}
	return page, nil
}

func (c *cache) follow(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
	o.LabelSelector = c.kind.selector
	in, err := c.source.watch(ctx, o)
	if err != nil {
		c.failed(ctx, err)
		return nil, err
	}
	return follow(in, c.source.slim, c.opened()), nil
}

// opened notes that a watch runs and returns what notes that it has ended.
func (c *cache) opened() func(error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watch++
	c.open, c.err = true, nil
	mine := c.watch
	return func(err error) { c.fail(mine, err) }
}

func (c *cache) failed(ctx context.Context, err error) {
	if ctx.Err() == nil {
		c.options.Log.Warn("cannot watch", "kind", c.kind.name, "error", err)
	}
	c.mu.Lock()
	mine := c.watch
	c.mu.Unlock()
	c.fail(mine, err)
}

// fail notes that a watch has ended, unless another one runs already.
func (c *cache) fail(watch int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if watch != c.watch {
		return
	}
	if c.open || c.broken.IsZero() {
		c.broken = c.options.Now()
	}
	c.open = false
	if err != nil {
		c.err = err
	}
}

// age is for how long the cache has been cut off; zero while it is not.
func (c *cache) age() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open || c.broken.IsZero() {
		return 0
	}
	return c.options.Now().Sub(c.broken)
}

// fresh reports whether what is not in the store is, but for what is on its
// way, not in the cluster.
func (c *cache) fresh() bool {
	_, filled := c.store.size()
	return filled && c.age() < c.options.Stale
}

// forbidden reports whether the API server refuses to tell.
func (c *cache) forbidden() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	var status apierrors.APIStatus
	return errors.As(c.err, &status) && (apierrors.IsForbidden(c.err) || apierrors.IsNotFound(c.err) || apierrors.IsMethodNotSupported(c.err))
}

// A follower passes events on without what is not kept.
type follower struct {
	in     watch.Interface
	out    chan watch.Event
	done   chan struct{}
	closed sync.Once
}

func follow(in watch.Interface, slim func(runtime.Object) (*item, error), ended func(error)) *follower {
	f := &follower{in: in, out: make(chan watch.Event), done: make(chan struct{})}
	go func() {
		defer close(f.out)
		ended(f.pass(slim))
	}()
	return f
}

func (f *follower) pass(slim func(runtime.Object) (*item, error)) error {
	for e := range f.in.ResultChan() {
		var err error
		if e.Type == watch.Error {
			err = apierrors.FromObject(e.Object)
		} else if e.Object, err = slim(e.Object); err != nil {
			return err
		}
		select {
		case f.out <- e:
		case <-f.done:
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Stop ends the watch.
func (f *follower) Stop() {
	f.closed.Do(func() { close(f.done) })
	f.in.Stop()
}

// ResultChan has the events.
func (f *follower) ResultChan() <-chan watch.Event { return f.out }
