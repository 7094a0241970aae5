package controller

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/decide"
	"github.com/tiphys-dev/tiphys/promotion/source"
	"github.com/tiphys-dev/tiphys/promotion/store"
)

// pollTime bounds one look at a source, so that a server that does not answer
// holds up nobody else for longer.
const pollTime = 90 * time.Second

// How often a source is looked at unless it says so, and at most.
const (
	pollEvery  = 5 * time.Minute
	pollAtMost = 5 * time.Second
)

// poll looks at the source of a promotion and makes a Candidate of what is new
// there. What it finds goes through the API server. When nothing is new, nothing
// is written.
func (c *Controller) poll(ctx context.Context, q reconcile.Request) (reconcile.Result, error) {
	k := q.NamespacedName
	p := &v1alpha1.Promotion{}
	if err := c.client.Get(ctx, k, p); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if p.Spec.Suspend || p.DeletionTimestamp != nil {
		c.polls.at(k, time.Time{})
		return reconcile.Result{}, nil
	}
	p = c.written.newest(p).(*v1alpha1.Promotion).DeepCopy()
	before := p.Status.Source
	if c.polls.first(k) && isLookedAt(p) {
		c.polls.at(k, c.clock.Now().Add(share(p)))
		return reconcile.Result{}, nil
	}
	left, ok := c.crowd.enter(serverOf(p.Spec.Source), time.Now())
	if !ok {
		c.polls.at(k, c.clock.Now().Add(pollAtMost))
		return reconcile.Result{}, nil
	}
	now, err := c.pollOnce(ctx, p, before)
	left(time.Now())
	if err != nil {
		return reconcile.Result{}, err // the API server
	}
	c.metrics.polls.WithLabelValues(k.Namespace, k.Name).Inc()
	now.Problem = decide.Brief(now.Problem)
	if now.Problem != "" {
		c.metrics.pollFailures.WithLabelValues(k.Namespace, k.Name, now.Reason).Inc()
	}
	if before == nil || *before != now {
		if err := c.found(ctx, p, now); err != nil {
			return reconcile.Result{}, err
		}
	}
	c.polls.at(k, c.clock.Now().Add(every(p)))
	return reconcile.Result{}, nil
}

// every is how often the source of a promotion is looked at.
func every(p *v1alpha1.Promotion) time.Duration {
	return max(pollAtMost, cmp.Or(p.Spec.Source.Interval.Duration, pollEvery))
}

// isLookedAt reports whether somebody looked at the source as it is, found it
// well, and is not asked to look again.
func isLookedAt(p *v1alpha1.Promotion) bool {
	s := p.Status.Source
	return s != nil && s.Revision != "" && s.Problem == "" && s.For == digestOf(p.Spec.Source) && s.Requested == p.Annotations[v1alpha1.RequestedAnnotation]
}

// share is when in the interval it is the turn of a promotion. A process that
// begins has all promotions before it at once; what was looked at a while ago
// can wait, and servers are spared a thousand questions in the same second, then
// and after each interval.
func share(p *v1alpha1.Promotion) time.Duration {
	h := fnv.New64a()
	_, _ = h.Write([]byte(p.UID)) // it never fails
	return time.Duration(h.Sum64() % uint64(every(p)))
}

// pollOnce looks at a source and keeps what it finds. The error is one of the
// API server; what is wrong with the source is in the status.
func (c *Controller) pollOnce(ctx context.Context, p *v1alpha1.Promotion, before *v1alpha1.SourceStatus) (v1alpha1.SourceStatus, error) {
	now := v1alpha1.SourceStatus{For: digestOf(p.Spec.Source), Requested: p.Annotations[v1alpha1.RequestedAnnotation]}
	if before != nil && before.For == now.For {
		now.Revision, now.Candidate = before.Revision, before.Candidate
		if gone, err := c.lacks(ctx, p, before.Candidate); err != nil {
			return now, err
		} else if gone {
			now.Revision, now.Candidate = "", "" // as if it was never looked at
		}
	}
	o := source.Options{Local: c.options.Local}
	if s := p.Spec.Source.Secret; s != nil {
		var err error
		if o.Credentials, err = c.secret(ctx, p.Namespace, s.Name); err != nil {
			now.Reason, now.Problem = reasonOf(err), "the credentials of the source cannot be had: "+err.Error()
			return now, nil
		}
	}
	short, cancel := context.WithTimeout(ctx, pollTime)
	defer cancel()
	found, err := source.Poll(short, p.Spec.Source, now.Revision, o)
	var rejected *source.Rejected
	switch {
	case ctx.Err() != nil:
		return now, ctx.Err()
	case errors.As(err, &rejected):
		now.Reason, now.Problem, now.Revision = "PackageRejected", err.Error(), cmp.Or(rejected.Revision, now.Revision)
		return now, nil
	case err != nil:
		now.Reason, now.Problem = "SourceUnreachable", err.Error()
		return now, nil
	}
	if found.Package == nil {
		if before != nil && before.For == now.For && before.Reason == "PackageRejected" {
			now.Reason, now.Problem = before.Reason, before.Problem // it is still the one that was rejected
		}
		return now, nil
	}
	// Another process may have found something newer while this one looked.
	var live v1alpha1.Promotion
	if err := c.direct.Get(ctx, client.ObjectKeyFromObject(p), &live); err != nil {
		return now, fmt.Errorf("read promotion %s: %w", p.Name, err)
	}
	if revisionOf(live.Status.Source) != revisionOf(before) {
		return now, errOvertaken
	}
	now.Revision = found.Revision
	now.Candidate, err = c.keep(ctx, p, found)
	return now, err
}

// lacks reports whether a candidate that was made is not there any more: somebody
// deleted it, or the promotion that it was of.
func (c *Controller) lacks(ctx context.Context, p *v1alpha1.Promotion, name string) (bool, error) {
	if name == "" {
		return false, nil
	}
	one := &v1alpha1.Candidate{}
	err := c.client.Get(ctx, key{Namespace: p.Namespace, Name: name}, one)
	if apierrors.IsNotFound(err) {
		return true, nil
	} else if err != nil {
		return false, fmt.Errorf("read candidate %s: %w", name, err)
	}
	return !store.Of(one, p), nil
}

var errOvertaken = errors.New("another process looked at the source meanwhile")

func revisionOf(s *v1alpha1.SourceStatus) string {
	if s == nil {
		return ""
	}
	return s.Revision
}

// keep makes a Candidate of a package, or has one that is there be the newest.
func (c *Controller) keep(ctx context.Context, p *v1alpha1.Promotion, found *source.Found) (string, error) {
	one, err := c.store.Keep(ctx, p, found)
	if err != nil {
		return "", err
	}
	var all v1alpha1.CandidateList
	if err := c.client.List(ctx, &all, client.InNamespace(p.Namespace), client.MatchingFields{byPromotion: p.Name}); err != nil {
		return "", fmt.Errorf("list candidates: %w", err)
	}
	latest := metav1.NewMicroTime(c.clock.Now().Truncate(time.Microsecond)) // as it is recorded
	for i := range all.Items {
		other := c.written.newest(&all.Items[i]).(*v1alpha1.Candidate)
		t := other.Status.Latest
		if !store.Of(other, p) {
			continue
		}
		switch {
		case t == nil || other.UID == one.UID:
		case !latest.After(t.Time):
			latest = metav1.NewMicroTime(t.Add(time.Microsecond)) // clocks differ
		}
		if one.Status.Latest != nil && t != nil && one.Status.Latest.Before(t) {
			one.Status.Latest = nil // another one was newer
		}
	}
	if one.Status.Latest != nil {
		return one.Name, nil
	}
	patch, err := json.Marshal(map[string]any{"status": map[string]any{"latest": latest}})
	if err != nil {
		return "", err
	}
	if err := c.client.Status().Patch(ctx, one, client.RawPatch("application/merge-patch+json", patch)); err != nil {
		return "", fmt.Errorf("have candidate %s be the newest: %w", one.Name, err)
	}
	c.written.put(one)
	c.log.Info("candidate is the newest", "namespace", p.Namespace, "promotion", p.Name, "candidate", one.Name, "digest", one.Spec.Digest, "revision", found.Revision, "author", found.Author)
	c.event(p, false, "Found", "Poll", fmt.Sprintf("candidate %s is the newest: %s %s at %s", one.Name, one.Spec.Chart, one.Spec.Version, found.Revision))
	return one.Name, nil
}

// found records what was found, and nothing else of the status.
func (c *Controller) found(ctx context.Context, p *v1alpha1.Promotion, now v1alpha1.SourceStatus) error {
	patch, err := json.Marshal(map[string]any{"status": map[string]any{"source": fields(now)}})
	if err != nil {
		return err
	}
	one := &v1alpha1.Promotion{ObjectMeta: metav1.ObjectMeta{Namespace: p.Namespace, Name: p.Name}}
	err = c.client.Status().Patch(ctx, one, client.RawPatch("application/merge-patch+json", patch))
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("write the status of promotion %s: %w", p.Name, err)
	}
	c.written.put(one)
	return nil
}

// fields are all of a status, those that are empty as null, so that a merge
// leaves none of before.
func fields(s v1alpha1.SourceStatus) map[string]any {
	or := func(v string) any {
		if v == "" {
			return nil
		}
		return v
	}
	return map[string]any{"revision": s.Revision, "candidate": or(s.Candidate), "requested": or(s.Requested),
		"reason": or(s.Reason), "problem": or(s.Problem), "for": or(s.For)}
}

// digestOf tells sources apart.
func digestOf(s v1alpha1.Source) string {
	s.Interval, s.Hook, s.Secret = metav1.Duration{}, nil, nil
	text, err := json.Marshal(s)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}
