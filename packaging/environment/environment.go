// Package environment reads the environments that charts are deployed to, and
// the values that a chart gets in each of them.
//
// An environment is a folder: environments/<env>/environment.yaml says where it
// is, values.yaml and secrets.yaml beside it are for all charts,
// <chart>/values.yaml and <chart>/secrets.yaml for one. Two such folders count:
// the nearest environments/ above the chart, up to the root of the repository,
// and the chart's own, which wins.
//
// Nothing is decrypted here, and no text of a file of secrets leaves this
// package: values are masked, and findings point into text that is blank but
// for its keys.
package environment

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/names"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// The names of folders and files.
const (
	folderName  = "environments"
	targetName  = "environment.yaml"
	valuesName  = "values.yaml"
	secretsName = "secrets.yaml"
	pinName     = "pin.yaml" // read by others, see promotion/pin
	schemaName  = "values.schema.json"
	chartName   = "Chart.yaml"
)

// A Set is a chart, or any other folder, with the environments it has.
type Set struct {
	// Chart is the folder as the caller wrote it, Name what Chart.yaml calls the
	// chart, "" for a folder that is none.
	Chart, Name string
	// Folders are the environments/ folders that count, the weaker first.
	Folders []string
	// Environments are in the order of promotion: each after the one that it is
	// promoted from, by name where that leaves a choice.
	Environments []*Environment
	// Findings are about Chart.yaml and environment.yaml files, sorted.
	Findings []lint.Finding

	reader reader
}

// An Environment is where a chart is deployed to.
type Environment struct {
	Name string
	// Namespace and Context, a context of kubectl, are "" where nothing is said.
	Namespace, Context string
	Policies           []string
	// PolicyAt is where each of the policies is named.
	PolicyAt []source.Span
	// PromotedFrom is the environment before this one, "" for a first one.
	PromotedFrom string

	dirs         []string       // its folders, the weaker first
	promotedFrom *manifest.Node // where that was said
}

// Open finds and reads the environments of a chart; dir may be any other folder
// too. The error is one of the file system; what is wrong with the text of a
// file is a finding.
func Open(dir string) (*Set, error) {
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return nil, fmt.Errorf("open chart: %w", err)
	case !info.IsDir():
		return nil, fmt.Errorf("open chart: %s is a file: name the folder of the chart", dir)
	}
	s := &Set{Chart: dir}
	if err := s.find(); err != nil {
		return nil, err
	}
	if err := s.readChart(); err != nil {
		return nil, err
	}
	for _, folder := range s.Folders {
		if err := s.list(folder); err != nil {
			return nil, err
		}
	}
	for _, e := range s.Environments {
		if err := s.readTargets(e); err != nil {
			return nil, err
		}
	}
	s.promotion()
	s.Findings = s.reader.findings(s.Findings)
	return s, nil
}

// Find returns the environment called name, or nil.
func (s *Set) Find(name string) *Environment {
	for _, e := range s.Environments {
		if e.Name == name {
			return e
		}
	}
	return nil
}

// Names returns the names of the environments in the order of promotion.
func (s *Set) Names() []string {
	var all []string
	for _, e := range s.Environments {
		all = append(all, e.Name)
	}
	return all
}

// readChart learns the name of the chart. One that could lead out of the folder
// of an environment is not used.
func (s *Set) readChart() error {
	d, err := s.reader.document(filepath.Join(s.Chart, chartName), false)
	if d == nil || err != nil {
		return err
	}
	n := d.root.Get("name")
	switch _, _, ok := names.Subdomain(strings.ToLower(n.Text())); {
	case ok:
		s.Name = n.Value
	case n == nil && d.root != nil:
		s.reader.report(ruleField, d.span(d.root), "", "%s has no name", chartName)
	case n != nil:
		s.reader.report(ruleField, d.span(n), n.Path(), "%q cannot be the name of a chart", n.Value)
	}
	return nil
}

// list adds the environments of a folder. Hidden entries and files are none.
func (s *Set) list(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("list environments: %w", err)
	}
	for _, entry := range entries {
		dir := filepath.Join(folder, entry.Name())
		info, err := os.Stat(dir)
		if strings.HasPrefix(entry.Name(), ".") || err != nil || !info.IsDir() {
			continue
		}
		inside, err := s.reader.inside(dir)
		if err != nil {
			return fmt.Errorf("list environments: %w", err)
		}
		if !inside {
			s.reader.report(ruleUnreadable, blankSpan(dir), "", "%s", leadsOut)
			continue
		}
		e := s.Find(entry.Name())
		if e == nil {
			e = &Environment{Name: entry.Name()}
			s.Environments = append(s.Environments, e)
		}
		e.dirs = append(e.dirs, dir)
	}
	slices.SortFunc(s.Environments, func(a, b *Environment) int { return cmp.Compare(a.Name, b.Name) })
	return nil
}

// ErrNoChart says that a folder holds no chart.
var ErrNoChart = errors.New("there is no " + chartName + " in it: it is not a chart")
