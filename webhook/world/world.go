// Package world knows from memory what is in a cluster: the signatures of
// templates, the names of what workflows refer to, the labels of namespaces,
// and the labels of runs. It is what admission and audits ask instead of the
// API server.
//
// What it keeps is small: of a WorkflowTemplate what a caller can rely on, of a
// Secret its name. The data of Secrets and ConfigMaps is never asked for.
//
// It never says Absent from memory alone. A cache that is switched off,
// forbidden, not filled yet or cut off for long answers Unknown. One that is up
// to date lags behind by what is on its way, and people create a Secret and the
// workflow that mounts it in one breath: so what is not in memory is asked for,
// by name and within a short time, and Absent is what the API server said.
package world

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/workflow"
	"github.com/tiphys-dev/tiphys/policies/concurrency"
)

// Options say what is watched. The zero value watches everything.
type Options struct {
	// Off are the kinds that are not watched, such as Secret: the answer for
	// them is always Unknown, and no right to list them is needed.
	Off []string
	// Stale is how long a cache may be cut off before it no longer says that
	// something is absent; 30 seconds unless given.
	Stale time.Duration
	// Confirm is how long the API server may take to say that something is
	// absent; half a second unless given.
	Confirm time.Duration
	// Log is told what cannot be watched; nil is silent.
	Log *slog.Logger
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

func (o Options) complete() Options {
	if o.Stale == 0 {
		o.Stale = 30 * time.Second
	}
	if o.Confirm == 0 {
		o.Confirm = 500 * time.Millisecond
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// A World is what is known of a cluster. Its methods may be called from several
// goroutines, before Run and after it, too.
type World struct {
	options Options
	caches  []*cache
	confirm confirmer
}

var _ resolve.World = (*World)(nil)

// New returns a world that knows nothing yet.
func New(config *rest.Config, o Options) (*World, error) {
	for _, off := range o.Off {
		if !slices.ContainsFunc(kinds, func(k kind) bool { return k.name == off }) {
			return nil, fmt.Errorf("%q is not a kind that is watched", off)
		}
	}
	o = o.complete()
	config = rest.CopyConfig(config)
	config.QPS = -1 // what is asked is bounded here, not by making requests wait
	meta, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make a client for metadata: %w", err)
	}
	full, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make a client: %w", err)
	}
	w := &World{options: o, confirm: confirmer{turns: make(chan struct{}, mostOpen)}}
	for _, k := range kinds {
		c := &cache{kind: k, options: &w.options, off: slices.Contains(o.Off, k.name), meta: meta.Resource(k.resource)}
		c.source = fromMetadata(c.meta, k)
		if k.signature {
			c.source = fromObjects(full.Resource(k.resource), k)
		}
		w.caches = append(w.caches, c)
	}
	return w, nil
}

// Run keeps the world up to date until ctx is done.
func (w *World) Run(ctx context.Context) {
	var all sync.WaitGroup
	for _, c := range w.caches {
		if !c.off {
			all.Go(func() { c.run(ctx) })
		}
	}
	all.Wait()
}

func (w *World) cache(kind string) *cache {
	for _, c := range w.caches {
		if c.kind.name == kind && !c.off {
			return c
		}
	}
	return nil
}

// look finds an object in memory. It is Unknown if it is not there; the cache is
// nil where that says nothing.
func (w *World) look(kind, namespace, name string) (*cache, record, resolve.State) {
	c := w.cache(kind)
	if c == nil || name == "" || c.kind.namespaced && namespace == "" {
		return nil, record{}, resolve.Unknown
	}
	if r, ok := c.store.get(c.space(namespace), name); ok {
		return c, r, resolve.Known
	}
	return c, record{}, resolve.Unknown
}

// kept reports whether an object is one that admission itself makes, once the
// first run that needs it is let in.
func kept(kind, name string) bool { return kind == "ConfigMap" && name == concurrency.ConfigMap }

func libraryKind(cluster bool) string {
	if cluster {
		return workflow.KindClusterWorkflowTemplate
	}
	return workflow.KindWorkflowTemplate
}

// Library returns the signature of a WorkflowTemplate, or with cluster of a
// ClusterWorkflowTemplate.
func (w *World) Library(namespace, name string, cluster bool) (*resolve.Library, resolve.State) {
	return w.Within(context.Background()).Library(namespace, name, cluster)
}

// Object tells whether there is an object of a kind.
func (w *World) Object(kind, namespace, name string) resolve.State {
	return w.Within(context.Background()).Object(kind, namespace, name)
}

// Names returns names of objects of a kind in a namespace, for suggestions.
func (w *World) Names(kind, namespace string) []string {
	c := w.cache(kind)
	if c == nil {
		return nil
	}
	return c.store.names(c.space(namespace))
}

// Namespace returns the labels of a namespace, and whether they are known. They
// are not to be changed.
func (w *World) Namespace(name string) (labels map[string]string, known bool) {
	c := w.cache(Namespace)
	if c == nil {
		return nil, false
	}
	if r, ok := c.store.get("", name); ok {
		return r.labels, true
	}
	r, state := w.confirm.ask(context.Background(), c, "", name)
	return r.labels, state == resolve.Known
}

// Runs calls f for each Workflow of a namespace that is not marked as
// completed, as far as known, until f returns false. The labels are not to be
// changed.
func (w *World) Runs(namespace string, f func(name string, labels map[string]string) bool) (known bool) {
	c := w.cache(workflow.KindWorkflow)
	if c == nil {
		return false
	}
	c.store.each(namespace, func(name string, r record) bool { return f(name, r.labels) })
	return c.fresh()
}
