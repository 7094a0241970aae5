// Package source finds the newest package in a git repository, an OCI registry
// or a Helm repository.
package source

import (
	"context"
	"errors"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/packaging/bundle"
)

// Options of Poll; the zero value works.
type Options struct {
	// Credentials are the data of the Secret of the source: username and
	// password, token, identity and known_hosts, ca.crt. Nothing else that this
	// machine has, no helper, agent or file of a home, is ever used.
	Credentials map[string][]byte
	// Local allows repositories that are folders of this machine. It is for tests.
	Local bool
}

// Found is the newest package of a source.
type Found struct {
	// Revision is a commit, the digest of a manifest, or a version with the
	// digest of its archive.
	Revision string
	// Package is nil when Revision is the one that was known.
	Package *bundle.Package
	// URL, without credentials.
	URL string
	// Author as NAME <EMAIL>, and the first line of the message, of a commit.
	Author, Subject string
}

// A Rejected error is about what is in the source: looking again is no use
// until something else is there. Any other error is about reaching it.
type Rejected struct{ Err error }

// Error returns the message of the cause.
func (r *Rejected) Error() string { return r.Err.Error() }

// Unwrap returns the cause.
func (r *Rejected) Unwrap() error { return r.Err }

// Poll looks what is newest. known is the revision that was found last time:
// while that is still the newest, nothing is fetched. No error holds a
// credential.
func Poll(ctx context.Context, s v1alpha1.Source, known string, o Options) (*Found, error) {
	return nil, errors.New("not there yet")
}
