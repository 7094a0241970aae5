package release

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/tiphys-dev/tiphys/packaging/render"
)

// realChart makes Helm's chart of the files, as it belongs into the record: its
// dependencies are processed, as Helm does before it writes one.
func realChart(c *render.Chart, values map[string]any) (*chart.Chart, error) {
	files := make([]*loader.BufferedFile, 0, len(c.Files()))
	for _, f := range c.Files() {
		files = append(files, &loader.BufferedFile{Name: f.Name, Data: f.Data})
	}
	loaded, err := loader.LoadFiles(files)
	if err != nil {
		return nil, fmt.Errorf("load chart %s: %w", c.Dir, err)
	}
	if err := chartutil.ProcessDependenciesWithMerge(loaded, copied(values)); err != nil {
		return nil, fmt.Errorf("load chart %s: %w", c.Dir, err)
	}
	return loaded, nil
}

// copied returns values that Helm may change.
func copied(values map[string]any) map[string]any {
	return copiedValue(values).(map[string]any)
}

func copiedValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, e := range v {
			m[k] = copiedValue(e)
		}
		return m
	case []any:
		s := make([]any, len(v))
		for i, e := range v {
			s[i] = copiedValue(e)
		}
		return s
	}
	return v
}

// madeChart makes a chart for Helm whose templates are finished text: they
// render to themselves, whatever the values. Definitions for other objects are
// those of the real chart.
func madeChart(real *chart.Chart, s Spec) (*chart.Chart, error) {
	m := *real.Metadata
	m.Dependencies, m.Type = nil, "application"
	made := &chart.Chart{Metadata: &m, Values: map[string]any{}}
	for _, name := range slices.Sorted(maps.Keys(s.Files)) {
		inner, ok := strings.CutPrefix(name, m.Name+"/")
		if !ok {
			return nil, fmt.Errorf("prepare chart %s: %q is not the path of a template of %q", s.Chart.Dir, name, m.Name)
		}
		if strings.HasPrefix(path.Base(name), "_") || strings.HasSuffix(name, "NOTES.txt") || strings.TrimSpace(s.Files[name]) == "" {
			continue
		}
		made.Templates = append(made.Templates, &chart.File{Name: inner, Data: literal(s.Files[name])})
	}
	if s.Notes != "" {
		made.Templates = append(made.Templates, &chart.File{Name: "templates/NOTES.txt", Data: literal(s.Notes)})
	}
	for i, crd := range real.CRDObjects() {
		made.Files = append(made.Files, &chart.File{Name: fmt.Sprintf("crds/%04d-%s", i, path.Base(crd.Name)), Data: crd.File.Data})
	}
	return made, nil
}

// literal makes a template that renders to text.
func literal(text string) []byte {
	return []byte(strings.ReplaceAll(text, "{{", `{{"{{"}}`))
}
