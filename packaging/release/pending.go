package release

import (
	"errors"
	"fmt"
	"time"

	helm "helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
)

// Pending is in the error when the last record says that an operation is going
// on that is not ours to judge.
type Pending struct {
	Release, Namespace, Status string
	Revision                   int
	Since                      time.Time

	advice string
}

func (p *Pending) Error() string {
	return fmt.Sprintf("revision %d of release %q in namespace %q is %s since %s, by another helm: it may be at work, or may have been killed%s",
		p.Revision, p.Release, p.Namespace, p.Status, p.Since.Local().Format("15:04:05 on 2006-01-02"), p.advice)
}

// last returns the newest record, or nil.
func (s *session) last() (*helm.Release, error) { return last(s.store, s.name) }

func last(st *store, name string) (*helm.Release, error) {
	r, err := st.storage().Last(name)
	if errors.Is(err, driver.ErrReleaseNotFound) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("read the records of release %q: %w", name, err)
	}
	return r, nil
}

// mend ends what a killed run of ours has left pending: we hold the lock, so
// that run is gone. It returns the newest record, or nil, and the revision that
// it mended.
func (s *session) mend() (r *helm.Release, mended int, err error) {
	r, err = s.last()
	if err != nil || r == nil || !r.Info.Status.IsPending() {
		return r, 0, err
	}
	if !ours(r) && !s.o.Unlock {
		return nil, 0, &Refused{pending(r)}
	}
	text := "interrupted; recovered by tiphys"
	if !ours(r) {
		text = "given up with tiphys --unlock"
	}
	r.SetStatus(helm.StatusFailed, text)
	if err := s.store.storage().Update(r); err != nil {
		return nil, 0, fmt.Errorf("recover revision %d: %w", r.Version, err)
	}
	return r, r.Version, nil
}

func pending(r *helm.Release) *Pending {
	return &Pending{Release: r.Name, Namespace: r.Namespace, Status: r.Info.Status.String(), Revision: r.Version, Since: r.Info.LastDeployed.Time}
}

// settle makes sure that our own record is not left pending when an action has
// ended, in whatever way: Helm swallows errors of writing records.
func (s *session) settle(why error) (*helm.Release, error) {
	r, err := s.last()
	if err != nil || r == nil || !r.Info.Status.IsPending() || !ours(r) {
		return r, err
	}
	text := "interrupted"
	if why != nil && !interrupted(why) {
		text = s.store.never.mask(why.Error())
	}
	r.SetStatus(helm.StatusFailed, text)
	if err := s.store.storage().Update(r); err != nil {
		return r, fmt.Errorf("mark revision %d as failed: %w%s", r.Version, err, s.client.words.interrupted)
	}
	return r, nil
}
