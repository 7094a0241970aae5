package rollout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tiphys-dev/tiphys/packaging/release"
	"github.com/tiphys-dev/tiphys/packaging/secrets"
)

// Deploy makes the package run. It does nothing when it does already: the newest
// revision is deployed and has its digest and environment. Two that run at once
// make one revision; the one that comes too late finds it there, or an error
// that another is at work.
//
// An error that is a *release.Refused is final: findings stop it (ErrHeld),
// something is wrong with the package, the cluster would not have it, a hook
// failed, or it was not ready in time. Any other one is worth another try: the
// cluster, a webhook of it that does not answer, a quota, a lock, a key that is
// not there. After an error Done is there when a revision was made all the same,
// and what it applied is live; another try takes the place of that revision.
func (j *Job) Deploy(ctx context.Context) (*Done, error) {
	ring, err := secrets.ParseKeyring(j.Keys...)
	if err != nil {
		return nil, err
	}
	if done, err := j.already(ctx); done != nil || err != nil {
		return done, err
	}
	u, err := j.unpack()
	defer u.close()
	if err != nil {
		return nil, err
	}
	name, namespace := j.place(u.chart.Name, u.env)
	client, err := j.client(namespace)
	if err != nil {
		return nil, err
	}
	if j.Release == "" || j.Namespace == "" { // else it was looked at already
		if done, err := j.look(ctx, client, name); done != nil || err != nil {
			return done, err
		}
	}
	spec, done, err := j.spec(ctx, u, ring, client, name)
	if done != nil || err != nil {
		return done, err
	}
	result, err := client.Upgrade(ctx, *spec, release.Options{
		Wait: true, Timeout: j.Timeout, CreateNamespace: true, Once: true, Description: describe(j.Environment, spec.Digest),
	})
	if err != nil {
		return j.failed(ctx, client, result, err)
	}
	done = doneBy(result)
	done.At = time.Now().UTC().Truncate(time.Second)
	if now, err := client.Latest(ctx, name); err == nil && now != nil && now.Number == done.Revision {
		done.At = now.Updated
	}
	return done, nil
}

// describe is what the history of the release says of the revision.
func describe(environment, digest string) string {
	return fmt.Sprintf("package %.19s for environment %s", digest, environment)
}

func doneBy(r *release.Result) *Done {
	return &Done{Release: r.Name, Namespace: r.Namespace, Revision: r.Revision, Recovered: r.Recovered, Warnings: r.Warnings}
}

// already looks before anything is unpacked, when it is known where.
func (j *Job) already(ctx context.Context) (*Done, error) {
	if j.Release == "" || j.Namespace == "" || j.Package == nil {
		return nil, nil
	}
	client, err := j.client(j.Namespace)
	if err != nil {
		return nil, err
	}
	return j.look(ctx, client, j.Release)
}

// look returns what was done when the package runs already, or nil.
func (j *Job) look(ctx context.Context, client *release.Client, name string) (*Done, error) {
	now, err := client.Latest(ctx, name)
	if err != nil || now == nil || now.Status != deployed || now.Digest != j.Package.Digest() || now.Environment != j.Environment {
		return nil, err
	}
	if now.Unfinished {
		if err := client.Finish(ctx, name); err != nil {
			return nil, passing(err)
		}
	}
	return &Done{Release: name, Namespace: client.Namespace(), Revision: now.Number, At: now.Updated, Already: true}, nil
}

const deployed = "deployed" // Helm's word

// spec renders with the true values, and refuses what findings stop. It returns
// what was done when the package runs by now.
func (j *Job) spec(ctx context.Context, u *unpacked, ring *secrets.Keyring, client *release.Client, name string) (*release.Spec, *Done, error) {
	s, err := u.read(ctx, ring.Open)
	if err != nil {
		return nil, nil, err
	}
	state, err := client.Prepare(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	// Another one may have been faster; from here on, that would be noticed.
	if done, err := j.look(ctx, client, name); done != nil || err != nil {
		return nil, done, err
	}
	if j.Confirm != nil {
		if err := j.Confirm(ctx); err != nil {
			return nil, nil, err
		}
	}
	check, err := j.check(ctx, u, s, optionsOf(state))
	if err != nil {
		return nil, nil, err
	}
	found, stop := Judge(check.Findings, j.Lint, j.failOn())
	if stop {
		u.rename(found)
		return nil, nil, held(found, j.failOn())
	}
	spec := s.Spec(check, state)
	spec.Digest, spec.Environment = j.Package.Digest(), j.Environment
	return spec, nil, nil
}

// failed tells what an error of an upgrade comes to.
func (j *Job) failed(ctx context.Context, client *release.Client, r *release.Result, err error) (*Done, error) {
	var locked *release.Locked
	if errors.Is(err, release.ErrAlready) || errors.Is(err, release.ErrChanged) || errors.As(err, &locked) {
		if done, err := j.look(ctx, client, r.Name); done != nil && err == nil {
			return done, nil // another one was faster
		}
	}
	var done *Done
	if r != nil && r.Status != "" {
		done = doneBy(r)
	}
	if ctx.Err() != nil {
		return done, &said{err.Error(), ctx.Err()}
	}
	return done, passing(err)
}

// passing takes the finality from refusals that another try may not meet.
func passing(err error) error {
	var locked *release.Locked
	var pending *release.Pending
	switch {
	case errors.As(err, &locked):
		return &said{err.Error(), locked}
	case errors.As(err, &pending):
		return &said{err.Error(), pending}
	case errors.Is(err, release.ErrChanged):
		return &said{err.Error(), release.ErrChanged}
	case err != nil && release.Crowded(err):
		return &said{err.Error(), ErrCrowded}
	}
	return err
}
