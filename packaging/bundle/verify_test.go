package bundle_test

import (
	"context"
	"errors"
	"testing"

	"github.com/tiphys-dev/tiphys/packaging/bundle"
)

// recorded is a recorder that knows one release.
type recorded struct {
	bundle.Record
	err error
}

func (r recorded) Recorded(context.Context, string) (bundle.Record, error) { return r.Record, r.err }

func TestVerify(t *testing.T) {
	at := bundle.Target{Environment: "prod", Release: "etl", Namespace: "data"}
	for name, c := range map[string]struct {
		runs bundle.Record
		want string
		same bool
	}{
		"this one": {bundle.Record{Revision: 7, Digest: "sha256:a", Environment: "prod"},
			`prod: this package runs: revision 7 of release "etl" in namespace "data" is sha256:a`, true},
		"another one": {bundle.Record{Revision: 7, Digest: "sha256:b", Environment: "prod"},
			`prod: another package runs: revision 7 of release "etl" in namespace "data" is sha256:b, and not sha256:a`, false},
		"for another environment": {bundle.Record{Revision: 7, Digest: "sha256:a", Environment: "dev"},
			`prod: this package runs with the values of another environment: revision 7 of release "etl" in namespace "data" was deployed for "dev"`, false},
		"not recorded": {bundle.Record{Revision: 7},
			`prod: it is unknown what runs: revision 7 of release "etl" in namespace "data" has no digest, as it was deployed by helm, or with values that are not those of the environment alone`, false},
		"a later one failed": {bundle.Record{Revision: 7, Digest: "sha256:a", Environment: "prod", Failed: 8},
			`prod: it is unclear what runs: revision 8 of release "etl" in namespace "data" failed, and a part of it may be there`, false},
		"nothing there": {bundle.Record{}, `prod: nothing runs: there is no release "etl" in namespace "data"`, false},
	} {
		v, err := bundle.Verify(t.Context(), recorded{c.runs, nil}, "sha256:a", at)
		if err != nil || v.String() != c.want || v.Same() != c.same {
			t.Errorf("%s: %s, %v, %v", name, v, v.Same(), err)
		}
	}
	if _, err := bundle.Verify(t.Context(), recorded{err: errors.New("no cluster")}, "sha256:a", at); err == nil || err.Error() != "verify prod: no cluster" {
		t.Error(err)
	}
}
