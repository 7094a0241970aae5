// Package runs watches Workflows, and tells which runs there are.
package runs

import (
	"context"
	"errors"
	"time"

	"k8s.io/client-go/rest"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// A Key names a cluster; Local is the one that the controller runs in.
type Key string

// Local is the cluster that the controller runs in.
const Local Key = ""

// KeyOf names the cluster of a kubeconfig that is in a Secret. Another content
// is another cluster, and so is that of another namespace.
func KeyOf(namespace, secret string, kubeconfig []byte) Key { return "" }

// Options are those of a Watcher.
type Options struct {
	// Config reaches the local cluster.
	Config *rest.Config
	// Changed is called when a run of a namespace came, changed or went, and when
	// the first look at a namespace is over. It must not block; calls may come from
	// several goroutines.
	Changed func(cluster Key, namespace string)
}

// A Watcher watches Workflows.
type Watcher struct{ o Options }

// New returns a Watcher, which watches nothing yet.
func New(o Options) *Watcher { return &Watcher{o: o} }

// Connect tells how another cluster is reached. A key that is known already is
// left as it is.
func (w *Watcher) Connect(cluster Key, config *rest.Config) {}

// Runs returns the runs of a namespace that were created at or after since, the
// oldest first, and whether that is all of them: false while the first look is
// not over, and where Problem has something to say. The first call for a
// namespace begins to watch it, and does not wait.
func (w *Watcher) Runs(cluster Key, namespace string, since time.Time) ([]v1alpha1.RunRecord, bool) {
	return nil, false
}

// Problem is why the runs of a namespace cannot be seen, "" if they can.
func (w *Watcher) Problem(cluster Key, namespace string) string { return "" }

// Forget ends the watches of a cluster.
func (w *Watcher) Forget(cluster Key) {}

// Close ends all watches, and waits for them.
func (w *Watcher) Close() {}

// MaySee returns nil if whom config acts as may list Workflows of the
// namespace.
func MaySee(ctx context.Context, config *rest.Config, namespace string) error {
	return errors.New("nobody asks yet")
}
