package controller

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utilnet "k8s.io/apimachinery/pkg/util/net"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/rules"
	"github.com/tiphys-dev/tiphys/packaging/release"
	"github.com/tiphys-dev/tiphys/packaging/rollout"
	"github.com/tiphys-dev/tiphys/packaging/secrets"
	"github.com/tiphys-dev/tiphys/promotion/decide"
	"github.com/tiphys-dev/tiphys/promotion/gate"
	"github.com/tiphys-dev/tiphys/promotion/metric"
	"github.com/tiphys-dev/tiphys/promotion/store"
)

// lookTime bounds how long a look at one place takes.
const lookTime = 2 * time.Minute

// lookAgain is when to look anew at what could not be seen.
const lookAgain = time.Minute

// lintAgain is when to lint anew what could not be linted.
const lintAgain = time.Minute

// look gathers the facts that gates ask for. What cannot be had is noted, and not
// asked for again in this pass.
func (c *Controller) look(ctx context.Context, s *scene, needs map[decide.Place]gate.Look) {
	for at, look := range needs {
		s.state.Blind[at] |= look
		one, cancel := context.WithTimeout(ctx, lookTime)
		if look&gate.LookLint != 0 {
			c.lint(one, s, at)
		}
		if look&gate.LookHealth != 0 {
			c.health(one, s, at)
		}
		if look&gate.LookMetric != 0 {
			c.ask(one, s, at)
		}
		cancel()
	}
}

// job is a candidate in an environment.
func (c *Controller) job(ctx context.Context, s *scene, at decide.Place) (*rollout.Job, error) {
	env := s.environment(at.Environment)
	t, err := c.reach(ctx, s, env)
	if err != nil {
		return nil, err
	}
	candidate := s.candidate(at.Candidate)
	return &rollout.Job{
		Environment: at.Environment, Namespace: env.Namespace, Release: cmp.Or(s.state.Promotion.Spec.Release, candidate.Spec.Chart),
		Config: t.config, Kinds: &c.kinds, Lint: lint.Options{Rules: rules.All(), Argo: c.options.Argo}, Policies: c.policiesFor(ctx, t), Timeout: env.Timeout.Duration,
	}, nil
}

// fullJob is a job with its package, and the keys for it.
func (c *Controller) fullJob(ctx context.Context, s *scene, at decide.Place) (*rollout.Job, error) {
	j, err := c.job(ctx, s, at)
	if err != nil {
		return nil, err
	}
	if j.Keys, err = c.keys(ctx, s.state.Promotion); err != nil {
		return nil, err
	}
	if j.Package, err = c.store.Load(ctx, s.candidate(at.Candidate)); err != nil {
		return nil, err
	}
	return j, nil
}

// placed is a job whose namespace is that of what is deployed.
func (c *Controller) placed(ctx context.Context, s *scene, at decide.Place) (*rollout.Job, error) {
	j, err := c.job(ctx, s, at)
	if err != nil {
		return nil, err
	}
	if d := s.deployment(at); d != nil {
		j.Release, j.Namespace = cmp.Or(d.Release, j.Release), cmp.Or(d.Namespace, j.Namespace)
	}
	return j, nil
}

// most is how many findings are kept as evidence.
const most = 10

func (c *Controller) lint(ctx context.Context, s *scene, at decide.Place) {
	j, err := c.fullJob(ctx, s, at)
	var found []lint.Finding
	if err == nil {
		found, err = j.Findings(ctx)
	}
	l := &gate.Lint{}
	for i := range found {
		switch found[i].Severity {
		case lint.Error:
			l.Errors++
		case lint.Warning:
			l.Warnings++
		default:
			continue
		}
		if len(l.First) < most {
			l.First = append(l.First, found[i].String())
		}
	}
	if err != nil {
		l.Problem = err.Error()
		if !final(err) {
			s.blame(at, err, "it cannot be linted")
		}
		s.known.again = s.state.Now.Add(lintAgain)
	}
	s.known.lint[at] = l
}

// health tells how what is deployed is; that another package runs there than
// was deployed counts as not well.
func (c *Controller) health(ctx context.Context, s *scene, at decide.Place) {
	if s.state.Promotion.Spec.Pins != nil {
		// Who applies pins tells of that himself; here it is well by being pinned.
		s.known.health[at] = &gate.Health{Looked: s.state.Now}
		return
	}
	j, err := c.placed(ctx, s, at)
	var problem string
	if err == nil {
		var now *rollout.Running
		now, problem, err = j.Look(ctx)
		if digest := s.candidate(at.Candidate).Spec.Digest; err == nil && now != nil && (now.Digest != digest || now.Environment != at.Environment) {
			problem = fmt.Sprintf("revision %d of release %s is of another package or environment: somebody else deployed it", now.Revision, j.Release)
		}
	}
	if err != nil {
		s.blame(at, err, "its health cannot be seen")
		return
	}
	s.known.health[at] = &gate.Health{Looked: s.state.Now, Problem: problem}
}

// ask asks Prometheus for the metrics of the gates of an environment.
func (c *Controller) ask(ctx context.Context, s *scene, at decide.Place) {
	env := s.environment(at.Environment)
	namespace, name := env.Namespace, ""
	if d := s.deployment(at); d != nil {
		namespace, name = d.Namespace, d.Release
	}
	all := map[string]gate.Metric{}
	for _, g := range env.Gates {
		if g.Metric == nil {
			continue
		}
		url := cmp.Or(g.Metric.URL, c.options.Prometheus)
		if url == "" {
			all[g.ID()] = gate.Metric{At: s.state.Now, Problem: "the gate names no url, and the controller was started without --prometheus"}
			continue
		}
		query := gate.Fill(g.Metric.Query, namespace, name)
		m := metric.Query(ctx, url, query, metric.Options{Now: c.clock.Now})
		if m.At.IsZero() {
			m.At = s.state.Now
		}
		all[g.ID()] = m
	}
	s.known.metrics[at] = all
}

// drift compares what runs with what was deployed, and corrects it if asked.
func (c *Controller) drift(ctx context.Context, s *scene, all []decide.Place) {
	if s.state.Drift == nil {
		s.state.Drift = map[string]*v1alpha1.DriftStatus{}
	}
	for _, at := range all {
		one, cancel := context.WithTimeout(ctx, lookTime)
		status, err := c.driftOf(one, s, at)
		cancel()
		if err != nil {
			s.blame(at, err, "drift cannot be seen")
			status = &v1alpha1.DriftStatus{}
			if was := s.driftBefore(at.Environment); was != nil {
				status = was.DeepCopy()
			}
		}
		status.Looked = stamp(s.state.Now)
		s.state.Drift[at.Environment] = status
	}
}

func (s *scene) driftBefore(env string) *v1alpha1.DriftStatus {
	for i := range s.state.Promotion.Status.Environments {
		if e := &s.state.Promotion.Status.Environments[i]; e.Name == env {
			return e.Drift
		}
	}
	return nil
}

func (c *Controller) driftOf(ctx context.Context, s *scene, at decide.Place) (*v1alpha1.DriftStatus, error) {
	j, err := c.placed(ctx, s, at)
	if err != nil {
		return nil, err
	}
	env := s.environment(at.Environment)
	var ignore []rollout.Ignored
	for _, i := range env.Drift.Ignore {
		ignore = append(ignore, rollout.Ignored{Kind: i.Kind, Name: i.Name, Paths: i.Paths})
	}
	if j.Keys, err = c.keys(ctx, s.state.Promotion); err != nil {
		return nil, err
	}
	if j.Package, err = c.store.Load(ctx, s.candidate(at.Candidate)); err != nil {
		return nil, err
	}
	// The release itself may be gone, or of another package: then there is nothing
	// to bring its objects back to.
	now, err := j.Running(ctx)
	if err != nil {
		return nil, err
	}
	if now == nil || now.Digest != s.candidate(at.Candidate).Spec.Digest || now.Environment != at.Environment {
		c.event(s.state.Promotion, true, "Drifted", "Compare", fmt.Sprintf("release %q of %s is gone, or somebody else deployed it", j.Release, at.Environment))
		c.metrics.drift.WithLabelValues(s.Namespace, s.Name, at.Environment).Set(1)
		return &v1alpha1.DriftStatus{Count: 1, Objects: []string{"Release/" + j.Release}}, nil
	}
	changes, err := j.Drift(ctx, ignore)
	if err != nil {
		return nil, err
	}
	status := &v1alpha1.DriftStatus{Count: int32(len(changes))}
	for _, change := range changes[:min(most, len(changes))] {
		status.Objects = append(status.Objects, change.Kind+"/"+change.Name)
	}
	c.metrics.drift.WithLabelValues(s.Namespace, s.Name, at.Environment).Set(float64(len(changes)))
	if len(changes) == 0 {
		return status, nil
	}
	c.event(s.state.Promotion, true, "Drifted", "Compare", fmt.Sprintf("%s differs from what was deployed: %s", at.Environment, strings.Join(status.Objects, ", ")))
	if env.Drift.Correct {
		if err := j.Correct(ctx, ignore); err != nil {
			return status, fmt.Errorf("correct drift: %w", err)
		}
		c.event(s.state.Promotion, false, "Corrected", "Apply", fmt.Sprintf("%s is as it was deployed again", at.Environment))
	}
	return status, nil
}

// blame notes that something is in the way.
func (s *scene) blame(at decide.Place, err error, what string) {
	s.state.Faults = append(s.state.Faults, decide.Fault{Place: at, Reason: reasonOf(err), Message: fmt.Sprintf("%s: %s: %s", at.Environment, what, err)})
}

// final reports whether trying again is no use.
func final(err error) bool {
	var refused *release.Refused
	var damaged *store.Damaged
	return errors.As(err, &refused) || errors.As(err, &damaged)
}

// reasonOf is the word for an error.
func reasonOf(err error) string {
	var f *fault
	var key *secrets.KeyError
	var locked *release.Locked
	var pending *release.Pending
	var network net.Error
	switch {
	case errors.As(err, &f):
		return f.reason
	case errors.As(err, &key):
		return "KeyMissing"
	case errors.As(err, &locked):
		return "Locked"
	case errors.Is(err, rollout.ErrCrowded):
		return "NoRoom"
	case strings.Contains(err.Error(), "failed calling webhook"): // Helm makes text of errors
		return "WebhookUnreachable"
	case errors.As(err, &pending):
		return "ReleasePending"
	case apierrors.IsForbidden(err):
		return "Forbidden"
	case apierrors.IsUnauthorized(err):
		return "Unauthorized"
	case errors.As(err, &network), utilnet.IsConnectionRefused(err), errors.Is(err, context.DeadlineExceeded), apierrors.IsServiceUnavailable(err), apierrors.IsTimeout(err), apierrors.IsServerTimeout(err):
		return "ClusterUnreachable"
	}
	return "Retrying"
}
