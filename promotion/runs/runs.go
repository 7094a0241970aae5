// Package runs watches Workflows, and tells which runs there are.
//
// In the cluster of the controller there is one watch for all namespaces; in
// others one for each namespace that was asked for, as a kubeconfig seldom may
// see more. What is kept of a workflow is a few hundred bytes.
package runs

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// A Key names a cluster; Local is the one that the controller runs in.
type Key string

// Local is the cluster that the controller runs in.
const Local Key = ""

// KeyOf names the cluster of a kubeconfig that is in a Secret. Another content
// is another cluster, and so is that of another namespace: nobody sees by the
// credentials of others.
func KeyOf(namespace, secret string, kubeconfig []byte) Key {
	sum := sha256.Sum256(kubeconfig)
	return Key(namespace + "/" + secret + "@" + hex.EncodeToString(sum[:8]))
}

// Options are those of a Watcher.
type Options struct {
	// Config reaches the local cluster.
	Config *rest.Config
	// Changed is called when a run of a namespace that was asked for came, changed
	// or went, when the first look at it is over, and when a Problem came or went.
	// It must not block; calls may come from several goroutines.
	// It is told of which promotion, as NAMESPACE/NAME, where what changed is a
	// smoke run, which concerns no other; "" is for all.
	Changed func(cluster Key, namespace, promotion string)
}

// A Watcher watches Workflows.
type Watcher struct {
	changed func(cluster Key, namespace, promotion string)
	ctx     context.Context
	cancel  context.CancelFunc

	mu       sync.Mutex
	clusters map[Key]*rest.Config
	watches  map[scope]*watch
	running  sync.WaitGroup
}

// A scope is what one watch sees: a namespace, or all of the local cluster.
type scope struct {
	cluster   Key
	namespace string
}

// New returns a Watcher, which watches nothing yet.
func New(o Options) *Watcher {
	w := &Watcher{changed: o.Changed, clusters: map[Key]*rest.Config{}, watches: map[scope]*watch{}}
	if w.changed == nil {
		w.changed = func(Key, string, string) {}
	}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	if o.Config != nil {
		w.clusters[Local] = o.Config
	}
	return w
}

// Connect tells how another cluster is reached. A key that is known already is
// left as it is.
func (w *Watcher) Connect(cluster Key, config *rest.Config) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.clusters[cluster]; !ok {
		w.clusters[cluster] = config
	}
}

// Runs returns the runs of a namespace that were created at or after since, and
// all smoke runs, which know better than clocks what they try: the oldest first, and whether that is all of them: false while the first look is
// not over, and while Problem has something to say. The first call for a
// namespace begins to watch it, and does not wait.
func (w *Watcher) Runs(cluster Key, namespace string, since time.Time) ([]v1alpha1.RunRecord, bool) {
	one := w.watch(cluster, namespace)
	if one == nil {
		return nil, false
	}
	objects, err := one.informer.GetIndexer().ByIndex(cache.NamespaceIndex, namespace)
	if err != nil {
		return nil, false
	}
	var all []v1alpha1.RunRecord
	for _, o := range objects {
		if r, ok := o.(*run); ok && (r.record.Gate != "" || !r.record.Created.Time.Before(since)) {
			all = append(all, *r.record.DeepCopy())
		}
	}
	slices.SortFunc(all, func(a, b v1alpha1.RunRecord) int {
		return cmp.Or(a.Created.Time.Compare(b.Created.Time), cmp.Compare(a.Name, b.Name))
	})
	return all, one.informer.HasSynced() && one.trouble() == ""
}

// Problem is why the runs of a namespace cannot be seen, "" if they can, or
// nobody knows yet.
func (w *Watcher) Problem(cluster Key, namespace string) string {
	w.mu.Lock()
	one, known := w.watches[scopeOf(cluster, namespace)], w.clusters[cluster] != nil
	w.mu.Unlock()
	switch {
	case one != nil:
		return one.trouble()
	case !known:
		return "nobody has told how the cluster is reached"
	}
	return ""
}

// Forget ends the watches of some namespaces of a cluster; without any, all of
// them, and how the cluster is reached is forgotten too.
func (w *Watcher) Forget(cluster Key, namespaces ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if one := w.watches[scope{cluster: Local}]; cluster == Local && one != nil {
		one.forget(namespaces)
	}
	for s, one := range w.watches {
		if s.cluster == cluster && (len(namespaces) == 0 || slices.Contains(namespaces, s.namespace)) {
			one.cancel()
			delete(w.watches, s)
		}
	}
	if len(namespaces) == 0 && cluster != Local {
		delete(w.clusters, cluster)
	}
}

// Close ends all watches, and waits for them.
func (w *Watcher) Close() {
	w.mu.Lock()
	w.cancel()
	w.mu.Unlock()
	w.running.Wait()
}

func scopeOf(cluster Key, namespace string) scope {
	if cluster == Local {
		namespace = metav1.NamespaceAll
	}
	return scope{cluster, namespace}
}

// watch returns the watch that sees a namespace, begun if need be; nil where
// nobody has told how the cluster is reached.
func (w *Watcher) watch(cluster Key, namespace string) *watch {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := scopeOf(cluster, namespace)
	one := w.watches[s]
	if one == nil {
		config := w.clusters[cluster]
		if config == nil || w.ctx.Err() != nil {
			return nil
		}
		one = newWatch(w.ctx, config, s, w.changed)
		w.watches[s] = one
		w.running.Go(one.run)
	}
	one.ask(namespace)
	return one
}

// same reports whether two states of a run tell the same.
func same(a, b any) bool {
	x, ok := a.(*run)
	y, too := b.(*run)
	return ok && too && reflect.DeepEqual(x.record, y.record)
}

// namespaceOf returns the namespace of a run, also of one that went unseen.
func namespaceOf(object any) string {
	if gone, ok := object.(cache.DeletedFinalStateUnknown); ok {
		namespace, _, _ := strings.Cut(gone.Key, "/")
		return namespace
	}
	if r, ok := object.(*run); ok {
		return r.Namespace
	}
	return ""
}

// promotionOf returns whose smoke run it is, "" for any other.
func promotionOf(object any) string {
	if gone, ok := object.(cache.DeletedFinalStateUnknown); ok {
		object = gone.Obj
	}
	if r, ok := object.(*run); ok && r.record.Gate != "" {
		return r.record.Promotion
	}
	return ""
}
