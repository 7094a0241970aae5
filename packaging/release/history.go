package release

import (
	"context"
	"fmt"
	"slices"
	"strings"

	helm "helm.sh/helm/v3/pkg/release"
)

// History tells the revisions of a release, oldest first.
func (c *Client) History(ctx context.Context, name string) ([]Revision, error) {
	if err := validName(name); err != nil {
		return nil, err
	}
	var all []Revision
	err := c.unlocked(ctx, name, Options{}, func(s *session) error {
		last, err := s.last()
		if err != nil {
			return err
		}
		if last == nil {
			return s.unknown()
		}
		records, err := s.store.storage().History(name)
		if err != nil {
			return fmt.Errorf("read the records of release %q: %w", name, err)
		}
		v, err := loadInventory(ctx, s.set, c.namespace, name)
		if err != nil {
			return err
		}
		slices.SortFunc(records, func(a, b *helm.Release) int { return a.Version - b.Version })
		for _, r := range records {
			all = append(all, revisionOf(r, v))
		}
		return nil
	})
	return all, c.explain(err, nil)
}

func revisionOf(r *helm.Release, v *inventory) Revision {
	one := Revision{Number: r.Version, Updated: r.Info.LastDeployed.Time, Status: r.Info.Status.String(), Description: firstLine(r.Info.Description), ByHelm: !ours(r)}
	if r.Chart != nil && r.Chart.Metadata != nil {
		one.Chart, one.AppVersion = r.Chart.Metadata.Name+"-"+r.Chart.Metadata.Version, r.Chart.Metadata.AppVersion
	}
	if m, ok := v.at(r.Version); ok && ours(r) {
		one.Digest, one.Environment = m.Digest, m.Environment
	}
	return one
}

func firstLine(s string) string {
	s = strings.TrimSpace(s)
	if line, _, more := strings.Cut(s, "\n"); more {
		return line + " ..."
	}
	return s
}
