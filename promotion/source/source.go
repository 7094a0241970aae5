// Package source finds the newest package in a git repository, an OCI registry
// or a Helm repository.
//
// What is found there was written by others, and so is what servers answer:
// every answer is bounded in bytes and time, nothing of it is run, no link is
// followed out of it, and no credential is sent to any host but the one that
// the source names.
package source

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/packaging/bundle"
)

// patience bounds a Poll whose context has more time.
const patience = 2 * time.Minute

// Options of Poll; the zero value works.
type Options struct {
	// Credentials are the data of the Secret of the source: username and
	// password, token, identity and known_hosts, ca.crt, .dockerconfigjson.
	// Nothing else that this machine has, no helper, agent or file of a home, is
	// ever used.
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
	// Author as NAME <EMAIL>, and the first line of the message, of a commit. A
	// package of a registry may have an Author too.
	Author, Subject string
}

// A Rejected error is about what is in the source, or how it is described:
// looking again is no use until something else is there. Any other error is
// about reaching it.
type Rejected struct {
	// Revision that was rejected, "" where none was found. Given to Poll as what
	// is known, it is not fetched again.
	Revision string
	Err      error
}

// Error returns the message of the cause.
func (r *Rejected) Error() string { return r.Err.Error() }

// Unwrap returns the cause.
func (r *Rejected) Unwrap() error { return r.Err }

// rejected makes a Rejected of a message.
func rejected(format string, args ...any) error {
	return &Rejected{Err: fmt.Errorf(format, args...)}
}

// Poll looks what is newest. known is the revision that was found last time:
// while that is still the newest, nothing is fetched. It must come from the same
// source: with another path, the same commit holds another package. No error
// holds a credential, and none a name of a temporary folder, so that the same
// cause always has the same message.
func Poll(ctx context.Context, s v1alpha1.Source, known string, o Options) (*Found, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("no end of it within %s", patience))
	defer cancel()
	found, err := poll(ctx, s, known, o)
	if err != nil {
		return nil, o.conceal(err)
	}
	return found, nil
}

func poll(ctx context.Context, s v1alpha1.Source, known string, o Options) (*Found, error) {
	switch {
	case s.Git != nil:
		return pollGit(ctx, s.Git, known, o)
	case s.OCI != nil:
		return pollOCI(ctx, s.OCI, known, o)
	case s.Helm != nil:
		return pollHelm(ctx, s.Helm, known, o)
	}
	return nil, rejected("the source is none of git, oci and helm")
}

// conceal takes what is secret out of the message of an error. No message is
// made to hold any; a server could repeat in its answer what it was sent.
func (o Options) conceal(err error) error {
	text := err.Error()
	for name, value := range o.Credentials {
		if v := strings.TrimSpace(string(value)); len(v) > 3 && name != "username" && name != "ca.crt" && name != "known_hosts" {
			text = strings.ReplaceAll(text, v, "***")
		}
	}
	if text == err.Error() {
		return err
	}
	var r *Rejected
	if errors.As(err, &r) {
		return &Rejected{Revision: r.Revision, Err: errors.New(text)}
	}
	return errors.New(text)
}
