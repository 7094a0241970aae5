package bundle

import (
	"context"
	"fmt"
)

// A Recorder tells what runs.
type Recorder interface {
	// Recorded returns the digest of the package that a release was last
	// deployed from, "" when nobody recorded one, and the revision that is
	// deployed, 0 when there is no such release.
	Recorded(ctx context.Context, release, namespace string) (digest string, revision int, err error)
}

// A Target is where a package is said to run.
type Target struct {
	Environment, Release, Namespace string
}

// A Verdict says whether a package runs.
type Verdict struct {
	Target
	// Want is the digest of the package, Got that of what runs, "" when it is
	// not known.
	Want, Got string
	// Revision is the one that is deployed, 0 when there is no release.
	Revision int
}

// Verify asks whether the package with a digest is what runs.
func Verify(ctx context.Context, r Recorder, digest string, at Target) (Verdict, error) {
	got, revision, err := r.Recorded(ctx, at.Release, at.Namespace)
	if err != nil {
		return Verdict{}, fmt.Errorf("verify %s: %w", at.Environment, err)
	}
	return Verdict{Target: at, Want: digest, Got: got, Revision: revision}, nil
}

// Same reports whether the package is what runs.
func (v Verdict) Same() bool { return v.Revision > 0 && v.Got == v.Want }

// String says in one line what runs.
func (v Verdict) String() string {
	release := fmt.Sprintf("release %q in namespace %q", v.Release, v.Namespace)
	switch {
	case v.Revision == 0:
		return fmt.Sprintf("%s: nothing runs: there is no %s", v.Environment, release)
	case v.Got == "":
		return fmt.Sprintf("%s: unknown: revision %d of %s was deployed without a digest; tiphys upgrade -e %s records it", v.Environment, v.Revision, release, v.Environment)
	case v.Got != v.Want:
		return fmt.Sprintf("%s: another package runs: revision %d of %s is %s, and not %s", v.Environment, v.Revision, release, v.Got, v.Want)
	}
	return fmt.Sprintf("%s: this package runs: revision %d of %s is %s", v.Environment, v.Revision, release, v.Got)
}
