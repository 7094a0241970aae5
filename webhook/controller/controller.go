// Package controller turns the policies of a cluster into what admission goes
// by, and looks at what is there already.
//
// Every replica compiles every policy and replaces its webhook.State as a whole:
// a review that has begun ends with the State it began with. One replica, the
// leader, writes the status of policies, audits, and tells by Events.
//
// A policy that does not compile never replaces one that works. Where there is
// none that works, as for a policy that was broken when the process began, the
// objects that it may be for are answered as its failurePolicy says.
package controller

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metrics "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/internal/calm"
	"github.com/tiphys-dev/tiphys/policies"
	"github.com/tiphys-dev/tiphys/webhook"
	"github.com/tiphys-dev/tiphys/webhook/limits"
	"github.com/tiphys-dev/tiphys/webhook/world"
)

// Manager is the name under which fields are written, Events are sent and
// leaders are elected.
const Manager = "tiphys-webhook"

// Options configure a controller.
type Options struct {
	// Config tells how to reach the API server.
	Config *rest.Config
	// Namespace is where the Lease of the leader is.
	Namespace string
	// World answers for what is in the cluster.
	World *world.World
	// State is what every State has beside what is known here.
	State webhook.State
	// Limits holds runs to the limits of policies; nil is not at all.
	Limits *limits.Limits
	// Audit is how often everything is looked at; 0 is 10 minutes, below 0 never.
	Audit time.Duration
	// Settle is how long an audit waits for more changes of policies after one; 0
	// is 5 seconds.
	Settle time.Duration
	// Lease is how long a leader that is not heard of is waited for; 0 is 15
	// seconds.
	Lease time.Duration
	// Alone is set where there is no other replica: nobody is elected.
	Alone bool
	Log   *slog.Logger
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// A Controller keeps a State.
type Controller struct {
	options Options
	manager manager.Manager
	catalog catalog
	state   atomic.Pointer[webhook.State]
	term    atomic.Pointer[term] // the last one; nil before the first
}

// New returns a controller that does nothing yet.
func New(o Options) (*Controller, error) {
	if o.Audit == 0 {
		o.Audit = 10 * time.Minute
	}
	if o.Settle == 0 {
		o.Settle = 5 * time.Second
	}
	if o.Lease == 0 {
		o.Lease = 15 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	c := &Controller{options: o}
	m, err := ctrl.NewManager(c.config(), c.common())
	if err != nil {
		return nil, fmt.Errorf("make a manager: %w", err)
	}
	c.manager = m
	if err := c.wire(); err != nil {
		return nil, fmt.Errorf("make a controller: %w", err)
	}
	return c, nil
}

func (c *Controller) config() *rest.Config {
	config := rest.CopyConfig(c.options.Config)
	config.QPS = -1 // audits are bounded by their pages, and status by its changes
	return config
}

func (c *Controller) common() ctrl.Options {
	return ctrl.Options{
		Scheme:  runtime.NewScheme(),
		Logger:  logr.FromSlogHandler(calm.Handler{Handler: c.options.Log.Handler()}),
		Metrics: metrics.Options{BindAddress: "0"},
	}
}

// Run keeps the State up to date until ctx is done. That this replica leads no
// longer, as when the API server is gone for a while, does not end it: reviews
// go on, and it stands for election again.
func (c *Controller) Run(ctx context.Context) error {
	var led sync.WaitGroup
	ctx, cancel := context.WithCancel(ctx)
	defer led.Wait()
	defer cancel()
	led.Go(func() { c.lead(ctx) })
	return c.manager.Start(ctx)
}

// State is what reviews go by, nil while no policy has been read.
func (c *Controller) State() *webhook.State { return c.state.Load() }

// Ready returns nil once there is a State.
func (c *Controller) Ready() error {
	if c.state.Load() == nil {
		return errors.New("no policy has been read yet")
	}
	return nil
}

// policy is an empty WorkflowPolicy to read into.
func policy() *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(policies.Kind))
	return u
}

func policyList() *unstructured.UnstructuredList {
	u := &unstructured.UnstructuredList{}
	u.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(policies.Kind + "List"))
	return u
}
