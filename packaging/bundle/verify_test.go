package bundle_test

import (
	"context"
	"errors"
	"testing"

	"github.com/tiphys-dev/tiphys/packaging/bundle"
)

// recorded is a recorder that knows one release.
type recorded struct {
	digest   string
	revision int
	err      error
}

func (r recorded) Recorded(context.Context, string, string) (string, int, error) {
	return r.digest, r.revision, r.err
}

func TestVerify(t *testing.T) {
	at := bundle.Target{Environment: "prod", Release: "etl", Namespace: "data"}
	for name, c := range map[string]struct {
		recorded recorded
		want     string
		same     bool
	}{
		"this one":      {recorded{"sha256:a", 7, nil}, `prod: this package runs: revision 7 of release "etl" in namespace "data" is sha256:a`, true},
		"another one":   {recorded{"sha256:b", 7, nil}, `prod: another package runs: revision 7 of release "etl" in namespace "data" is sha256:b, and not sha256:a`, false},
		"not recorded":  {recorded{"", 7, nil}, `prod: unknown: revision 7 of release "etl" in namespace "data" was deployed without a digest; tiphys upgrade -e prod records it`, false},
		"nothing there": {recorded{"", 0, nil}, `prod: nothing runs: there is no release "etl" in namespace "data"`, false},
	} {
		v, err := bundle.Verify(t.Context(), c.recorded, "sha256:a", at)
		if err != nil || v.String() != c.want || v.Same() != c.same {
			t.Errorf("%s: %s, %v, %v", name, v, v.Same(), err)
		}
	}
	if _, err := bundle.Verify(t.Context(), recorded{err: errors.New("no cluster")}, "sha256:a", at); err == nil || err.Error() != "verify prod: no cluster" {
		t.Error(err)
	}
}
