package release

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/klog/v2"
)

// How long things may take.
const (
	requestTimeout = time.Minute      // one request; watches are not used
	afterInterrupt = 10 * time.Second // to write down that a run was interrupted
	leaseDuration  = 15 * time.Second
)

// Target is where to deploy. The zero value is what kubectl would use.
type Target struct {
	// Kubeconfig is a file instead of those of KUBECONFIG, Context the name of
	// one of its contexts, Namespace goes over that of the context.
	Kubeconfig, Context, Namespace string
	// As and AsGroups impersonate.
	As       string
	AsGroups []string
}

// Client deploys to one namespace of one cluster. It may be used by several
// goroutines.
type Client struct {
	config    *rest.Config
	loader    clientcmd.ClientConfig
	namespace string
	context   string // for messages
	words     words
	served    *served // nil: each operation asks anew

	lease time.Duration
	// wrap is for tests that break things: it sees every request.
	wrap func(http.RoundTripper) http.RoundTripper
}

// quiet keeps client-go from writing to the standard error of a command line:
// what it has to say is in errors and warnings, too. It is for the process as a
// whole, so nothing that a program calls in the middle of its work may do it.
var quiet = sync.OnceFunc(func() { klog.SetLogger(logr.Discard()) })

// Open prepares a client. It asks nothing of the cluster yet.
func Open(t Target) (*Client, error) {
	if d := os.Getenv("HELM_DRIVER"); d != "" && d != "secret" && d != "secrets" {
		return nil, refuse("HELM_DRIVER is %q: releases are kept in Secrets, and nowhere else; unset it", d)
	}
	a, err := Reach(t)
	if err != nil {
		return nil, err
	}
	a.Config.QPS, a.Config.Burst = 50, 300
	a.Config.Timeout = requestTimeout
	return &Client{config: a.Config, loader: a.Loader, namespace: a.Namespace, context: a.Context, words: typed, lease: leaseDuration}, nil
}

// OpenConfig prepares a client for a program that knows how to reach the
// cluster, as a controller does: nothing of this machine's environment counts,
// messages advise nothing that only a person at a command line could do, and what
// libraries log is left to the program.
func OpenConfig(config *rest.Config, namespace string) *Client {
	config = rest.CopyConfig(config)
	if config.QPS == 0 && config.RateLimiter == nil {
		config.QPS, config.Burst = 50, 300
	}
	if config.Timeout == 0 {
		config.Timeout = requestTimeout
	}
	over := &clientcmd.ConfigOverrides{Context: clientcmdapi.Context{Namespace: namespace}}
	loader := clientcmd.NewDefaultClientConfig(*clientcmdapi.NewConfig(), over)
	return &Client{config: config, loader: loader, namespace: namespace, lease: leaseDuration}
}

// Namespace is where releases live.
func (c *Client) Namespace() string { return c.namespace }

// A connection is how one operation reaches the cluster. Helm takes it for its
// RESTClientGetter.
type connection struct {
	client    *Client
	ctx       context.Context
	config    *rest.Config
	discovery discovery.CachedDiscoveryInterface
	mapper    meta.RESTMapper
	warnings  *warnings
}

// connect ties a new connection to ctx. It asks nothing of the cluster yet.
func (c *Client) connect(ctx context.Context, may func() error, dry bool) (*connection, error) {
	config := rest.CopyConfig(c.config)
	heard := &warnings{}
	config.WarningHandler = heard
	if c.wrap != nil {
		config.Wrap(c.wrap)
	}
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return &leash{next: next, ctx: ctx, may: may, dry: dry}
	})
	asker, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("prepare to talk to the cluster: %w", err)
	}
	n := &connection{client: c, ctx: ctx, config: config, warnings: heard}
	var finder discovery.CachedDiscoveryInterface
	if c.served != nil {
		n.discovery = &view{DiscoveryInterface: asker, served: c.served, ctx: ctx, keeps: true}
		finder = &view{DiscoveryInterface: asker, served: c.served, ctx: ctx}
	} else {
		n.discovery = memory.NewMemCacheClient(asker)
		finder = n.discovery
	}
	n.mapper = restmapper.NewShortcutExpander(restmapper.NewDeferredDiscoveryRESTMapper(finder), n.discovery, nil)
	return n, nil
}

func (n *connection) ToRESTConfig() (*rest.Config, error) { return n.config, nil }

func (n *connection) ToDiscoveryClient() (discovery.CachedDiscoveryInterface, error) {
	return n.discovery, nil
}

func (n *connection) ToRESTMapper() (meta.RESTMapper, error) { return n.mapper, nil }

func (n *connection) ToRawKubeConfigLoader() clientcmd.ClientConfig { return n.client.loader }

func (n *connection) clientset() (*kubernetes.Clientset, error) {
	set, err := kubernetes.NewForConfig(n.config)
	if err != nil {
		return nil, fmt.Errorf("prepare to talk to the cluster: %w", err)
	}
	return set, nil
}

func (n *connection) dynamic() (dynamic.Interface, error) {
	objects, err := dynamic.NewForConfig(n.config)
	if err != nil {
		return nil, fmt.Errorf("prepare to talk to the cluster: %w", err)
	}
	return objects, nil
}

// interrupted reports whether an error is about a context that ended.
func interrupted(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
