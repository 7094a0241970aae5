package controller

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/decide"
)

// stale is how old news is that nobody is told any more: whoever begins to be
// notified is not told all that ever happened.
const stale = 6 * time.Hour

// noteLength bounds the note of an Event; an API server takes 1024 bytes.
const noteLength = 1000

func (c *Controller) event(about runtime.Object, warning bool, reason, action, note string) {
	kind := core.EventTypeNormal
	if warning {
		kind = core.EventTypeWarning
	}
	if len(note) > noteLength {
		note = strings.ToValidUTF8(note[:noteLength], "") + " ..."
	}
	c.manager.GetEventRecorder(Manager).Eventf(about, nil, kind, reason, action, "%s", note)
}

// spread tells of what is recorded: by Events, metrics and the log.
func (c *Controller) spread(s *scene, d decide.Decision) {
	for _, n := range d.News {
		c.metrics.news(s, n)
		if n.Kind == "" && n.Reason == "GateOpened" {
			continue
		}
		warning := n.Kind == decide.OfHold || n.Kind == decide.OfRollback
		c.event(s.state.Promotion, warning, n.Reason, "Promote", n.Message)
		if one := s.candidate(n.Candidate); one != nil {
			c.event(one, warning, n.Reason, "Promote", n.Message)
		}
		c.log.Info("news", "kind", n.Kind, "reason", n.Reason, "namespace", s.Namespace, "promotion", s.Name, "candidate", n.Candidate, "environment", n.Environment, "message", n.Message)
	}
}

// tell sends what people are to be told of a candidate, and records that. What
// does not get through is tried again; nothing else waits for it.
func (c *Controller) tell(ctx context.Context, q reconcile.Request) (reconcile.Result, error) {
	one := &v1alpha1.Candidate{}
	if err := c.client.Get(ctx, q.NamespacedName, one); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	one = c.written.newest(one).(*v1alpha1.Candidate).DeepCopy()
	notices := decide.Notices(one)
	if len(notices) == 0 {
		return reconcile.Result{}, nil
	}
	p := &v1alpha1.Promotion{}
	if err := c.client.Get(ctx, key{Namespace: one.Namespace, Name: one.Spec.Promotion}, p); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	var wrong error
	var told []decide.Notice
	for _, n := range notices {
		if c.clock.Now().Sub(n.At) > stale {
			continue
		}
		to := slices.DeleteFunc(slices.Clone(p.Spec.Notify), func(t v1alpha1.Notification) bool {
			return len(t.Events) > 0 && !slices.Contains(t.Events, n.Kind)
		})
		if len(to) == 0 {
			continue
		}
		if err := c.send(ctx, p, to, n); err != nil {
			wrong = errors.Join(wrong, err)
			continue
		}
		told = append(told, n)
	}
	if err := c.recordTold(ctx, one, told); client.IgnoreNotFound(err) != nil {
		return reconcile.Result{}, fmt.Errorf("record what was told of candidate %s: %w", one.Name, err)
	}
	if wrong != nil {
		c.event(p, true, "NotTold", "Notify", "could not notify of "+one.Name+", and will try again: "+wrong.Error())
		c.log.Warn("could not tell, and will try again", "namespace", one.Namespace, "candidate", one.Name, "error", wrong.Error())
	}
	return reconcile.Result{}, wrong
}

// recordTold writes what was told. Where another has written meanwhile it begins
// with that: what was told must not be told again for such a reason.
func (c *Controller) recordTold(ctx context.Context, one *v1alpha1.Candidate, told []decide.Notice) error {
	if len(told) == 0 {
		return nil
	}
	return retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		live := &v1alpha1.Candidate{}
		if err := c.direct.Get(ctx, client.ObjectKeyFromObject(one), live); err != nil {
			return err
		}
		for i := range live.Status.Environments {
			for _, n := range told {
				if e := &live.Status.Environments[i]; e.Name == n.Environment {
					decide.Tell(e, n)
				}
			}
		}
		if err := c.client.Status().Update(ctx, live); err != nil {
			return err
		}
		c.written.put(live)
		return nil
	})
}

// send sends a notice to all who want it.
func (c *Controller) send(ctx context.Context, p *v1alpha1.Promotion, to []v1alpha1.Notification, n decide.Notice) error {
	var wrong error
	for _, t := range to {
		address, err := c.secretKey(ctx, p.Namespace, t.Secret, "url")
		if err == nil {
			err = c.notify.Send(ctx, string(address), fmt.Sprintf("[%s/%s] %s", p.Namespace, p.Name, n.Message))
		}
		wrong = errors.Join(wrong, err)
	}
	return wrong
}
