package bundle

import (
	"context"
	"fmt"
)

// A Recorder tells what runs in one namespace of one cluster.
type Recorder interface {
	// Recorded returns what was recorded of the revision of a release that
	// runs; with revision 0 when there is no such release.
	Recorded(ctx context.Context, release string) (Record, error)
}

// A Record is what is known of a revision of a release.
type Record struct {
	// Revision is the one that is deployed.
	Revision int
	// Digest is that of the package it was made from, and Environment the one
	// that gave it values. They are "" when nobody recorded them, as when helm
	// itself deployed, or when other values went over those of the package.
	Digest, Environment string
	// Failed is a later revision that did not get through, so that a part of it
	// may run, or 0.
	Failed int
}

// A Target is where a package is said to run.
type Target struct {
	Environment, Release, Namespace string
}

// A Verdict says whether a package runs.
type Verdict struct {
	Target
	// Digest is that of the package, Runs what runs.
	Digest string
	Runs   Record
}

// Verify asks whether the package with a digest is what runs.
func Verify(ctx context.Context, r Recorder, digest string, at Target) (Verdict, error) {
	runs, err := r.Recorded(ctx, at.Release)
	if err != nil {
		return Verdict{}, fmt.Errorf("verify %s: %w", at.Environment, err)
	}
	return Verdict{Target: at, Digest: digest, Runs: runs}, nil
}

// Same reports whether the package, with the values of the environment, is what
// runs.
func (v Verdict) Same() bool {
	r := v.Runs
	return r.Revision > 0 && r.Failed == 0 && r.Digest == v.Digest && r.Environment == v.Environment
}

// String says in one line what runs.
func (v Verdict) String() string {
	r := v.Runs
	release := fmt.Sprintf("release %q in namespace %q", v.Release, v.Namespace)
	revision := fmt.Sprintf("revision %d of %s", r.Revision, release)
	switch {
	case r.Failed > 0:
		return fmt.Sprintf("%s: it is unclear what runs: revision %d of %s failed, and a part of it may be there", v.Environment, r.Failed, release)
	case r.Revision == 0:
		return fmt.Sprintf("%s: nothing runs: there is no %s", v.Environment, release)
	case r.Digest == "":
		return fmt.Sprintf("%s: it is unknown what runs: %s has no digest, as it was deployed by helm, or with values that are not those of the environment alone", v.Environment, revision)
	case r.Digest != v.Digest:
		return fmt.Sprintf("%s: another package runs: %s is %s, and not %s", v.Environment, revision, r.Digest, v.Digest)
	case r.Environment != v.Environment:
		return fmt.Sprintf("%s: this package runs with the values of another environment: %s was deployed for %q", v.Environment, revision, r.Environment)
	}
	return fmt.Sprintf("%s: this package runs: %s is %s", v.Environment, revision, r.Digest)
}
