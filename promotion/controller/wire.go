package controller

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/decide"
	"github.com/tiphys-dev/tiphys/promotion/runs"
)

var errNotRead = errors.New("the promotions have not been read yet")

// byPromotion is the index of Candidates and Approvals.
const byPromotion = "spec.promotion"

// The pauses after errors.
const (
	firstPause = time.Second
	mostPause  = 30 * time.Second
)

// wire makes the controllers: one that decides, one that looks at sources, one
// that tells.
func (c *Controller) wire() error {
	index := c.manager.GetFieldIndexer()
	if err := index.IndexField(context.Background(), &v1alpha1.Candidate{}, byPromotion, promotionOf); err != nil {
		return err
	}
	if err := index.IndexField(context.Background(), &v1alpha1.Approval{}, byPromotion, promotionOf); err != nil {
		return err
	}
	if err := index.IndexField(context.Background(), &v1alpha1.Candidate{}, byRelease, releasesOf); err != nil {
		return err
	}
	cache := c.manager.GetCache()
	toPromotion := handler.EnqueueRequestsFromMapFunc(func(_ context.Context, o client.Object) []reconcile.Request {
		return []reconcile.Request{{NamespacedName: key{Namespace: o.GetNamespace(), Name: promotionOf(o)[0]}}}
	})
	self := &handler.EnqueueRequestForObject{}
	all := handler.EnqueueRequestsFromMapFunc(func(context.Context, client.Object) []reconcile.Request { return []reconcile.Request{{}} })
	policies := policyObject()
	return errors.Join(
		c.add("promotions", c.reconcile, c.options.Concurrency,
			source.Kind[client.Object](cache, &v1alpha1.Promotion{}, self, c.caught(), c.loosened(), told()),
			source.Kind[client.Object](cache, &v1alpha1.Candidate{}, toPromotion, c.caught(), complete()),
			source.Kind[client.Object](cache, &v1alpha1.Approval{}, toPromotion),
			&c.wakes),
		c.add("sources", c.poll, c.options.Polls,
			source.Kind[client.Object](cache, &v1alpha1.Promotion{}, self, asked()),
			&c.polls),
		c.add("notifications", c.tell, 2,
			source.Kind[client.Object](cache, &v1alpha1.Candidate{}, self)),
		c.add("policies", c.readPolicies, 1,
			source.Kind[client.Object](cache, policies, all, predicate.GenerationChangedPredicate{}),
			source.Func(func(_ context.Context, q queue) error { q.Add(reconcile.Request{}); return nil })),
	)
}

func (c *Controller) add(name string, run reconcile.Func, workers int, sources ...source.Source) error {
	trust := true // several of a process may have one name, in tests
	k, err := controller.New(name, c.manager, controller.Options{
		Reconciler: run, MaxConcurrentReconciles: workers, SkipNameValidation: &trust,
		RateLimiter: workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](firstPause, mostPause),
	})
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

// promotionOf is the promotion that an object belongs to.
func promotionOf(o client.Object) []string {
	switch o := o.(type) {
	case *v1alpha1.Candidate:
		return []string{o.Spec.Promotion}
	case *v1alpha1.Approval:
		return []string{o.Spec.Promotion}
	}
	return []string{""}
}

// caught lets everything through, and drops what the cache has caught up with.
func (c *Controller) caught() predicate.Predicate {
	note := func(o client.Object) bool { c.written.seen(o); return true }
	return predicate.Funcs{
		UpdateFunc: func(e event.UpdateEvent) bool { return note(e.ObjectNew) },
		DeleteFunc: func(e event.DeleteEvent) bool { return note(e.Object) },
	}
}

// loosened lets everything through, and tells of freezes and pins that are gone:
// whoever applies a file takes off what the file does not have, and may not know.
func (c *Controller) loosened() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		was, is := e.ObjectOld.(*v1alpha1.Promotion), e.ObjectNew.(*v1alpha1.Promotion)
		if was.Generation != is.Generation {
			for _, n := range undone(was, is) {
				c.event(is, false, n.Reason, "Update", n.Message)
				c.log.Info("news", "reason", n.Reason, "namespace", is.Namespace, "promotion", is.Name, "environment", n.Environment, "message", n.Message)
			}
		}
		return true
	}}
}

// undone are the freezes and pins of environments that a change took off.
func undone(was, is *v1alpha1.Promotion) (all []decide.News) {
	for _, before := range was.Spec.Environments {
		i := slices.IndexFunc(is.Spec.Environments, func(e v1alpha1.Environment) bool { return e.Name == before.Name })
		if i < 0 {
			continue // it is gone, and told of where it is looked at
		}
		now, at := is.Spec.Environments[i], decide.Place{Environment: before.Name}
		if before.Freeze != nil && now.Freeze == nil {
			all = append(all, decide.News{Place: at, Reason: "Unfrozen", Message: fmt.Sprintf("%s is not frozen any more; it was: %s", now.Name, before.Freeze.Reason)})
		}
		if before.Pin != nil && now.Pin == nil {
			all = append(all, decide.News{Place: at, Reason: "Unpinned", Message: fmt.Sprintf("%s is not pinned any more; it was pinned to %s", now.Name, before.Pin.Candidate)})
		}
	}
	return all
}

// told lets through what somebody else than the deciding controller changed of a
// Promotion.
func told() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		was, is := e.ObjectOld.(*v1alpha1.Promotion), e.ObjectNew.(*v1alpha1.Promotion)
		return was.Generation != is.Generation || problem(was) != problem(is) || is.DeletionTimestamp != nil
	}}
}

func problem(p *v1alpha1.Promotion) string {
	if p.Status.Source == nil {
		return ""
	}
	return p.Status.Source.Reason + p.Status.Source.Problem
}

// complete lets through Candidates that came, began to count, or went.
func complete() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		was, is := e.ObjectOld.(*v1alpha1.Candidate), e.ObjectNew.(*v1alpha1.Candidate)
		return !was.Status.Latest.Equal(is.Status.Latest)
	}}
}

// asked lets through what has a source looked at.
func asked() predicate.Predicate {
	return predicate.Funcs{
		UpdateFunc: func(e event.UpdateEvent) bool {
			return e.ObjectOld.GetGeneration() != e.ObjectNew.GetGeneration() ||
				e.ObjectOld.GetAnnotations()[v1alpha1.RequestedAnnotation] != e.ObjectNew.GetAnnotations()[v1alpha1.RequestedAnnotation]
		},
	}
}

// places knows which promotions are in which namespace of which cluster.
type places struct {
	mu  sync.Mutex
	all map[place][]key
}

type place struct {
	cluster   runs.Key
	namespace string
}

func (p *places) add(at place, k key) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all == nil {
		p.all = map[place][]key{}
	}
	if !slices.Contains(p.all[at], k) {
		p.all[at] = append(p.all[at], k)
	}
}

// keep has a promotion be in these places and in no other. It returns the places
// that no promotion is in any more, and the clusters that none is in.
func (p *places) keep(k key, in []place) (left []place, clusters []runs.Key) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for at, all := range p.all {
		if slices.Contains(in, at) {
			continue
		}
		if all = slices.DeleteFunc(all, func(o key) bool { return o == k }); len(all) == 0 {
			delete(p.all, at)
			left = append(left, at)
		} else {
			p.all[at] = all
		}
	}
	for _, at := range left {
		same := func(o place) bool { return o.cluster == at.cluster }
		if !slices.Contains(clusters, at.cluster) && !slices.ContainsFunc(slices.Collect(maps.Keys(p.all)), same) {
			clusters = append(clusters, at.cluster)
		}
	}
	return left, clusters
}

// watchOnly ends the watches of runs that no promotion goes by any more now that
// one is in these places only: a kubeconfig that was changed is another cluster.
func (c *Controller) watchOnly(k key, in []place) {
	left, clusters := c.places.keep(k, in)
	for _, at := range left {
		c.runs.Forget(at.cluster, at.namespace)
	}
	for _, cluster := range clusters {
		if cluster != runs.Local {
			c.runs.Forget(cluster)
		}
	}
}

func (p *places) of(at place) []key {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.all[at])
}

// ran has the promotions looked at that are where a run changed. A smoke run
// concerns one of them only.
func (c *Controller) ran(cluster runs.Key, namespace, promotion string) {
	for _, k := range c.places.of(place{cluster, namespace}) {
		if promotion == "" || promotion == k.String() {
			c.wakes.now(k)
		}
	}
}
