package render

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
)

// Options say for which release and which cluster to render. The zero value
// works: a first install, of a release called as the chart, into a cluster
// without a name.
type Options struct {
	// Name and Namespace are those of the release; "" is the name of the chart,
	// and "default".
	Name, Namespace string
	// Revision of the release, counted from 1, and whether it is an upgrade.
	Revision int
	Upgrade  bool
	// KubeVersion, like v1.37.2, and APIVersions, like argoproj.io/v1alpha1 or
	// argoproj.io/v1alpha1/Workflow, are what the cluster has; "" and nil are
	// what Helm assumes when it knows none.
	KubeVersion string
	APIVersions []string
	// Lookup reads the cluster for the function of that name. Without it, lookup
	// gives nothing, and Output.Lookups says what was asked for.
	Lookup Lookup
	// SkipSchema leaves out the check of the values by values.schema.json.
	SkipSchema bool
}

// An Output is what a chart becomes.
type Output struct {
	// Files are the rendered templates by their full names, such as
	// etl/templates/wf.yaml or etl/charts/db/templates/cm.yaml, without partials
	// and notes.
	Files map[string]string
	// Notes is the rendered NOTES.txt of the chart.
	Notes string
	// Lookups are the objects, such as v1/Secret, that lookup was asked for and
	// that nobody looked up.
	Lookups []string
}

// Names returns the names of the files, sorted.
func (o *Output) Names() []string {
	names := make([]string, 0, len(o.Files))
	for name := range o.Files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

const notesName = "NOTES.txt"

// Render renders the chart with values as the user gives them, which are not
// changed. The error is a *Failure when a template is to blame.
func (c *Chart) Render(values map[string]any, o Options) (*Output, error) {
	loaded, err := c.load()
	if err != nil {
		return nil, err
	}
	return c.render(loaded, values, o)
}

func (c *Chart) render(loaded *chart.Chart, values map[string]any, o Options) (*Output, error) {
	caps, err := o.capabilities()
	if err != nil {
		return nil, err
	}
	if v := loaded.Metadata.KubeVersion; v != "" && o.KubeVersion != "" && !chartutil.IsCompatibleRange(v, caps.KubeVersion.String()) {
		return nil, fmt.Errorf("chart %s wants Kubernetes %s, and this cluster is %s", c.Name, v, caps.KubeVersion)
	}
	values = clone(values).(map[string]any) // dependencies are processed in place
	if err := chartutil.ProcessDependenciesWithMerge(loaded, values); err != nil {
		return nil, fmt.Errorf("process the dependencies of %s: %w", c.Name, err)
	}
	release := chartutil.ReleaseOptions{
		Name: orElse(o.Name, c.Name), Namespace: orElse(o.Namespace, "default"), Revision: max(o.Revision, 1),
		IsInstall: !o.Upgrade, IsUpgrade: o.Upgrade,
	}
	top, err := chartutil.ToRenderValuesWithSchemaValidation(loaded, values, release, caps, o.SkipSchema)
	if err != nil {
		return nil, fmt.Errorf("merge values: %w", err)
	}
	asked := &lookups{inner: o.Lookup}
	files, err := engine.RenderWithClientProvider(loaded, top, asked)
	if err != nil {
		return nil, failureOf(c, err)
	}
	out := &Output{Files: files, Lookups: asked.unanswered()}
	for name, text := range files {
		if strings.HasSuffix(name, notesName) {
			if name == path.Join(loaded.Name(), "templates", notesName) {
				out.Notes = text
			}
			delete(files, name)
		}
	}
	return out, nil
}

func (o *Options) capabilities() (*chartutil.Capabilities, error) {
	caps := chartutil.DefaultCapabilities.Copy()
	if o.KubeVersion != "" {
		v, err := chartutil.ParseKubeVersion(o.KubeVersion)
		if err != nil {
			return nil, fmt.Errorf("version %q of Kubernetes is not like v1.34.0", o.KubeVersion)
		}
		caps.KubeVersion = *v
	}
	if o.APIVersions != nil {
		caps.APIVersions = o.APIVersions
	}
	return caps, nil
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// clone copies a tree of values.
func clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, c := range v {
			out[k] = clone(c)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, c := range v {
			out[i] = clone(c)
		}
		return out
	}
	return v
}

// errNotMap says so without quoting: the text may be a secret.
var errNotMap = errors.New("this is not a map of keys and values")
