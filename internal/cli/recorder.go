package cli

import (
	"context"
	"errors"

	"github.com/tiphys-dev/tiphys/packaging/bundle"
	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/packaging/release"
)

// recorder tells from Helm's records and ours what runs.
type recorder struct{ client *release.Client }

// recorderIn reaches the cluster of an environment.
func recorderIn(cluster *clusterFlags) recorderOf {
	return func(_ context.Context, e *environment.Environment) (bundle.Recorder, string, error) {
		kubeContext := cluster.context
		if kubeContext == "" {
			kubeContext = e.Context
		}
		client, err := release.Open(release.Target{Kubeconfig: cluster.kubeconfig, Context: kubeContext, Namespace: e.Namespace})
		if err != nil {
			return nil, "", err
		}
		return recorder{client}, client.Namespace(), nil
	}
}

func (r recorder) Recorded(ctx context.Context, name, _ string) (digest string, revision int, err error) {
	all, err := r.client.History(ctx, name)
	switch {
	case errors.Is(err, release.ErrNotFound):
		return "", 0, nil
	case err != nil:
		return "", 0, err
	}
	for _, one := range all {
		if one.Status == "deployed" {
			digest, revision = one.Digest, one.Number
		}
	}
	return digest, revision, nil
}
