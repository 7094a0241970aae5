package release

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/action"
	helm "helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Rollback makes a revision like an older one; 0 is the newest one before that
// was once deployed. Secrets beside the record stay as they are: old
// credentials do not come back.
func (c *Client) Rollback(ctx context.Context, name string, revision int, o Options) (*Result, error) {
	r := &Result{Name: name, Namespace: c.namespace, DryRun: o.DryRun}
	work := func(s *session) error {
		defer func() { r.Warnings = append(r.Warnings, s.conn.warnings.all()...) }()
		return s.rollback(revision, r)
	}
	err := validName(name)
	if err != nil {
		return r, err
	}
	if o.DryRun {
		err = c.unlocked(ctx, name, o, work)
	} else if err = c.known(ctx, name); err == nil {
		err = c.locked(ctx, name, o, work)
	}
	return r, c.explain(err, nil)
}

// known refuses a release that is not there, before anything is written.
func (c *Client) known(ctx context.Context, name string) error {
	return c.unlocked(ctx, name, Options{}, func(s *session) error {
		r, err := s.last()
		if err == nil && r == nil {
			return s.unknown()
		}
		return err
	})
}

// unlocked runs f, which only reads.
func (c *Client) unlocked(ctx context.Context, name string, o Options, f func(*session) error) error {
	s := &session{client: c, name: name, o: o, ctx: ctx, late: ctx}
	var err error
	if s.conn, err = c.connect(ctx, func() error { return errors.New("a read only run wants to write") }, false); err != nil {
		return err
	}
	if s.set, err = s.conn.clientset(); err != nil {
		return err
	}
	s.notes = s.set
	s.store = newStore(s.set, c.namespace, "")
	return f(s)
}

func (s *session) rollback(revision int, r *Result) error {
	was, mended, err := s.lastForRollback()
	if err != nil {
		return err
	}
	r.Recovered = mended
	target, err := s.target(was, revision)
	if err != nil {
		return err
	}
	v, err := loadInventory(s.ctx, s.set, s.client.namespace, s.name)
	if err != nil {
		return err
	}
	if err := s.mayRevert(target, v); err != nil {
		return err
	}
	r.RolledBack, r.Revision, r.Notes = target.Version, was.Version+1, target.Info.Notes
	if s.o.DryRun {
		return nil
	}
	err = s.revert(v, target.Version)
	if record, e := s.last(); e == nil && record != nil {
		r.Revision, r.Status = record.Version, record.Info.Status.String()
	}
	return err
}

func (s *session) lastForRollback() (*helm.Release, int, error) {
	if s.o.DryRun {
		r, err := s.last()
		if err == nil && r == nil {
			err = s.unknown()
		}
		return r, 0, err
	}
	r, mended, err := s.mend()
	if err == nil && r == nil {
		err = s.unknown()
	}
	return r, mended, err
}

// target finds the record to go back to.
func (s *session) target(was *helm.Release, revision int) (*helm.Release, error) {
	all, err := s.store.storage().History(s.name)
	if err != nil {
		return nil, fmt.Errorf("read the records of release %q: %w", s.name, err)
	}
	var best *helm.Release
	var have []string
	slices.SortFunc(all, func(a, b *helm.Release) int { return a.Version - b.Version })
	for _, r := range all {
		have = append(have, fmt.Sprint(r.Version))
		good := r.Info.Status == helm.StatusDeployed || r.Info.Status == helm.StatusSuperseded
		if r.Version == revision || revision == 0 && good && r.Version < was.Version {
			best = r
		}
	}
	switch {
	case best == nil && revision == 0:
		return nil, refuse("release %q has no older revision that was deployed: there is nothing to go back to", s.name)
	case best == nil:
		return nil, refuse("release %q has no revision %d; it has %s", s.name, revision, strings.Join(have, ", "))
	}
	return best, nil
}

// mayRevert looks for Secrets that make going back impossible, or worse than
// staying.
func (s *session) mayRevert(target *helm.Release, v *inventory) error {
	for _, doc := range documents(target.Manifest) {
		if id, ok := secretIn(doc, target.Namespace); ok && v.tracks(id) {
			return refuse("revision %d keeps Secret %q in its record, with the credentials of its day: going back would bring them back, and write them down in the clear again; "+
				"upgrade with the chart of that revision instead", target.Version, id)
		}
	}
	m, ok := v.at(target.Version)
	if !ok || !ours(target) {
		return nil
	}
	var missing []string
	for _, id := range m.Secrets {
		namespace, name, _ := strings.Cut(id, "/")
		_, err := s.set.CoreV1().Secrets(namespace).Get(s.ctx, name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			missing = append(missing, id)
		} else if err != nil {
			return fmt.Errorf("look at secret %s: %w", id, err)
		}
	}
	if len(missing) > 0 {
		return refuse("revision %d needs secrets that are gone: %s; no record holds them, so upgrade with the chart of that revision instead", target.Version, strings.Join(missing, ", "))
	}
	return nil
}

// revert lets Helm go back, and notes where the new revision came from.
func (s *session) revert(v *inventory, to int) error {
	was, err := s.last()
	if err != nil {
		return err
	}
	old, _ := v.at(to)
	old.Revision, old.Time = was.Version+1, now()
	v.note(old, s.o.historyMax())
	if err := v.save(s.ctx, s.notes, s.client.namespace, s.name); err != nil {
		return err
	}
	s.o.log(fmt.Sprintf("going back to revision %d", to))
	b := action.NewRollback(s.actions())
	b.Version, b.MaxHistory = to, s.o.historyMax()
	b.Wait, b.WaitForJobs, b.Timeout, b.DisableHooks, b.Force = s.o.Wait || s.o.WaitJobs, s.o.WaitJobs, s.o.timeout(), s.o.NoHooks, s.o.Force
	err = b.Run(s.name)
	_, settled := s.settle(err)
	return errors.Join(byHelm(err), settled)
}

// unknown says that there is no such release, and which there are.
func (s *session) unknown() error {
	all, err := s.store.storage().ListReleases()
	if err != nil && !errors.Is(err, driver.ErrReleaseNotFound) {
		all = nil // it is only for the hint
	}
	names := map[string]bool{}
	for _, r := range all {
		names[r.Name] = true
	}
	return unknownRelease(s.name, s.client.namespace, names)
}
