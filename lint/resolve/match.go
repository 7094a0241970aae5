package resolve

import (
	"strings"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// A Match is how what is passed fits what a template takes.
type Match struct {
	// MissingParameters and MissingArtifacts are the inputs that get nothing.
	MissingParameters, MissingArtifacts []string
	// SurplusParameters and SurplusArtifacts are the names of what is passed, but
	// not taken.
	SurplusParameters, SurplusArtifacts []*manifest.Node
	// Meant are the surplus names that look like a missing one, with that one.
	Meant map[*manifest.Node]string
}

// Match compares what is passed with what the template takes. An argument that
// is there but has no value is not missing.
func (t *Template) Match(a *workflow.Arguments) Match {
	var m Match
	var names []*manifest.Node
	for _, p := range a.Parameters {
		names = append(names, p.Name)
	}
	m.MissingParameters, m.SurplusParameters = match(names, len(t.Inputs), t.takes, func(i int) (string, bool) { return t.Inputs[i].Name, t.Inputs[i].Filled })

	names = names[:0]
	for _, p := range a.Artifacts {
		names = append(names, p.Name)
	}
	m.MissingArtifacts, m.SurplusArtifacts = match(names, len(t.InFiles), t.takesFiles, func(i int) (string, bool) { return t.InFiles[i].Name, t.InFiles[i].Filled })
	m.pair(m.MissingParameters, m.SurplusParameters)
	m.pair(m.MissingArtifacts, m.SurplusArtifacts)
	return m
}

// MostMissing bounds the missing inputs that are named: thousands of calls may
// each miss the same thousands.
const MostMissing = 500

// match returns the inputs that are not passed and the names that are not
// taken. There are size inputs, of which input tells name and whether they need
// no value; taken has the names of long lists.
func match(names []*manifest.Node, size int, taken map[string]bool, input func(int) (string, bool)) (missing []string, surplus []*manifest.Node) {
	given := make(map[string]bool, len(names))
	for _, n := range names {
		given[n.Text()] = true
	}
	for i := range size {
		name, filled := input(i)
		if !filled && !given[name] && name != "" {
			if missing = append(missing, name); len(missing) == MostMissing {
				break
			}
		}
	}
	if len(names) == 0 {
		return missing, nil
	}
	if taken == nil {
		taken = make(map[string]bool, size)
		for i := range size {
			name, _ := input(i)
			taken[name] = true
		}
	}
	for _, n := range names {
		if name := n.Text(); name != "" && !taken[name] && !strings.Contains(name, "{{") {
			surplus = append(surplus, n)
		}
	}
	return missing, surplus
}

// mostPairs bounds the comparisons of names: a call with so many mistakes is
// not one of slips of the pen.
const mostPairs = 1000

// pair finds the surplus name that was meant for each missing one.
func (m *Match) pair(missing []string, surplus []*manifest.Node) {
	if len(missing) == 0 || len(missing)*len(surplus) > mostPairs {
		return
	}
	var names []string
	for _, n := range surplus {
		if n.Parent != nil { // not a name that the caller made up
			names = append(names, n.Value)
		}
	}
	for _, want := range missing {
		have, ok := near.Name(want, names)
		if !ok {
			continue
		}
		for _, n := range surplus {
			if n.Value == have && m.Meant[n] == "" {
				if m.Meant == nil {
					m.Meant = map[*manifest.Node]string{}
				}
				m.Meant[n] = want
				break
			}
		}
	}
}
