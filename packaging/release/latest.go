package release

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	helm "helm.sh/helm/v3/pkg/release"
	core "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/metadata"
)

// Latest is the newest revision of a release, as far as it can be told without
// its record, which may have a megabyte: nil when there is none. Chart and
// description are left out.
type Latest struct {
	Number              int
	Status              string // of Helm
	Updated             time.Time
	Digest, Environment string
	// Unfinished is set when it is deployed and a run was killed before it had
	// removed what the revision does not have any more: Secrets, and records of
	// attempts at it. See Finish.
	Unfinished bool
}

// Latest asks for the newest revision.
func (c *Client) Latest(ctx context.Context, name string) (*Latest, error) {
	l, err := c.latest(ctx, name)
	return l, c.explain(err, nil)
}

func (c *Client) latest(ctx context.Context, name string) (*Latest, error) {
	if err := validName(name); err != nil {
		return nil, err
	}
	n, err := c.connect(ctx, nil, false)
	if err != nil {
		return nil, err
	}
	records, err := n.records(ctx, name)
	if err != nil || len(records) == 0 {
		return nil, err
	}
	record, labels := records[0], records[0].Labels
	newest := &Latest{Number: record.version, Status: labels["status"], Updated: record.CreationTimestamp.Time}
	// Helm's labels createdAt and modifiedAt are those of the first revision: an
	// upgrade takes them over with the labels of the one before.
	for _, f := range record.ManagedFields {
		if f.Time != nil && f.Time.After(newest.Updated) {
			newest.Updated = f.Time.Time
		}
	}
	newest.Updated = newest.Updated.UTC()
	if !record.ours() {
		return newest, nil // a stock helm's
	}
	set, err := n.clientset()
	if err != nil {
		return nil, err
	}
	v, err := loadInventory(ctx, set, c.namespace, name)
	if err != nil {
		return nil, err
	}
	if m, ok := v.at(newest.Number); ok {
		newest.Digest, newest.Environment = m.Digest, m.Environment
		newest.Unfinished = newest.Status == helm.StatusDeployed.String() && (m.leaves(v) || len(attempts(records, v)) > 0)
	}
	return newest, nil
}

// A record is what is known of one of Helm's without its data.
type record struct {
	metav1.PartialObjectMetadata
	version int
}

// ours reports whether a run of ours made this very record.
func (r *record) ours() bool {
	return strings.HasSuffix(r.Labels[holderLabel], "."+strconv.Itoa(r.version))
}

// records are those of a release, the newest first.
func (n *connection) records(ctx context.Context, name string) ([]record, error) {
	asker, err := metadata.NewForConfig(n.config)
	if err != nil {
		return nil, fmt.Errorf("prepare to talk to the cluster: %w", err)
	}
	list, err := asker.Resource(core.SchemeGroupVersion.WithResource("secrets")).Namespace(n.client.namespace).
		List(ctx, metav1.ListOptions{LabelSelector: "owner=helm,name=" + name})
	if err != nil {
		return nil, fmt.Errorf("read the records of release %q: %w", name, err)
	}
	var all []record
	for _, one := range list.Items {
		if version, err := strconv.Atoi(one.Labels["version"]); err == nil {
			all = append(all, record{one, version})
		}
	}
	slices.SortFunc(all, func(a, b record) int { return b.version - a.version })
	return all, nil
}

// newest reads the newest record alone, or nil: last reads them all.
func (s *session) newest() (*helm.Release, error) {
	records, err := s.conn.records(s.ctx, s.name)
	if err != nil || len(records) == 0 {
		return nil, err
	}
	r, err := s.store.storage().Get(s.name, records[0].version)
	if err != nil {
		return nil, fmt.Errorf("read revision %d of release %q: %w", records[0].version, s.name, err)
	}
	return r, nil
}

// leaves reports whether the inventory has Secrets that are not of the revision.
func (m made) leaves(v *inventory) bool {
	return slices.ContainsFunc(v.Secrets, func(t tracked) bool { return !slices.Contains(m.Secrets, t.String()) })
}

// Finish removes what a run had left when it was killed after the newest revision
// was deployed: Secrets, and records of attempts. It makes no revision.
func (c *Client) Finish(ctx context.Context, name string) error {
	if err := validName(name); err != nil {
		return err
	}
	return c.explain(c.locked(ctx, name, Options{}, func(s *session) error {
		was, err := s.last()
		if err != nil || was == nil || was.Info.Status != helm.StatusDeployed || !ours(was) {
			return err
		}
		v, err := loadInventory(s.ctx, s.notes, c.namespace, name)
		if err != nil {
			return err
		}
		if m, ok := v.at(was.Version); ok && m.leaves(v) {
			if err := s.prune(m.Secrets, v, &Result{}); err != nil {
				return err
			}
		}
		return s.sweep(v, was.Version)
	}), nil)
}
