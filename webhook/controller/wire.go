package controller

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/policies"
	"github.com/tiphys-dev/tiphys/webhook"
)

// everything is the one item of queues that are not about a single policy.
const everything = "everything"

// wire makes the controller that compiles, in every replica.
func (c *Controller) wire() error {
	all := handler.EnqueueRequestsFromMapFunc(func(context.Context, client.Object) []reconcile.Request {
		return []reconcile.Request{named(everything)}
	})
	return add(c.manager, "policies", c.compile,
		source.Kind[client.Object](c.manager.GetCache(), policy(), all, predicate.GenerationChangedPredicate{}), source.Func(begin))
}

// add makes a controller of a manager.
func add(m manager.Manager, name string, run reconcile.Func, sources ...source.Source) error {
	trust := true // a name comes again with each term
	k, err := controller.New(name, m, controller.Options{Reconciler: run, SkipNameValidation: &trust})
	if err != nil {
		return err
	}
	for _, s := range sources {
		if err := k.Watch(s); err != nil {
			return err
		}
	}
	return nil
}

// begin has everything looked at once, also where there is no policy at all.
func begin(_ context.Context, q queue) error {
	q.Add(named(everything))
	return nil
}

// compile gathers the policies, compiles those that are new and replaces the
// State.
func (c *Controller) compile(ctx context.Context, _ reconcile.Request) (reconcile.Result, error) {
	list := policyList()
	if err := c.manager.GetCache().List(ctx, list); err != nil {
		return reconcile.Result{}, fmt.Errorf("list policies: %w", err)
	}
	changed, err := c.catalog.update(list.Items)
	if err != nil {
		return reconcile.Result{}, err
	}
	if len(changed) == 0 && c.state.Load() != nil {
		return reconcile.Result{}, nil
	}
	c.state.Store(c.stateOf(enforce(c.catalog.all(), policies.Options{})))
	for _, e := range changed {
		if e.compiled() {
			c.options.Log.Info("policy is enforced", "policy", e.name, "generation", e.generation)
		} else {
			c.options.Log.Error("policy does not compile", "policy", e.name, "generation", e.generation, "active", e.activeGeneration(), "mistakes", e.mistakes())
		}
	}
	if t := c.term.Load(); t != nil {
		t.changed(changed)
	}
	return reconcile.Result{}, nil
}

// stateOf is what reviews go by under these policies.
func (c *Controller) stateOf(f *enforced) *webhook.State {
	s := c.options.State
	s.World = c.options.World
	s.Namespace = c.options.World.Namespace
	s.Policy = func(n *manifest.Node) []lint.Finding {
		_, problems := policies.FromObject(n)
		return problems
	}
	s.Policies = func(ctx context.Context, r *webhook.Request) lint.Policies {
		q := RequestOf(ctx, r)
		q.Now = c.options.Now()
		return f.view(q)
	}
	if l := c.options.Limits; l != nil {
		s.Runs = func(ctx context.Context, r *webhook.Request, n *manifest.Node) ([]webhook.Refusal, error) {
			return l.Start(ctx, r, n, f.set.Matching(RequestOf(ctx, r), n), c.options.World.Within(ctx))
		}
	}
	return &s
}
