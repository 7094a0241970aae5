package controller

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// A term is one time of standing for election and, if elected, leading: writing
// status and auditing until the Lease is lost. What is elected cannot be begun
// again, so each time has a term of its own.
type term struct {
	*Controller
	manager manager.Manager
	audits  audits
	// written has the last status of policies that this term has written; one
	// worker uses it.
	written map[types.UID]v1alpha1.WorkflowPolicyStatus
	// statusWake and auditWake begin work that no change of an object begins.
	statusWake, auditWake waker
}

// again is how long it takes after a term has ended until the next begins.
const again = 5 * time.Second

// lead has one term after another until ctx is done.
func (c *Controller) lead(ctx context.Context) {
	for {
		t, err := c.newTerm()
		if err == nil {
			c.term.Store(t)
			err = t.manager.Start(ctx)
		}
		if ctx.Err() != nil {
			return
		}
		c.options.Log.Warn("this replica does not lead any more", "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(again):
		}
	}
}

func (c *Controller) newTerm() (*term, error) {
	o := c.common()
	o.LeaderElection = !c.options.Alone
	o.LeaderElectionID, o.LeaderElectionNamespace, o.LeaderElectionReleaseOnCancel = Manager, c.options.Namespace, true
	lease, renew, retry := c.options.Lease, c.options.Lease*2/3, c.options.Lease/8
	o.LeaseDuration, o.RenewDeadline, o.RetryPeriod = &lease, &renew, &retry
	m, err := ctrl.NewManager(c.config(), o)
	if err != nil {
		return nil, fmt.Errorf("make a manager: %w", err)
	}
	t := &term{Controller: c, manager: m, written: map[types.UID]v1alpha1.WorkflowPolicyStatus{}}
	policies := source.Kind[client.Object](m.GetCache(), policy(), &handler.EnqueueRequestForObject{}, predicate.GenerationChangedPredicate{})
	if err := add(m, "status", t.writeStatus, policies, &t.statusWake); err != nil {
		return nil, fmt.Errorf("make a controller: %w", err)
	}
	if err := add(m, "audit", t.audit, source.Func(begin), &t.auditWake); err != nil {
		return nil, fmt.Errorf("make a controller: %w", err)
	}
	return t, nil
}

// changed has the leader look at policies that have changed, and audit.
func (t *term) changed(all []*entry) {
	for _, e := range all {
		t.statusWake.wake(e.name, 0)
	}
	t.auditWake.wake(everything, t.options.Settle)
}
