package client

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// A Query is which promotions to watch: by default all of the namespace.
type Query struct {
	// Name is that of one.
	Name string
	// All takes those of all namespaces.
	All bool
}

// A Sight is what is seen at one time.
type Sight struct {
	// Views are by namespace and name.
	Views []View
	// Problem is why it may be old: the cluster does not answer just now. It is
	// asked again by itself.
	Problem error
}

// Watch calls see with all there is, and again after each change, until ctx
// ends or the cluster refuses. It outlives connections. Calls of see do not
// overlap; a Sight is only to be read.
func (c *Client) Watch(ctx context.Context, q Query, see func(Sight)) error {
	var err error
	if q.Name != "" { // what is wrong from the start is told in words
		_, err = c.Get(ctx, q.Name)
	} else {
		_, err = c.Promotions(ctx, q.All)
	}
	if err != nil {
		return err
	}
	w := &watcher{client: c, query: q, changed: make(chan struct{}, 1)}
	config := rest.CopyConfig(c.access.Config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return &line{next, w} })
	if w.kinds, err = ours(config); err != nil {
		return err
	}
	ctx, w.stop = context.WithCancelCause(ctx)
	var done sync.WaitGroup
	defer done.Wait()
	defer w.stop(nil)
	for i, kind := range []struct {
		resource string
		object   runtime.Object
		list     func() runtime.Object
	}{
		{"promotions", &v1alpha1.Promotion{}, func() runtime.Object { return &v1alpha1.PromotionList{} }},
		{"candidates", &v1alpha1.Candidate{}, func() runtime.Object { return &v1alpha1.CandidateList{} }},
		{"approvals", &v1alpha1.Approval{}, func() runtime.Object { return &v1alpha1.ApprovalList{} }},
	} {
		w.stores[i] = &store{Store: cache.NewStore(cache.MetaNamespaceKeyFunc), changed: w.poke}
		r := cache.NewReflectorWithOptions(w.lister(i, kind.resource, kind.list), kind.object, w.stores[i], cache.ReflectorOptions{})
		done.Go(func() { r.RunWithContext(ctx) })
	}
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-w.changed:
			if s, ok := w.sight(); ok {
				see(s)
			}
		}
	}
}

type watcher struct {
	client  *Client
	kinds   rest.Interface
	query   Query
	stores  [3]*store
	changed chan struct{}
	stop    context.CancelCauseFunc

	mu       sync.Mutex
	problems [4]error // of each kind, and of the line
}

// A line tells whether anybody answers. What watches would not say so, as it
// takes a connection that ends for nothing but the end of a watch.
type line struct {
	next    http.RoundTripper
	watcher *watcher
}

func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := l.next.RoundTrip(r)
	if r.Context().Err() == nil {
		l.watcher.keep(len(l.watcher.stores), l.watcher.client.explain("watch", err))
	}
	return response, err
}

func (w *watcher) poke() {
	select {
	case w.changed <- struct{}{}:
	default: // somebody has said so
	}
}

// note keeps how the last request of a kind went.
func (w *watcher) note(i int, resource string, err error) {
	if apierrors.IsResourceExpired(err) || apierrors.IsGone(err) {
		err = nil // it is listed anew
	}
	err = w.client.explain("watch "+resource, err)
	if apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) || apierrors.IsNotFound(err) || errors.Is(err, ErrNotInstalled) {
		w.stop(err)
	}
	w.keep(i, err)
}

func (w *watcher) keep(i int, err error) {
	w.mu.Lock()
	was := w.problems[i]
	w.problems[i] = err
	w.mu.Unlock()
	if (was == nil) != (err == nil) {
		w.poke()
	}
}

func (w *watcher) lister(i int, resource string, empty func() runtime.Object) *cache.ListWatch {
	namespace := w.client.access.Namespace
	if w.query.All {
		namespace = metav1.NamespaceAll
	}
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			list := empty()
			err := w.kinds.Get().Namespace(namespace).Resource(resource).SpecificallyVersionedParams(&o, metav1.ParameterCodec, metav1.Unversioned).Timeout(requestTimeout).Do(ctx).Into(list)
			w.note(i, resource, err)
			return list, err
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			o.Watch = true
			got, err := w.kinds.Get().Namespace(namespace).Resource(resource).SpecificallyVersionedParams(&o, metav1.ParameterCodec, metav1.Unversioned).Watch(ctx)
			w.note(i, resource, err)
			return got, err
		},
	}
}

// sight is what is known, once every kind was listed.
func (w *watcher) sight() (Sight, bool) {
	for _, s := range w.stores {
		if !s.filled() {
			return Sight{}, false
		}
	}
	candidates, approvals := all[v1alpha1.Candidate](w.stores[1]), all[v1alpha1.Approval](w.stores[2])
	s := Sight{Views: []View{}}
	for _, p := range all[v1alpha1.Promotion](w.stores[0]) {
		if w.query.Name == "" || w.query.Name == p.Name {
			s.Views = append(s.Views, view(p, candidates, approvals))
		}
	}
	slices.SortFunc(s.Views, func(a, b View) int {
		return cmp.Or(cmp.Compare(a.Promotion.Namespace, b.Promotion.Namespace), cmp.Compare(a.Promotion.Name, b.Promotion.Name))
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.problems {
		s.Problem = cmp.Or(s.Problem, p)
	}
	return s, true
}

func all[T any](s *store) []*T {
	var objects []*T
	for _, o := range s.List() {
		objects = append(objects, any(o).(*T))
	}
	return objects
}

// A store tells of each change.
type store struct {
	cache.Store
	changed func()

	mu   sync.Mutex
	full bool
}

func (s *store) filled() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.full
}

func (s *store) Add(o any) error    { defer s.changed(); return s.Store.Add(o) }
func (s *store) Update(o any) error { defer s.changed(); return s.Store.Update(o) }
func (s *store) Delete(o any) error { defer s.changed(); return s.Store.Delete(o) }

func (s *store) Replace(list []any, version string) error {
	err := s.Store.Replace(list, version)
	s.mu.Lock()
	s.full = true
	s.mu.Unlock()
	s.changed()
	return err
}
