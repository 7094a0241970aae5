package release

import (
	"context"
	"fmt"

	"helm.sh/helm/v3/pkg/action"
)

// Uninstall removes a release, the Secrets beside its record, and what we keep
// of it; also when a stock helm has removed the rest before.
func (c *Client) Uninstall(ctx context.Context, name string, o Options) (*Uninstalled, error) {
	u := &Uninstalled{Name: name, Namespace: c.namespace, DryRun: o.DryRun}
	if err := validName(name); err != nil {
		return u, err
	}
	// A release that nobody knows gets no lock.
	err := c.unlocked(ctx, name, o, func(s *session) error { return s.looked(u) })
	if err == nil && !o.DryRun {
		u.Secrets = nil
		err = c.locked(ctx, name, o, func(s *session) error { return s.uninstall(u) })
	}
	return u, c.explain(err, nil)
}

// looked tells what would be removed.
func (s *session) looked(u *Uninstalled) error {
	r, err := s.last()
	if err != nil {
		return err
	}
	v, err := loadInventory(s.ctx, s.set, s.client.namespace, s.name)
	if err != nil {
		return err
	}
	if u.NoRecord = r == nil; u.NoRecord && v.object == nil {
		return s.unknown()
	}
	for _, t := range v.Secrets {
		u.Secrets = append(u.Secrets, t.String())
	}
	return nil
}

func (s *session) uninstall(u *Uninstalled) error {
	r, _, err := s.mend()
	if err != nil {
		return err
	}
	v, err := loadInventory(s.ctx, s.set, s.client.namespace, s.name)
	if err != nil {
		return err
	}
	if u.NoRecord = r == nil; r != nil {
		a := action.NewUninstall(s.actions())
		a.Timeout, a.DisableHooks, a.KeepHistory, a.Description, a.Wait = s.o.timeout(), s.o.NoHooks, s.o.KeepHistory, s.o.Description, s.o.Wait
		done, err := a.Run(s.name)
		if err != nil {
			if why := s.said("Failed to delete release: "); why != "" {
				err = fmt.Errorf("%w: %s", err, why)
			}
			return byHelm(err)
		}
		if done != nil {
			u.Kept = done.Info
		}
	}
	// Hooks may have needed the Secrets until here.
	for _, t := range v.Secrets {
		why, err := t.remove(s.ctx, s.set, s.name, s.client.namespace)
		if err != nil {
			return err
		}
		if why != "" {
			s.o.log(why)
			continue
		}
		u.Secrets = append(u.Secrets, t.String())
	}
	if err := v.remove(s.late, s.notes, s.client.namespace); err != nil {
		return err
	}
	s.gone = true
	return nil
}
