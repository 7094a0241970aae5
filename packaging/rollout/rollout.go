// Package rollout brings a package to an environment of a cluster: it renders,
// lints, decrypts in memory, deploys, and later tells whether what runs is well
// and still what was deployed. The command line and the controller share it.
package rollout

import (
	"context"
	"errors"
	"time"

	"k8s.io/client-go/rest"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/packaging/bundle"
	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/packaging/release"
)

// A Job is one package for one environment.
type Job struct {
	// Package may be nil for what asks the cluster only, when Release and
	// Namespace are given: Running and Health.
	Package     *bundle.Package
	Environment string
	// Release is "" for the name of the chart, Namespace "" for what
	// environment.yaml says.
	Release, Namespace string
	// Config reaches the cluster, as whoever deploys.
	Config *rest.Config
	// Kinds remembers what clusters serve, for a program that has many jobs; nil
	// has it asked anew each time.
	Kinds *release.Kinds
	// Keys are age keys in the form of a file of keys. No other key of this
	// machine is tried.
	Keys [][]byte
	// Lint and Policies say what is asked for; Policies may be nil.
	Lint     lint.Options
	Policies func(*environment.Environment, string) lint.Policies
	// FailOn is the least severity of a finding that stops a deployment; the
	// zero value is lint.Error.
	FailOn lint.Severity
	// Timeout bounds hooks, and the waiting until what was applied is ready; zero
	// is release.DefaultTimeout.
	Timeout time.Duration

	// Confirm is asked, if it is set, whether the deployment is still wanted, once
	// it is seen what it would replace: what another deploys after that is never
	// replaced, so nobody who was slow undoes what came after. Its error is that of
	// Deploy.
	Confirm func(context.Context) error

	patience time.Duration // for rendering; zero is renderTimeout
}

// Done is what a deployment came to.
type Done struct {
	Release, Namespace string
	Revision           int
	// At is when that revision was deployed.
	At time.Time
	// Already is set when it was there before: nothing was done.
	Already bool
	// Recovered is the revision that a killed run had left pending, or 0.
	Recovered int
	Warnings  []string
}

// Running is what a release is at.
type Running struct {
	Revision            int
	Digest, Environment string
	Status              string // of Helm
	Updated             time.Time
}

var (
	// ErrHeld is in the error of Deploy when findings stop it.
	ErrHeld = errors.New("findings stop the deployment")
	// ErrCrowded is in the error of Deploy when the cluster has no room for it now:
	// a quota is used up, or the namespace is about to go.
	ErrCrowded = errors.New("the cluster has no room for it")
)
