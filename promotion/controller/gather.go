package controller

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/decide"
	"github.com/tiphys-dev/tiphys/promotion/gate"
	"github.com/tiphys-dev/tiphys/promotion/runs"
	"github.com/tiphys-dev/tiphys/promotion/store"
)

func compare(a, b string) int { return cmp.Compare(a, b) }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// A fault is an error with a word for machines.
type fault struct {
	reason string
	err    error
}

func (f *fault) Error() string { return f.err.Error() }

func (f *fault) Unwrap() error { return f.err }

// facts are what was looked at, by promotion: it can be looked at again.
type facts struct {
	mu  sync.Mutex
	all map[key]*known
}

// known are the facts of one promotion; its one reconciliation uses them.
type known struct {
	policies int // the version that was linted by
	lint     map[decide.Place]*gate.Lint
	health   map[decide.Place]*gate.Health
	metrics  map[decide.Place]map[string]gate.Metric
	asked    map[decide.Place]time.Time
	// again is when to lint anew what could not be linted.
	again time.Time
	// sees is until when it is remembered who may see runs where, and unseen when
	// to ask anew for one who may not.
	sees   map[string]time.Time
	unseen time.Time
}

func (f *facts) of(k key) *known {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.all == nil {
		f.all = map[key]*known{}
	}
	if f.all[k] == nil {
		f.all[k] = &known{
			lint: map[decide.Place]*gate.Lint{}, health: map[decide.Place]*gate.Health{},
			metrics: map[decide.Place]map[string]gate.Metric{}, asked: map[decide.Place]time.Time{}, sees: map[string]time.Time{},
		}
	}
	return f.all[k]
}

func (f *facts) drop(k key) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.all, k)
}

// forget drops facts of candidates that are no more.
func (n *known) forget(there map[string]bool) {
	gone := func(at decide.Place) bool { return !there[at.Candidate] }
	for at := range n.lint {
		if gone(at) {
			delete(n.lint, at)
		}
	}
	for at := range n.health {
		if gone(at) {
			delete(n.health, at)
		}
	}
	for at := range n.metrics {
		if gone(at) {
			delete(n.metrics, at)
		}
	}
	for at := range n.asked {
		if gone(at) {
			delete(n.asked, at)
		}
	}
}

// written has what was written last, where the cache may be behind it: what was
// decided is never decided again on what was there before.
type written struct {
	mu  sync.Mutex
	all map[types.UID]client.Object
}

func (w *written) put(o client.Object) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all == nil {
		w.all = map[types.UID]client.Object{}
	}
	w.all[o.GetUID()] = o.DeepCopyObject().(client.Object)
}

// newest returns what was written if it is newer than what the cache has.
func (w *written) newest(cached client.Object) client.Object {
	w.mu.Lock()
	defer w.mu.Unlock()
	mine := w.all[cached.GetUID()]
	if mine == nil {
		return cached
	}
	if version(mine) > version(cached) {
		return mine.DeepCopyObject().(client.Object)
	}
	delete(w.all, cached.GetUID())
	return cached
}

// seen drops what was written when the cache has it, or what is newer.
func (w *written) seen(o client.Object) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if mine := w.all[o.GetUID()]; mine != nil && version(mine) <= version(o) {
		delete(w.all, o.GetUID())
	}
}

// gone notes that an object is no more, though the cache may have it.
func (w *written) gone(o client.Object) {
	o.SetResourceVersion(strconv.FormatUint(version(o)+1, 10))
	w.put(o)
}

func version(o client.Object) uint64 {
	n, _ := strconv.ParseUint(o.GetResourceVersion(), 10, 64)
	return n
}

// A scene is a promotion with all that is known of it.
type scene struct {
	key
	state decide.State
	known *known
	// targets are those that were looked up, by environment.
	targets map[string]*target
	// looked is where runs were looked for, and places where that is.
	looked map[decide.Place]bool
	places []place
	// stop is what the last action met.
	stop error
}

// gather reads what is known of a promotion; nil when there is none.
func (c *Controller) gather(ctx context.Context, k key) (*scene, error) {
	p := &v1alpha1.Promotion{}
	if err := c.client.Get(ctx, k, p); err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	p = c.written.newest(p).(*v1alpha1.Promotion).DeepCopy()
	s := &scene{key: k, known: c.facts.of(k), targets: map[string]*target{}, looked: map[decide.Place]bool{}}
	s.state = decide.State{Now: c.clock.Now(), Promotion: p, Runs: map[string][]v1alpha1.RunRecord{}, Blind: map[decide.Place]gate.Look{}}
	of := []client.ListOption{client.InNamespace(k.Namespace), client.MatchingFields{byPromotion: k.Name}}
	var candidates v1alpha1.CandidateList
	if err := c.client.List(ctx, &candidates, of...); err != nil {
		return nil, fmt.Errorf("list candidates: %w", err)
	}
	there := map[string]bool{}
	for i := range candidates.Items {
		one := c.written.newest(&candidates.Items[i]).(*v1alpha1.Candidate)
		if one.DeletionTimestamp == nil && store.Of(one, p) {
			s.state.Candidates = append(s.state.Candidates, *one.DeepCopy())
			there[one.Name] = true
		}
	}
	var approvals v1alpha1.ApprovalList
	if err := c.client.List(ctx, &approvals, of...); err != nil {
		return nil, fmt.Errorf("list approvals: %w", err)
	}
	for i := range approvals.Items {
		if approvals.Items[i].DeletionTimestamp == nil {
			s.state.Approvals = append(s.state.Approvals, *approvals.Items[i].DeepCopy())
		}
	}
	s.known.forget(there)
	if _, v := c.policies.list(); s.known.policies != v || !s.known.again.IsZero() && !s.state.Now.Before(s.known.again) {
		clear(s.known.lint)
		s.known.policies, s.known.again = v, time.Time{}
	}
	s.state.Lint, s.state.Health, s.state.Metrics, s.state.Asked = s.known.lint, s.known.health, s.known.metrics, s.known.asked
	s.known.unseen = time.Time{}
	c.gatherRuns(ctx, s)
	return s, nil
}

// gatherRuns reads the runs of the environments where a gate goes by them, of
// each deployment once: those of one that is new are watched from then on.
func (c *Controller) gatherRuns(ctx context.Context, s *scene) {
	for i := range s.state.Promotion.Spec.Environments {
		env := &s.state.Promotion.Spec.Environments[i]
		if !slices.ContainsFunc(env.Gates, func(g v1alpha1.Gate) bool { return g.Smoke != nil || g.Runs != nil }) {
			continue
		}
		candidate, d := deployedIn(s.state.Candidates, env.Name)
		at := decide.Place{Environment: env.Name, Candidate: candidate}
		if d == nil || s.looked[at] {
			continue
		}
		s.looked[at] = true
		t, err := c.reach(ctx, s, env)
		if err != nil {
			s.blame(at, err, "the runs cannot be seen")
			continue
		}
		if err := c.maySee(ctx, s, t, d.Namespace); err != nil {
			s.blame(at, err, "the runs cannot be seen")
			s.known.unseen = s.state.Now.Add(asking)
			continue
		}
		s.places = append(s.places, place{t.cluster, d.Namespace})
		c.places.add(place{t.cluster, d.Namespace}, s.key)
		if t.cluster != runs.Local {
			c.runs.Connect(t.cluster, t.config)
		}
		all, _ := c.runs.Runs(t.cluster, d.Namespace, d.At.Time)
		s.state.Runs[env.Name] = all
		if problem := c.runs.Problem(t.cluster, d.Namespace); problem != "" {
			s.state.Faults = append(s.state.Faults, decide.Fault{Place: decide.Place{Environment: env.Name}, Reason: "RunsUnseen",
				Message: fmt.Sprintf("%s: the runs cannot be seen: %s", env.Name, problem)})
		}
	}
}

// rights is how long it is remembered that somebody may see runs, and asking when
// to ask anew for one who may not.
const (
	rights = 10 * time.Minute
	asking = time.Minute
)

// maySee holds that whoever acts in an environment may see its runs: they are
// watched by the controller, which may see more.
func (c *Controller) maySee(ctx context.Context, s *scene, t *target, namespace string) error {
	who := string(t.cluster) + "/" + t.config.Impersonate.UserName + "/" + namespace
	if s.state.Now.Before(s.known.sees[who]) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	err := runs.MaySee(ctx, t.config, namespace)
	var denied *runs.Denied
	if errors.As(err, &denied) {
		return &fault{"RunsUnseen", err}
	}
	if err != nil {
		return err
	}
	s.known.sees[who] = s.state.Now.Add(rights)
	return nil
}

// deployedIn is the last deployment in an environment that is there.
func deployedIn(all []v1alpha1.Candidate, env string) (name string, d *v1alpha1.Deployment) {
	for i := range all {
		for j := range all[i].Status.Environments {
			e := &all[i].Status.Environments[j]
			if e.Name == env && (e.State == v1alpha1.Verifying || e.State == v1alpha1.Verified) && e.Deployment != nil {
				return all[i].Name, e.Deployment
			}
		}
	}
	return "", nil
}

// reach looks up the target of an environment, once in a pass.
func (c *Controller) reach(ctx context.Context, s *scene, env *v1alpha1.Environment) (*target, error) {
	if t := s.targets[env.Name]; t != nil {
		return t, nil
	}
	t, err := c.target(ctx, s.state.Promotion, env)
	if err != nil {
		return nil, err
	}
	s.targets[env.Name] = t
	return t, nil
}

func (s *scene) environment(name string) *v1alpha1.Environment {
	for i := range s.state.Promotion.Spec.Environments {
		if e := &s.state.Promotion.Spec.Environments[i]; e.Name == name {
			return e
		}
	}
	return nil
}

func (s *scene) candidate(name string) *v1alpha1.Candidate {
	for i := range s.state.Candidates {
		if s.state.Candidates[i].Name == name {
			return &s.state.Candidates[i]
		}
	}
	return nil
}

// entry is what is recorded of a candidate in an environment.
func (s *scene) entry(at decide.Place) *v1alpha1.CandidateEnvironment {
	c := s.candidate(at.Candidate)
	if c == nil {
		return nil
	}
	for i := range c.Status.Environments {
		if c.Status.Environments[i].Name == at.Environment {
			return &c.Status.Environments[i]
		}
	}
	return nil
}

// deployment is the last one at a place, be it recorded yet or not; nil without.
func (s *scene) deployment(at decide.Place) *v1alpha1.Deployment {
	if o := s.state.Outcome; o != nil && o.Action.Place == at && o.Deployment != nil {
		return o.Deployment
	}
	if e := s.entry(at); e != nil {
		return e.Deployment
	}
	return nil
}
