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
	Package     *bundle.Package
	Environment string
	// Release is "" for the name of the chart, Namespace "" for what
	// environment.yaml says.
	Release, Namespace string
	// Config reaches the cluster, as whoever deploys.
	Config *rest.Config
	// Keys are age keys in the form of a file of keys. No other key of this
	// machine is tried.
	Keys [][]byte
	// Lint and Policies say what is asked for; Policies may be nil.
	Lint     lint.Options
	Policies func(*environment.Environment, string) lint.Policies
	// FailOn is the least severity of a finding that stops a deployment; the
	// zero value is lint.Error.
	FailOn  lint.Severity
	Timeout time.Duration
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

// ErrHeld is in the error of Deploy when findings stop it.
var ErrHeld = errors.New("findings stop the deployment")

// Findings tells what there is to say about the package in the environment, sorted,
// the most severe first. With keys missing, it goes by placeholders.
func (j *Job) Findings(ctx context.Context) ([]lint.Finding, error) {
	return nil, errors.New("not there yet")
}

// Deploy makes the package run. It does nothing when it does already: a
// deployed revision has its digest and environment. Two that run at once make
// one revision. The error is a *release.Refused when trying again is no use.
func (j *Job) Deploy(ctx context.Context) (*Done, error) { return nil, errors.New("not there yet") }

// Running tells what the release is at; nil when there is none.
func (j *Job) Running(ctx context.Context) (*Running, error) { return nil, errors.New("not there yet") }

// Health tells what is wrong with the objects of the release, "" for nothing:
// one that is missing or not ready, a revision that failed.
func (j *Job) Health(ctx context.Context) (problem string, err error) {
	return "", errors.New("not there yet")
}

// Drift tells how what is live differs from what was deployed, by dry runs of
// server-side apply, without the fields that may differ.
func (j *Job) Drift(ctx context.Context, ignore []Ignored) ([]release.Change, error) {
	return nil, errors.New("not there yet")
}

// Correct applies what was deployed once more. It makes no revision of its own
// where that can be avoided.
func (j *Job) Correct(ctx context.Context, ignore []Ignored) error {
	return errors.New("not there yet")
}

// Ignored are fields of some objects; Kind and Name are "" for all. Paths are
// like spec.suspend and metadata.labels["team"].
type Ignored struct {
	Kind, Name string
	Paths      []string
}
