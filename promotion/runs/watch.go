package runs

import (
	"context"
	"maps"
	"slices"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	apiwatch "k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// page is how many workflows are read at once: each of them may be a megabyte.
const page = 100

// A watch is one watch of the API server.
type watch struct {
	scope
	ctx      context.Context
	cancel   context.CancelFunc
	informer cache.SharedIndexInformer
	changed  func(cluster Key, namespace, promotion string)

	mu      sync.Mutex
	problem string
	asked   map[string]bool // namespaces
}

func newWatch(ctx context.Context, config *rest.Config, s scope, changed func(cluster Key, namespace, promotion string)) *watch {
	w := &watch{scope: s, changed: changed, asked: map[string]bool{}}
	w.ctx, w.cancel = context.WithCancel(ctx)
	w.informer = cache.NewSharedIndexInformer(w.source(config), &workflow{}, 0, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
	// Neither fails for an informer that has not begun.
	_ = w.informer.SetTransform(strip)
	_ = w.informer.SetWatchErrorHandlerWithContext(func(context.Context, *cache.Reflector, error) {}) // source tells of them
	return w
}

// run watches until it is cancelled.
func (w *watch) run() {
	registration, err := w.informer.AddEventHandler(cache.ResourceEventHandlerDetailedFuncs{
		AddFunc: func(o any, first bool) {
			if !first {
				w.tell(namespaceOf(o), promotionOf(o))
			}
		},
		UpdateFunc: func(old, o any) {
			if !same(old, o) {
				w.tell(namespaceOf(o), promotionOf(o))
			}
		},
		DeleteFunc: func(o any) { w.tell(namespaceOf(o), promotionOf(o)) },
	})
	if err != nil {
		w.report(err)
		return
	}
	var looked sync.WaitGroup
	looked.Go(func() {
		if cache.WaitForCacheSync(w.ctx.Done(), registration.HasSynced) {
			w.tellAll()
		}
	})
	w.informer.RunWithContext(w.ctx)
	looked.Wait()
}

// source reads and watches workflows, in pages also the first time: with the
// resource version 0 that informers ask for, the API server sends all at once. It
// keeps what went wrong last, at once: who reads tries again anyway.
func (w *watch) source(config *rest.Config) cache.ListerWatcher {
	c, err := client(config)
	get := func(ctx context.Context, o metav1.ListOptions) *rest.Request {
		return c.Get().MaxRetries(0).NamespaceIfScoped(w.namespace, w.namespace != "").Resource("workflows").VersionedParams(&o, metav1.ParameterCodec)
	}
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			if err != nil {
				w.report(err)
				return nil, err
			}
			if o.ResourceVersion == "0" {
				o.ResourceVersion = ""
			}
			if o.Limit > page || o.Limit == 0 && o.ResourceVersion == "" {
				o.Limit = page
			}
			all := &workflows{}
			err := get(ctx, o).Do(ctx).Into(all)
			w.report(err)
			for i := range all.Items {
				bare(&all.Items[i])
			}
			return all, err
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (apiwatch.Interface, error) {
			if err != nil {
				w.report(err)
				return nil, err
			}
			o.Watch = true
			stream, err := get(ctx, o).Watch(ctx)
			w.report(err)
			return stream, err
		},
	}
}

// bare drops what a page of workflows need not keep in memory until all pages
// are there.
func bare(w *workflow) {
	w.ManagedFields, w.Annotations, w.Finalizers = nil, nil, nil
}

// report keeps what went wrong, nil for nothing.
func (w *watch) report(err error) {
	problem := ""
	switch {
	case err == nil || w.ctx.Err() != nil:
	case apierrors.IsNotFound(err):
		problem = "the cluster serves no Workflows: is Argo Workflows installed?"
	case apierrors.IsForbidden(err):
		problem = "Workflows may not be listed and watched there: " + err.Error()
	case apierrors.IsResourceExpired(err) || apierrors.IsGone(err):
		return // what was seen is too old, and is read anew
	default:
		problem = "the Workflows there cannot be seen: " + err.Error()
	}
	w.mu.Lock()
	was := w.problem
	w.problem = problem
	w.mu.Unlock()
	if was != problem {
		w.tellAll()
	}
}

func (w *watch) trouble() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.problem
}

func (w *watch) ask(namespace string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked[namespace] = true
}

func (w *watch) forget(namespaces []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, n := range namespaces {
		delete(w.asked, n)
	}
}

// tell tells of a namespace, if anybody asked for it.
func (w *watch) tell(namespace, promotion string) {
	w.mu.Lock()
	asked := w.asked[namespace]
	w.mu.Unlock()
	if asked && w.ctx.Err() == nil {
		w.changed(w.cluster, namespace, promotion)
	}
}

func (w *watch) tellAll() {
	w.mu.Lock()
	all := slices.Sorted(maps.Keys(w.asked))
	w.mu.Unlock()
	for _, namespace := range all {
		w.tell(namespace, "")
	}
}
