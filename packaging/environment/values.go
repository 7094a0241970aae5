package environment

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// Values are what a chart gets in an environment.
type Values struct {
	Environment *Environment
	// Root is the merged map, nil when a file could not be read as values: what
	// is left of the merge would be wrong.
	Root *Value
	// Files are the files that were merged, the weaker first.
	Files []string
	// Findings are what is wrong with those files, with the values by the schema
	// of the chart, and with what the environment before has and this one has
	// not; with those of the set that concern the environment, sorted.
	Findings []lint.Finding

	layers []*document
}

// A Layer is one file of values, as helm gets it with -f.
type Layer struct {
	Name string
	// Text is the file as it lies on disk, possibly encrypted.
	Text []byte
	// Secret is set for a file of secrets.
	Secret bool
}

// Layers are the files of the environment, the weaker first: Files without the
// values.yaml of the chart itself.
func (v *Values) Layers() []Layer {
	var all []Layer
	for _, d := range v.layers {
		all = append(all, Layer{d.file.Name, d.file.Bytes, d.secret})
	}
	return all
}

// Values merges and checks the values of the chart in e. The error is ErrNoChart
// or one of the file system.
//
// The order, later wins: values.yaml of the chart; then of the environments/
// folder above the chart, and after it of the chart's own, values.yaml and
// secrets.yaml for all charts, values.yaml and secrets.yaml for this chart.
//
// What else is given, as with -f, comes last.
func (s *Set) Values(e *Environment, more ...Layer) (*Values, error) {
	if s.Name == "" {
		if _, err := os.Stat(filepath.Join(s.Chart, chartName)); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("values of %s: %w", s.Chart, ErrNoChart)
		}
	}
	v := &Values{Environment: e}
	chart, err := s.reader.document(filepath.Join(s.Chart, valuesName), false)
	if err != nil {
		return nil, err
	}
	layers, err := s.layers(e)
	if err != nil {
		return nil, err
	}
	broken := chart != nil && chart.broken
	if chart != nil {
		v.Files = append(v.Files, chart.file.Name)
	}
	for _, d := range layers {
		if d.secret {
			s.reader.plain(d)
		}
	}
	for _, l := range more {
		layers = append(layers, s.reader.given(l))
	}
	v.layers = layers
	for _, d := range layers {
		v.Files = append(v.Files, d.file.Name)
		broken = broken || d.broken
	}
	if err := s.strays(e); err != nil {
		return nil, err
	}
	if !broken {
		v.Root = coalesce(tree(chart), merge(layers))
		if v.Root == nil {
			v.Root = &Value{Kind: manifest.Map}
		}
		if err := s.check(v.Root); err != nil {
			return nil, err
		}
		if err := s.compare(e, v.Root); err != nil {
			return nil, err
		}
	}
	v.Findings = s.reader.findings(s.about(e))
	return v, nil
}

// given makes a document of text that is at hand.
func (r *reader) given(l Layer) *document {
	d := &document{file: source.NewFile(l.Name, l.Text), secret: l.Secret}
	r.parse(d)
	return d
}

// about returns the findings of the set that concern e: a mistake in another
// environment does not keep anybody from this one.
func (s *Set) about(e *Environment) []lint.Finding {
	var all []lint.Finding
	for _, f := range s.Findings {
		dir := filepath.Dir(fileOf(f))
		if slices.Contains(e.dirs, dir) || dir == filepath.Clean(s.Chart) || f.Rule == ruleCycle && s.circle(e) != nil {
			all = append(all, f)
		}
	}
	return all
}

// layers returns the files of an environment that there are, the weaker first.
func (s *Set) layers(e *Environment) ([]*document, error) {
	var all []*document
	for _, dir := range e.dirs {
		for _, place := range s.places(dir) {
			for _, name := range []string{valuesName, secretsName} {
				d, err := s.reader.document(filepath.Join(place, name), name == secretsName)
				if err != nil {
					return nil, err
				}
				if d != nil {
					all = append(all, d)
				}
			}
		}
	}
	return all, nil
}

// merge merges the files of an environment; nil when they say nothing.
func merge(layers []*document) *Value {
	var all *Value
	for _, d := range layers {
		if v := tree(d); v != nil {
			all = overlay(all, v)
		}
	}
	return all
}

// tree returns the values of a file, without what SOPS adds to them; nil for
// a file that says nothing.
func tree(d *document) *Value {
	if d == nil || d.root == nil {
		return nil
	}
	v := valueOf(d, d.root)
	if metadata(d.root) != nil {
		v.keep(func(c *Value) bool { return c.Key != metadataKey })
	}
	return v
}

// compare reports what the environment before sets and e does not.
func (s *Set) compare(e *Environment, merged *Value) error {
	from := s.before(e)
	if from == nil {
		return nil
	}
	told := len(s.reader.found)
	set, err := s.layers(from)
	if err != nil {
		return err
	}
	has, err := s.layers(e)
	s.reader.found = s.reader.found[:told] // told where they are merged
	if err != nil {
		return err
	}
	if slices.ContainsFunc(set, func(d *document) bool { return d.broken }) {
		return nil
	}
	if v := merge(set); v != nil {
		s.missing(e, from, v, merge(has), merged)
	}
	return nil
}

// strays reports files that look as if they were read, and are not.
func (s *Set) strays(e *Environment) error {
	for _, dir := range e.dirs {
		if err := s.stray(dir, targetName, valuesName, secretsName); err != nil {
			return err
		}
		if s.Name == "" {
			continue
		}
		if err := s.stray(filepath.Join(dir, s.Name), valuesName, secretsName, pinName); err != nil {
			return err
		}
	}
	return nil
}

func (s *Set) stray(dir string, known ...string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR): // told where its files are read
		return nil
	case err != nil:
		return fmt.Errorf("list environments: %w", err)
	}
	for _, entry := range entries {
		name := entry.Name()
		if entry.IsDir() || strings.HasPrefix(name, ".") || slices.Contains(known, name) {
			continue
		}
		switch strings.ToLower(filepath.Ext(name)) {
		case ".yaml", ".yml", ".json":
			s.reader.report(ruleStray, blankSpan(filepath.Join(dir, name)), "", "nothing reads this file%s; those that are read are %s",
				near.Hint(name, known), strings.Join(known, ", "))
		}
	}
	return nil
}
