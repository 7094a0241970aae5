package controller

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/decide"
)

// rounds bounds how often it is decided anew in one reconciliation.
const rounds = 64

// reconcile gathers, decides, acts and records until nothing is left to do now.
func (c *Controller) reconcile(ctx context.Context, q reconcile.Request) (reconcile.Result, error) {
	k := q.NamespacedName
	s, err := c.gather(ctx, k)
	if err != nil {
		return reconcile.Result{}, err
	}
	if s == nil || s.state.Promotion.DeletionTimestamp != nil {
		c.forget(k)
		return reconcile.Result{}, nil
	}
	s, last, stop, err := c.carryOut(ctx, s)
	if err != nil || s == nil {
		return reconcile.Result{}, err
	}
	again := soonest(soonest(last.Again, s.known.again), s.known.unseen)
	if len(s.state.Faults) > 0 {
		again = soonest(again, s.state.Now.Add(lookAgain))
	}
	c.wakes.at(k, again)
	if err := c.prune(ctx, s); err != nil {
		return reconcile.Result{}, err
	}
	c.metrics.state(s)
	c.watchOnly(k, s.places)
	c.letGo(ctx, s)
	return reconcile.Result{}, stop
}

// carryOut goes on until nothing is to be done, or something is in the way: stop
// is that, already recorded. The scene is that of the end, nil where there is none.
func (c *Controller) carryOut(ctx context.Context, s *scene) (end *scene, last decide.Decision, stop, err error) {
	for range rounds {
		d := decide.Decide(s.state)
		switch {
		case len(d.Needs) > 0:
			c.look(ctx, s, d.Needs)
			continue
		case len(d.Drift) > 0:
			c.drift(ctx, s, d.Drift)
			continue
		}
		goesOn := d.More || stop == nil && (d.Action.Verb == decide.Submit || d.Action.Verb == decide.Stop)
		if err := c.record(ctx, s, d, goesOn); apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
			if err := c.refresh(ctx, s); err != nil {
				return s, d, nil, err
			}
			continue
		} else if err != nil {
			return s, d, nil, err
		}
		s.state.Outcome = nil
		c.spread(s, d)
		switch {
		case d.More:
			c.gatherRuns(ctx, s)
			continue
		case stop != nil || d.Action.Verb == decide.Nothing:
			return s, d, stop, nil
		}
		if current, err := c.isCurrent(ctx, s, d.Action); err != nil {
			return s, d, nil, err
		} else if !current {
			if err := c.refresh(ctx, s); err != nil {
				return s, d, nil, err
			}
			continue
		}
		outcome, err := c.act(ctx, s, d.Action)
		if ctx.Err() != nil {
			return s, d, nil, ctx.Err() // what was begun is found by whoever comes next
		}
		if err := c.after(ctx, s, d.Action, outcome, err); err != nil {
			return s, d, nil, err
		}
		stop = s.stop
	}
	return s, last, nil, fmt.Errorf("promotion %s: it is not settled after %d rounds", s.key, rounds)
}

// after gathers anew what may have changed during an action, and adds what became
// of it.
func (c *Controller) after(ctx context.Context, s *scene, a decide.Action, o *decide.Outcome, failed error) error {
	next, err := c.gather(ctx, s.key)
	if err != nil {
		return err
	}
	if next == nil {
		return errGone
	}
	next.state.Outcome = o
	if failed != nil {
		next.stop = fmt.Errorf("%s %s in %s: %w", a.Verb, a.Candidate, a.Environment, failed)
		next.state.Faults = append([]decide.Fault{{Place: a.Place, Reason: reasonOf(failed),
			Message: fmt.Sprintf("%s: %s", a.Environment, failed)}}, next.state.Faults...)
	}
	*s = *next
	return nil
}

func soonest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// forget drops what is remembered of a promotion that is no more.
func (c *Controller) forget(k key) {
	c.wakes.at(k, time.Time{})
	c.polls.drop(k)
	c.facts.drop(k)
	c.watchOnly(k, nil)
	c.metrics.drop(k)
}

// record writes the statuses: those of the candidates, which are the truth,
// first. What another has written meanwhile is a conflict. That of the promotion,
// which sums up, is left for the next time when there will be one at once.
func (c *Controller) record(ctx context.Context, s *scene, d decide.Decision, goesOn bool) error {
	for _, name := range decide.Order(s.state, d) {
		one := s.candidate(name).DeepCopy()
		one.Status = d.Candidates[name]
		if err := c.client.Status().Update(ctx, one); err != nil {
			return fmt.Errorf("write the status of candidate %s: %w", name, err)
		}
		c.written.put(one)
		*s.candidate(name) = *one
	}
	if !d.Changed || goesOn {
		return nil
	}
	p := s.state.Promotion.DeepCopy()
	p.Status = d.Promotion
	if err := c.client.Status().Update(ctx, p); err != nil {
		return fmt.Errorf("write the status of promotion %s: %w", p.Name, err)
	}
	c.written.put(p)
	s.state.Promotion = p
	return nil
}

// refresh reads what others have written, past the cache, and keeps what became
// of the last action.
func (c *Controller) refresh(ctx context.Context, s *scene) error {
	p := &v1alpha1.Promotion{}
	if err := c.direct.Get(ctx, s.key, p); err != nil {
		return fmt.Errorf("read promotion %s: %w", s.key, err)
	}
	c.written.put(p)
	for i := range s.state.Candidates {
		one := &v1alpha1.Candidate{}
		err := c.direct.Get(ctx, client.ObjectKeyFromObject(&s.state.Candidates[i]), one)
		switch {
		case apierrors.IsNotFound(err):
			now := metav1.NewTime(c.clock.Now())
			gone := s.state.Candidates[i].DeepCopy()
			gone.DeletionTimestamp = &now
			c.written.gone(gone)
		case err != nil:
			return fmt.Errorf("read candidate %s: %w", s.state.Candidates[i].Name, err)
		default:
			c.written.put(one)
		}
	}
	next, err := c.gather(ctx, s.key)
	if err != nil {
		return err
	}
	if next == nil {
		return errGone
	}
	next.state.Outcome, next.state.Faults, next.stop = s.state.Outcome, append(next.state.Faults, s.state.Faults...), s.stop
	*s = *next
	return nil
}

// letGo drops what was written of what the cache has by now.
func (c *Controller) letGo(ctx context.Context, s *scene) {
	p, one := &v1alpha1.Promotion{}, &v1alpha1.Candidate{}
	if c.client.Get(ctx, s.key, p) == nil {
		c.written.newest(p)
	}
	for i := range s.state.Candidates {
		if c.client.Get(ctx, client.ObjectKeyFromObject(&s.state.Candidates[i]), one) == nil {
			c.written.newest(one)
		}
	}
}

var errGone = errors.New("the promotion was deleted meanwhile")

// isCurrent reports whether what is to be acted on is still as it was decided:
// an intent that another process has taken back is not acted on.
func (c *Controller) isCurrent(ctx context.Context, s *scene, a decide.Action) (bool, error) {
	var p v1alpha1.Promotion
	if err := c.direct.Get(ctx, s.key, &p); err != nil {
		return false, fmt.Errorf("read promotion %s: %w", s.key, err)
	}
	var one v1alpha1.Candidate
	err := c.direct.Get(ctx, key{Namespace: s.Namespace, Name: a.Candidate}, &one)
	if apierrors.IsNotFound(err) {
		return false, nil
	} else if err != nil {
		return false, fmt.Errorf("read candidate %s: %w", a.Candidate, err)
	}
	return p.Generation == s.state.Promotion.Generation && one.ResourceVersion == s.candidate(a.Candidate).ResourceVersion, nil
}

// prune deletes candidates beyond the limit that nothing needs.
func (c *Controller) prune(ctx context.Context, s *scene) error {
	if s.state.Promotion.Spec.Suspend {
		return nil
	}
	for _, name := range decide.Surplus(s.state) {
		if err := c.store.Drop(ctx, s.candidate(name)); apierrors.IsConflict(err) {
			continue // somebody has just written it, which has it looked at again
		} else if err != nil {
			return err
		}
		c.log.Info("candidate is dropped", "namespace", s.Namespace, "promotion", s.Name, "candidate", name)
	}
	return nil
}

func stamp(t time.Time) metav1.Time { return metav1.NewTime(t).Rfc3339Copy() }
