package render

import (
	"fmt"
	"path"
	"slices"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/tiphys-dev/tiphys/packaging/environment"
)

// Subcharts returns the dependencies that the values switch on, outer ones
// first.
func (c *Chart) Subcharts(values map[string]any) ([]environment.Subchart, error) {
	loaded, err := c.load()
	if err != nil {
		return nil, err
	}
	if err := chartutil.ProcessDependenciesWithMerge(loaded, clone(values).(map[string]any)); err != nil {
		return nil, fmt.Errorf("process the dependencies of %s: %w", c.Name, err)
	}
	return c.below(loaded, nil), nil
}

func (c *Chart) below(parent *chart.Chart, at []string) []environment.Subchart {
	var all []environment.Subchart
	for _, d := range parent.Dependencies() {
		s := environment.Subchart{Path: append(slices.Clone(at), d.Name())}
		s.ValuesName = c.Shown(path.Join(d.ChartFullPath(), chartutil.ValuesfileName))
		s.SchemaName = c.Shown(path.Join(d.ChartFullPath(), chartutil.SchemafileName))
		for _, f := range d.Raw {
			switch f.Name {
			case chartutil.ValuesfileName:
				s.Values = f.Data
			case chartutil.SchemafileName:
				s.Schema = f.Data
			}
		}
		all = append(append(all, s), c.below(d, s.Path)...)
	}
	return all
}
