package environment

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// Sources returns the paths of the files of e that there are and that concern
// the chart: environment.yaml files first, then those of values and secrets,
// each the weaker first.
func (s *Set) Sources(e *Environment) []string {
	var targets, values []string
	for _, dir := range e.dirs {
		targets = append(targets, filepath.Join(dir, targetName))
		for _, place := range s.places(dir) {
			values = append(values, filepath.Join(place, valuesName), filepath.Join(place, secretsName))
		}
	}
	return slices.DeleteFunc(append(targets, values...), func(name string) bool {
		_, err := os.Lstat(name) // a link to nothing is there, and reading it says so
		return err != nil
	})
}

// places returns where in a folder of an environment the files of the chart
// are, the weaker first; for a folder that is no chart, those of all charts.
func (s *Set) places(dir string) []string {
	if s.Name != "" {
		return []string{dir, filepath.Join(dir, s.Name)}
	}
	all := []string{dir}
	entries, _ := os.ReadDir(dir) // sorted
	for _, entry := range entries {
		if entry.IsDir() && !strings.HasPrefix(entry.Name(), ".") {
			all = append(all, filepath.Join(dir, entry.Name()))
		}
	}
	return all
}

// Read returns the bytes of a source. What is no regular file, is too large or
// is a link that leads out of the repository is an error that says so.
func (s *Set) Read(name string) ([]byte, error) {
	text, why, err := s.reader.read(name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read values: %w", err)
	case why != "":
		return nil, fmt.Errorf("read values: %s: %s", name, why)
	}
	return text, nil
}

// Inside reports whether a file, with all links followed, lies in the
// repository of the chart.
func (s *Set) Inside(name string) (bool, error) { return s.reader.inside(name) }

// Clear reports what of the text of a file of secrets is not encrypted, and
// what keeps that from being told. The findings show keys and no values.
func Clear(name string, text []byte) []lint.Finding {
	var r reader
	d := &document{file: source.NewFile(name, text), secret: true}
	r.parse(d)
	if !d.broken {
		r.plain(d)
	}
	return r.findings(nil)
}
