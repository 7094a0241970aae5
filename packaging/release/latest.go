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
	"k8s.io/client-go/kubernetes"
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
	// removed the Secrets that the revision does not have any more: see Finish.
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
	record, version, err := n.newest(ctx, name)
	if err != nil || record == nil {
		return nil, err
	}
	labels := record.Labels
	newest := &Latest{Number: version, Status: labels["status"], Updated: record.CreationTimestamp.Time}
	// Helm's labels createdAt and modifiedAt are those of the first revision: an
	// upgrade takes them over with the labels of the one before.
	for _, f := range record.ManagedFields {
		if f.Time != nil && f.Time.After(newest.Updated) {
			newest.Updated = f.Time.Time
		}
	}
	newest.Updated = newest.Updated.UTC()
	if !strings.HasSuffix(labels[holderLabel], "."+strconv.Itoa(newest.Number)) {
		return newest, nil // a stock helm's
	}
	set, err := n.clientset()
	if err != nil {
		return nil, err
	}
	return newest, newest.origin(ctx, set, c.namespace, name)
}

// newest returns what is known of the newest record without its data, nil when
// there is none, and its revision.
func (n *connection) newest(ctx context.Context, name string) (*metav1.PartialObjectMetadata, int, error) {
	asker, err := metadata.NewForConfig(n.config)
	if err != nil {
		return nil, 0, fmt.Errorf("prepare to talk to the cluster: %w", err)
	}
	list, err := asker.Resource(core.SchemeGroupVersion.WithResource("secrets")).Namespace(n.client.namespace).
		List(ctx, metav1.ListOptions{LabelSelector: "owner=helm,name=" + name})
	if err != nil {
		return nil, 0, fmt.Errorf("read the records of release %q: %w", name, err)
	}
	var newest *metav1.PartialObjectMetadata
	best := 0
	for i, record := range list.Items {
		if version, err := strconv.Atoi(record.Labels["version"]); err == nil && version > best {
			newest, best = &list.Items[i], version
		}
	}
	return newest, best, nil
}

// newest reads the newest record alone, or nil: last reads them all.
func (s *session) newest() (*helm.Release, error) {
	record, version, err := s.conn.newest(s.ctx, s.name)
	if err != nil || record == nil {
		return nil, err
	}
	r, err := s.store.storage().Get(s.name, version)
	if err != nil {
		return nil, fmt.Errorf("read revision %d of release %q: %w", version, s.name, err)
	}
	return r, nil
}

// origin adds what the inventory knows.
func (l *Latest) origin(ctx context.Context, set kubernetes.Interface, namespace, name string) error {
	v, err := loadInventory(ctx, set, namespace, name)
	if err != nil {
		return err
	}
	if m, ok := v.at(l.Number); ok {
		l.Digest, l.Environment = m.Digest, m.Environment
		l.Unfinished = l.Status == helm.StatusDeployed.String() && m.leaves(v)
	}
	return nil
}

// leaves reports whether the inventory has Secrets that are not of the revision.
func (m made) leaves(v *inventory) bool {
	return slices.ContainsFunc(v.Secrets, func(t tracked) bool { return !slices.Contains(m.Secrets, t.String()) })
}

// Finish removes the Secrets that a run had left when it was killed after the
// newest revision was deployed. It makes no revision.
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
		m, ok := v.at(was.Version)
		if !ok || !m.leaves(v) {
			return nil
		}
		return s.prune(m.Secrets, v, &Result{})
	}), nil)
}
