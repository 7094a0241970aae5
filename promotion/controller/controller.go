// Package controller carries out promotions in a cluster.
//
// For each Promotion it gathers what is known, decides (package decide), records
// the intent, acts, and records what became of it. All that is remembered is in
// the API server and in git: what this process keeps beside that are facts that
// it can gather again, as what linting found. One replica, the leader, acts; that
// two act at once does no harm either, as every action is the same when it is
// done twice.
//
// A reconciliation that meets an error is tried again with growing pauses; one
// that waits for a time is woken exactly then; all else is begun by a watch.
package controller

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	core "k8s.io/api/core/v1"
	events "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	server "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/internal/calm"
	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/packaging/bundle"
	"github.com/tiphys-dev/tiphys/packaging/release"
	"github.com/tiphys-dev/tiphys/promotion/notify"
	"github.com/tiphys-dev/tiphys/promotion/runs"
	"github.com/tiphys-dev/tiphys/promotion/store"
)

// Manager is the name under which statuses are written, Events are sent and
// leaders are elected.
const Manager = "tiphys-controller"

// Options configure a controller.
type Options struct {
	// Config tells how to reach the API server.
	Config *rest.Config
	// Namespace is where the Lease of the leader is.
	Namespace string
	// Alone is set where there is no other replica: nobody is elected.
	Alone bool
	// Lease is how long a leader that is not heard of is waited for; 0 is 15
	// seconds.
	Lease time.Duration
	// Namespaces are those whose promotions are carried out; none is all.
	Namespaces []string
	// Request is how long one request to the API server may take, beside watches;
	// 0 is half a minute.
	Request time.Duration
	// Concurrency is how many promotions are worked on at once; 0 is 8. Polls is
	// how many sources are looked at at once; 0 is 4.
	Concurrency, Polls int
	// Argo is the version of Argo Workflows that is linted for; the zero value is
	// the newest.
	Argo lint.Version
	// ArgoURL is the address of Argo's page, for links to runs; "" for none.
	ArgoURL string
	// Prometheus is the address that metric gates ask unless they name one.
	Prometheus string
	// Local allows sources and pins that are folders of this machine, and PlainHTTP
	// notifications without TLS. They are for tests.
	Local, PlainHTTP bool
	// Clock is the clock; nil is that of the machine.
	Clock clock.WithDelayedExecution
	Log   *slog.Logger
}

// A Controller carries out promotions.
type Controller struct {
	options Options
	clock   clock.WithDelayedExecution
	log     *slog.Logger
	manager manager.Manager
	client  client.Client
	// direct reads without a cache.
	direct   client.Reader
	store    *store.Store
	runs     *runs.Watcher
	policies policyBook
	metrics  *metricSet
	notify   *notify.Sender

	wakes waker // of decisions
	polls waker // of sources

	kinds   release.Kinds
	facts   facts
	written written
	places  places
	crowd   crowd
	synced  atomic.Bool
}

// New returns a controller that does nothing yet.
func New(o Options) (*Controller, error) {
	defaults(&o)
	config := rest.CopyConfig(o.Config)
	config.QPS = -1 // what is asked is bounded by what changes, and by Concurrency
	c := &Controller{options: o, clock: o.Clock, log: o.Log, metrics: newMetrics(), notify: &notify.Sender{PlainHTTP: o.PlainHTTP}}
	c.options.Config = config
	c.wakes.clock, c.polls.clock = o.Clock, o.Clock
	bounded, err := boundedClient(config, o.Request)
	if err != nil {
		return nil, fmt.Errorf("make a client: %w", err)
	}
	options := managerOptions(o)
	options.Client.HTTPClient = bounded
	m, err := ctrl.NewManager(config, options)
	if err != nil {
		return nil, fmt.Errorf("make a manager: %w", err)
	}
	c.manager, c.client = m, m.GetClient()
	if c.direct, err = client.New(config, client.Options{HTTPClient: bounded, Scheme: m.GetScheme(), Mapper: m.GetRESTMapper()}); err != nil {
		return nil, fmt.Errorf("make a client: %w", err)
	}
	c.store = &store.Store{Reader: c.direct, Writer: c.client}
	c.runs = runs.New(runs.Options{Config: config, Changed: c.ran})
	if err := c.wire(); err != nil {
		return nil, fmt.Errorf("make a controller: %w", err)
	}
	return c, nil
}

// boundedClient is one whose requests end, whatever is at the other end: a
// reconciliation that waits for ever is one that nobody carries out. Watches must
// not use it.
func boundedClient(config *rest.Config, request time.Duration) (*http.Client, error) {
	config = rest.CopyConfig(config)
	config.Timeout = request
	return rest.HTTPClientFor(config)
}

func defaults(o *Options) {
	if o.Request == 0 {
		o.Request = requestTime
	}
	if o.Lease == 0 {
		o.Lease = 15 * time.Second
	}
	if o.Concurrency <= 0 {
		o.Concurrency = 8
	}
	if o.Polls <= 0 {
		o.Polls = 4
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
}

func managerOptions(o Options) ctrl.Options {
	// The API server keeps who manages which field, and takes an object without.
	caches := cache.Options{DefaultTransform: cache.TransformStripManagedFields()}
	for _, n := range o.Namespaces {
		if caches.DefaultNamespaces == nil {
			caches.DefaultNamespaces = map[string]cache.Config{}
		}
		caches.DefaultNamespaces[n] = cache.Config{}
	}
	lease, renew, retry := o.Lease, o.Lease*2/3, o.Lease/8
	// Secrets and ConfigMaps are read one by one: a cache would hold those of all
	// namespaces.
	uncached := &client.CacheOptions{DisableFor: []client.Object{&core.Secret{}, &core.ConfigMap{}, &core.Namespace{}}}
	return ctrl.Options{
		Scheme: Scheme(), Logger: logr.FromSlogHandler(calm.Handler{Handler: o.Log.Handler()}), Metrics: server.Options{BindAddress: "0"},
		Client:         client.Options{Cache: uncached},
		Cache:          caches,
		LeaderElection: !o.Alone, LeaderElectionID: Manager, LeaderElectionNamespace: o.Namespace, LeaderElectionReleaseOnCancel: true,
		LeaseDuration: &lease, RenewDeadline: &renew, RetryPeriod: &retry,
	}
}

// Scheme has the kinds that the controller works with.
func Scheme() *runtime.Scheme {
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{core.AddToScheme, events.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(s); err != nil {
			panic(err) // two types of one name: a mistake of ours
		}
	}
	return s
}

// Run carries out promotions until ctx is done, or this replica does not lead
// any more. What is under way then is ended, not cut.
func (c *Controller) Run(ctx context.Context) error {
	defer c.runs.Close()
	defer c.wakes.stop()
	defer c.polls.stop()
	var syncing sync.WaitGroup
	defer syncing.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	syncing.Go(func() { c.synced.Store(c.manager.GetCache().WaitForCacheSync(ctx)) })
	return c.manager.Start(ctx)
}

// Ready returns nil once all promotions have been read.
func (c *Controller) Ready() error {
	if !c.synced.Load() {
		return errNotRead
	}
	return nil
}

// Collector has the metrics.
func (c *Controller) Collector() prometheus.Collector { return c.metrics }

// Cache has the promotions and candidates; Run runs it.
func (c *Controller) Cache() cache.Cache { return c.manager.GetCache() }

// Package fetches the package of a candidate.
func (c *Controller) Package(ctx context.Context, one *v1alpha1.Candidate) (*bundle.Package, error) {
	return c.store.Load(ctx, one)
}

// Hook returns the handler of POST /hook/NAMESPACE/NAME.
func (c *Controller) Hook() http.Handler {
	return &hook{c.client, c.direct, c.clock, c.log, make(chan struct{}, mostHooks)}
}

// key names a promotion.
type key = types.NamespacedName
