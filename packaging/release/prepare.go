package release

import (
	"context"
	"fmt"
	"slices"

	"helm.sh/helm/v3/pkg/action"
	helm "helm.sh/helm/v3/pkg/release"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
)

// State is what a release is at, and what the cluster can do: what rendering
// needs to know.
type State struct {
	Name, Namespace string
	// Revision is the one that would be made next.
	Revision int
	// Install is set when there is nothing to upgrade.
	Install bool
	// Status is that of the last revision; empty when there is none.
	Status string
	// KubeVersion is like v1.37.2; APIVersions are group versions and kinds, as
	// in .Capabilities.APIVersions.
	KubeVersion string
	APIVersions []string

	conn *connection
}

// Prepare asks the cluster what rendering needs. What the State answers later
// is tied to ctx too.
func (c *Client) Prepare(ctx context.Context, name string) (*State, error) {
	s, err := c.prepare(ctx, name)
	return s, c.explain(err, nil)
}

func (c *Client) prepare(ctx context.Context, name string) (*State, error) {
	if err := validName(name); err != nil {
		return nil, err
	}
	n, err := c.connect(ctx, nil, false)
	if err != nil {
		return nil, err
	}
	set, err := n.clientset()
	if err != nil {
		return nil, err
	}
	version, err := n.discovery.ServerVersion()
	if err != nil {
		return nil, fmt.Errorf("ask the cluster for its version: %w", err)
	}
	versions, err := action.GetVersionSet(n.discovery)
	if err != nil && !discovery.IsGroupDiscoveryFailedError(err) {
		return nil, fmt.Errorf("ask the cluster for its kinds: %w", err)
	}
	r, err := last(newStore(set, c.namespace, ""), name)
	if err != nil {
		return nil, err
	}
	s := &State{Name: name, Namespace: c.namespace, KubeVersion: version.GitVersion, APIVersions: slices.Sorted(slices.Values(versions)), conn: n}
	s.Revision, s.Install = next(r)
	if r != nil {
		s.Status = r.Info.Status.String()
	}
	return s, nil
}

// next tells the revision after r, and whether it is made by an install.
func next(r *helm.Release) (revision int, install bool) {
	if r == nil {
		return 1, true
	}
	return r.Version + 1, r.Info.Status == helm.StatusUninstalled
}

// GetClientFor answers lookup in templates: it is what Helm's engine asks for.
func (s *State) GetClientFor(apiVersion, kind string) (dynamic.NamespaceableResourceInterface, bool, error) {
	gvk := schema.FromAPIVersionAndKind(apiVersion, kind)
	mapping, err := s.conn.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if err != nil {
		return nil, false, fmt.Errorf("look up %s of %s: %w", kind, apiVersion, err)
	}
	client, err := dynamic.NewForConfig(s.conn.config)
	if err != nil {
		return nil, false, fmt.Errorf("look up %s of %s: %w", kind, apiVersion, err)
	}
	return client.Resource(mapping.Resource), mapping.Scope.Name() == meta.RESTScopeNameNamespace, nil
}
