package cli

import (
	"context"
	"errors"
	"slices"

	"github.com/tiphys-dev/tiphys/packaging/bundle"
	"github.com/tiphys-dev/tiphys/packaging/release"
)

// A recorderOf reaches a cluster and returns what tells what runs there, and in
// which namespace that is.
type recorderOf func(release.Target) (bundle.Recorder, string, error)

// inCluster is the recorderOf real clusters.
func inCluster(t release.Target) (bundle.Recorder, string, error) {
	c, err := release.Open(t)
	if err != nil {
		return nil, "", err
	}
	return recorder{c}, c.Namespace(), nil
}

// A recorder tells from Helm's records and ours what runs.
type recorder struct{ client *release.Client }

func (r recorder) Recorded(ctx context.Context, name string) (bundle.Record, error) {
	all, err := r.client.History(ctx, name)
	switch {
	case errors.Is(err, release.ErrNotFound):
		return bundle.Record{}, nil
	case err != nil:
		return bundle.Record{}, err
	}
	return runs(all), nil
}

// runs finds what runs among the revisions, oldest first. What follows the one
// that is deployed did not get through.
func runs(all []release.Revision) bundle.Record {
	var r bundle.Record
	for _, one := range all {
		switch one.Status {
		case "deployed":
			r = bundle.Record{Revision: one.Number, Digest: one.Digest, Environment: one.Environment}
		case "uninstalled":
			r = bundle.Record{}
		case "superseded":
		default: // failed, pending-upgrade, uninstalling
			r.Failed = one.Number
		}
	}
	return r
}

// asPackaged reports whether a chart gets the values of an environment and no
// others: then what is deployed is what the digest of its package stands for.
func (f *chartFlags) asPackaged() bool {
	over := slices.Concat(f.files, f.sets.JSON, f.sets.Set, f.sets.String, f.sets.File, f.sets.Literal)
	return f.environment != "" && len(over) == 0
}
