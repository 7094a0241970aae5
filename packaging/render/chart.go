// Package render makes manifests of a chart, exactly as Helm does, and knows
// which line of which template each line of them came from.
//
// It is the only package beside release that knows Helm's types, and none of
// them is in its interface. It never touches the disk but to load a chart, and
// it asks a cluster only what Cluster gives it.
package render

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
)

// A File is one file of a chart; Name is its path in the chart, with slashes.
type File struct {
	Name string
	Data []byte
}

// A Chart is a chart as it lies on disk, not yet rendered. It may be used by
// several goroutines.
type Chart struct {
	// Dir is the folder or archive as the caller wrote it.
	Dir string
	// Name, Version, AppVersion and KubeVersion are those of Chart.yaml.
	Name, Version, AppVersion, KubeVersion string

	files  []File
	places map[string]string // by the full names that Helm has
}

// Load loads a chart from a folder, heeding .helmignore, or from an archive.
// A dependency that is not there is an error that says how to fetch it.
func Load(path string) (*Chart, error) {
	if info, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("load chart: %w", err)
	} else if info.IsDir() {
		if _, err := os.Stat(filepath.Join(path, "Chart.yaml")); errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("load chart %s: there is no Chart.yaml in it: it is not a chart", path)
		}
	}
	loaded, err := loader.Load(path)
	if err != nil {
		return nil, fmt.Errorf("load chart %s: %w", path, err)
	}
	files := make([]File, 0, len(loaded.Raw))
	for _, f := range loaded.Raw {
		files = append(files, File{f.Name, f.Data})
	}
	c := newChart(path, loaded, files)
	if err := c.complete(loaded); err != nil {
		return nil, err
	}
	return c, nil
}

// Library reports whether the folder is a library chart, which becomes nothing
// by itself.
func Library(dir string) (bool, error) {
	m, err := chartutil.LoadChartfile(filepath.Join(dir, "Chart.yaml"))
	if err != nil {
		return false, err
	}
	return strings.EqualFold(m.Type, "library"), nil
}

// FromFiles makes a chart of its files. It keeps them; the caller must not
// change them.
func FromFiles(dir string, files []File) (*Chart, error) {
	c := &Chart{Dir: dir, files: files}
	loaded, err := c.load()
	if err != nil {
		return nil, err
	}
	c = newChart(dir, loaded, files)
	return c, c.complete(loaded)
}

func newChart(dir string, loaded *chart.Chart, files []File) *Chart {
	m := loaded.Metadata
	return &Chart{Dir: dir, Name: m.Name, Version: m.Version, AppVersion: m.AppVersion, KubeVersion: m.KubeVersion, files: files, places: places(loaded, files)}
}

// Files returns the files of the chart, subcharts included. They must not be
// changed.
func (c *Chart) Files() []File { return c.files }

// load makes a chart of Helm's. Rendering changes it, so each gets its own.
func (c *Chart) load() (*chart.Chart, error) {
	files := make([]*loader.BufferedFile, 0, len(c.files))
	for _, f := range c.files {
		files = append(files, &loader.BufferedFile{Name: f.Name, Data: f.Data})
	}
	loaded, err := loader.LoadFiles(files)
	if err != nil {
		return nil, fmt.Errorf("load chart %s: %w", c.Dir, err)
	}
	return loaded, nil
}

// complete checks that what Chart.yaml depends on lies in charts/.
func (c *Chart) complete(loaded *chart.Chart) error {
	var missing []string
	for _, want := range loaded.Metadata.Dependencies {
		if !slices.ContainsFunc(loaded.Dependencies(), func(have *chart.Chart) bool { return have.Name() == want.Name }) {
			missing = append(missing, want.Name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	fetch := "update"
	if loaded.Lock != nil {
		fetch = "build"
	}
	return fmt.Errorf("chart %s depends on %s, which is not in its charts/ folder; fetch it with: helm dependency %s %s",
		c.Name, strings.Join(missing, ", "), fetch, c.Dir)
}
