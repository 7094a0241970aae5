package rollout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/packaging/deploy"
	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/packaging/release"
	"github.com/tiphys-dev/tiphys/packaging/render"
	"github.com/tiphys-dev/tiphys/packaging/secrets"
)

// The bounds of rendering. Of what is rendered, Helm stores at most 1 MiB.
const (
	renderTimeout = time.Minute
	mostRendered  = 32 << 20
)

// Findings tells what there is to say about the package in the environment, the
// most severe first, with files named as they are in the package. Without a
// Config, no cluster is asked what it is and has. When a key is missing, the
// findings go by placeholders, and the error beside them is a *secrets.KeyError.
// A *release.Refused says that there is something wrong with the package itself,
// such as a file of secrets that was tampered with.
func (j *Job) Findings(ctx context.Context) ([]lint.Finding, error) {
	ring, err := secrets.ParseKeyring(j.Keys...)
	if err != nil {
		return nil, err
	}
	u, err := j.unpack()
	defer u.close()
	if err != nil {
		return nil, err
	}
	var missing error
	s, err := u.read(ctx, func(ctx context.Context, name string, text []byte) ([]byte, error) {
		plain, err := ring.Open(ctx, name, text)
		var key *secrets.KeyError
		if errors.As(err, &key) {
			missing = err
			return nil, deploy.ErrClosed
		}
		return plain, err
	})
	if err != nil {
		return nil, err
	}
	o, err := j.options(ctx, u)
	if err != nil {
		return nil, err
	}
	check, err := j.check(ctx, u, s, o)
	if err != nil {
		return nil, err
	}
	found, _ := Judge(check.Findings, j.Lint, j.failOn())
	u.rename(found)
	slices.SortStableFunc(found, func(a, b lint.Finding) int { return int(b.Severity) - int(a.Severity) })
	return found, missing
}

// options are how to render for the cluster, when there is one.
func (j *Job) options(ctx context.Context, u *unpacked) (render.Options, error) {
	name, namespace := j.place(u.chart.Name, u.env)
	if j.Config == nil {
		return render.Options{Name: name, Namespace: namespace}, nil
	}
	client, err := j.client(namespace)
	if err != nil {
		return render.Options{}, err
	}
	state, err := client.Prepare(ctx, name)
	if err != nil {
		return render.Options{}, err
	}
	return optionsOf(state), nil
}

// bounded renders by f, for as long as a chart may take. What goes on for longer
// cannot be stopped, as Helm's engine knows no context: it is left behind, and
// trying again would leave another one behind. So that is final.
func (j *Job) bounded(ctx context.Context, chart string, f func(context.Context) error) error {
	patience := j.patience
	if patience == 0 {
		patience = renderTimeout
	}
	short, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := deploy.Until(short, func() error { return f(short) })
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && short.Err() != nil:
		return refuse(fmt.Errorf("render chart %s: it is not done after %s: is there a loop that never ends", chart, patience))
	}
	return err
}

// check renders and lints, within bounds.
func (j *Job) check(ctx context.Context, u *unpacked, s *Subject, o render.Options) (*deploy.Check, error) {
	options := j.Lint
	if j.Policies != nil {
		options.Policies = j.Policies(u.env, o.Namespace)
	}
	var check *deploy.Check
	err := j.bounded(ctx, s.Chart.Name, func(ctx context.Context) (err error) {
		check, err = s.check(ctx, o, options)
		return err
	})
	if err != nil {
		return nil, u.plain(err)
	}
	if out := check.Output(); out != nil {
		size := 0
		for _, text := range out.Files {
			size += len(text)
		}
		if size > mostRendered {
			return nil, refuse(fmt.Errorf("render chart %s: it becomes %d MiB of manifests, and at most %d are applied", s.Chart.Name, size>>20, mostRendered>>20))
		}
	}
	return check, nil
}

func (j *Job) failOn() lint.Severity {
	if j.FailOn == lint.Off {
		return lint.Error
	}
	return j.FailOn
}

// told is how many findings are told in an error.
const told = 3

// held is the error for findings that stop a deployment.
func held(found []lint.Finding, failOn lint.Severity) error {
	var texts []string
	for _, f := range found {
		if f.Severity >= failOn || deploy.Stops(f.Rule) {
			texts = append(texts, f.String())
		}
	}
	more := ""
	if n := len(texts) - told; n > 0 {
		texts, more = texts[:told], fmt.Sprintf("; and %d more", n)
	}
	return refuse(fmt.Errorf("%w: %s%s", ErrHeld, strings.Join(texts, "; "), more))
}

// place tells the release and its namespace, "" when nothing says it.
func (j *Job) place(chart string, e *environment.Environment) (name, namespace string) {
	name, namespace = j.Release, j.Namespace
	if name == "" {
		name = chart
	}
	if namespace == "" {
		namespace = e.Namespace
	}
	return name, namespace
}

func (j *Job) client(namespace string) (*release.Client, error) {
	if namespace == "" {
		return nil, refuse(fmt.Errorf("environment %q has no namespace: name one in its environment.yaml, or in the promotion", j.Environment))
	}
	return release.OpenConfig(j.Config, namespace).Remember(j.Kinds), nil
}
