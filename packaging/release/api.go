package release

import (
	"context"
	"errors"
	"io"

	"k8s.io/client-go/dynamic"
)

// Target is where to deploy. The zero value is what kubectl would use.
type Target struct {
	// Kubeconfig is a file instead of those of KUBECONFIG, Context the name of
	// one of its contexts, Namespace goes over that of the context.
	Kubeconfig, Context, Namespace string
	// As and AsGroups impersonate.
	As       string
	AsGroups []string
}

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
}

// GetClientFor answers lookup in templates: it is what Helm's engine asks for.
func (s *State) GetClientFor(apiVersion, kind string) (dynamic.NamespaceableResourceInterface, bool, error) {
	return nil, false, errors.New("not yet")
}

// Client deploys to one namespace of one cluster.
type Client struct{}

// Open prepares a client. It asks nothing of the cluster yet.
func Open(t Target) (*Client, error) { return nil, errors.New("not yet") }

// Namespace is where releases live.
func (c *Client) Namespace() string { return "" }

// Prepare asks the cluster what rendering needs.
func (c *Client) Prepare(ctx context.Context, name string) (*State, error) {
	return nil, errors.New("not yet")
}

// Upgrade installs or upgrades a release.
func (c *Client) Upgrade(ctx context.Context, s Spec, o Options) (*Result, error) {
	return nil, errors.New("not yet")
}

// Diff tells what Upgrade would change.
func (c *Client) Diff(ctx context.Context, s Spec) ([]Change, error) {
	return nil, errors.New("not yet")
}

// WriteDiff prints changes as unified diffs; color for a terminal.
func WriteDiff(w io.Writer, changes []Change, color bool) error { return errors.New("not yet") }

// History tells the revisions of a release, oldest first.
func (c *Client) History(ctx context.Context, name string) ([]Revision, error) {
	return nil, errors.New("not yet")
}

// Status tells what a release is at.
func (c *Client) Status(ctx context.Context, name string) (*Status, error) {
	return nil, errors.New("not yet")
}

// Rollback makes a revision like an older one; 0 is the one before.
func (c *Client) Rollback(ctx context.Context, name string, revision int, o Options) (*Result, error) {
	return nil, errors.New("not yet")
}

// Uninstall removes a release and the Secrets beside its record.
func (c *Client) Uninstall(ctx context.Context, name string, o Options) (*Uninstalled, error) {
	return nil, errors.New("not yet")
}
