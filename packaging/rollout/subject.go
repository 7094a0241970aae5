package rollout

import (
	"context"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/packaging/deploy"
	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/packaging/release"
	"github.com/tiphys-dev/tiphys/packaging/render"
)

// A Subject is a chart with the values that it gets in an environment.
type Subject struct {
	Chart  *render.Chart
	Set    *environment.Set
	Values *environment.Values
	Inputs *deploy.Inputs
}

// Check renders the chart for what a release is at, and lints what comes out.
// A template that never ends is left behind when ctx ends.
func (s *Subject) Check(ctx context.Context, state *release.State, o lint.Options) (*deploy.Check, error) {
	return s.check(ctx, optionsOf(state), o)
}

// optionsOf is how to render for what a release is at.
func optionsOf(s *release.State) render.Options {
	return render.Options{
		Name: s.Name, Namespace: s.Namespace, Revision: s.Revision, Upgrade: !s.Install,
		KubeVersion: s.KubeVersion, APIVersions: s.APIVersions, Lookup: s.GetClientFor,
	}
}

func (s *Subject) check(ctx context.Context, r render.Options, o lint.Options) (*deploy.Check, error) {
	check := deploy.NewCheck(s.Chart, s.Values, s.Inputs, deploy.Options{Lint: o, Release: r})
	if err := deploy.Until(ctx, func() error { check.Run(); return nil }); err != nil {
		return nil, err
	}
	return check, nil
}

// Spec is what to deploy of what was checked for a state: the Secrets apart,
// and encrypted values as they lie on disk. Where it came from is for the
// caller to say.
func (s *Subject) Spec(check *deploy.Check, state *release.State) *release.Spec {
	spec := &release.Spec{Name: state.Name, Chart: s.Chart, Values: s.Inputs.Sealed, Notes: check.Output().Notes, State: state}
	spec.Files, spec.Secrets = deploy.Cut(check.Output().Files)
	for _, h := range s.Inputs.Hidden {
		spec.Never = append(spec.Never, release.Never{Key: h.Path, Value: []byte(h.Value)})
	}
	return spec
}

// Lenient as the least severity that stops has no finding stop but those that
// always do.
const Lenient = lint.Error + 1

// Judge settles how severe findings are, drops those that are switched off, and
// tells whether they stop a deployment: those of failOn and above do, and those
// that deploy.Stops knows.
func Judge(found []lint.Finding, o lint.Options, failOn lint.Severity) (settled []lint.Finding, stop bool) {
	for _, f := range found {
		if to, ok := o.Severity[f.Rule.Name]; ok && f.Policy == "" {
			f.Severity = to
		}
		always := deploy.Stops(f.Rule)
		if always {
			f.Severity = lint.Error
		}
		if f.Severity == lint.Off {
			continue
		}
		settled = append(settled, f)
		stop = stop || always || f.Severity >= failOn
	}
	return settled, stop
}
