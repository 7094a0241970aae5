// Package containersetdependency finds containers of a set that wait for what
// never comes: for containers that do not exist, or for each other.
package containersetdependency

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed container-set-dependency.txtar
var page string

// Rule is the container-set-dependency rule: docs/argo.md F 103 104.
var Rule = &lint.Rule{Name: "container-set-dependency", Severity: lint.Error, Topic: "container", Page: page, Run: run}

func run(pass *lint.Pass) {
	for _, t := range pass.Workflow.All {
		if t.Type == workflow.TypeContainerSet {
			s := setOf(t)
			s.unknown(pass)
			s.cycles(pass)
		}
	}
}

// set is the containers of a containerSet, in the order of the text.
type set struct {
	title string
	all   []*workflow.Container
	names []string
	index map[string]int
}

func setOf(t *workflow.Template) *set {
	s := &set{title: t.Title(), index: map[string]int{}}
	for _, c := range t.Containers {
		if c.Role != workflow.Main {
			continue
		}
		if _, ok := s.index[c.Name.Text()]; !ok {
			s.index[c.Name.Text()] = len(s.all)
		}
		s.all = append(s.all, c)
		s.names = append(s.names, c.Name.Text())
	}
	return s
}

func needs(c *workflow.Container) []*manifest.Node { return c.Node.Get("dependencies").Items() }

// most is how many findings of a kind one set gets: who has more of them wants
// to see the first ones.
const most = 10

func (s *set) unknown(pass *lint.Pass) {
	found := 0
	for _, c := range s.all {
		for _, n := range needs(c) {
			if _, ok := s.index[n.Text()]; ok || !n.Scalar() || strings.Contains(n.Value, "{{") {
				continue
			}
			if found++; found > most {
				return
			}
			f := lint.Finding{Node: n}
			f.Message = fmt.Sprintf("container %q depends on %q, which is not a container of the set of %s", c.Name, n, s.title)
			f.Suggest(s.names)
			pass.Report(f)
		}
	}
}

// cycles reports one finding for each circle that a walk along the
// dependencies runs into.
func (s *set) cycles(pass *lint.Pass) {
	const (
		fresh = iota
		open
		done
	)
	state := make([]int8, len(s.all))
	next := make([]int, len(s.all)) // which dependency of a container is looked at next
	found := 0
	for start := range s.all {
		if state[start] != fresh {
			continue
		}
		path := []int{start}
		state[start] = open
		for len(path) > 0 {
			at := path[len(path)-1]
			all := needs(s.all[at])
			if next[at] == len(all) {
				state[at] = done
				path = path[:len(path)-1]
				continue
			}
			n := all[next[at]]
			next[at]++
			to, ok := s.index[n.Text()]
			switch {
			case !ok || n.Text() == "":
			case state[to] == open:
				if found++; found > most {
					return
				}
				s.report(pass, n, path, to)
			case state[to] == fresh:
				state[to] = open
				path = append(path, to)
			}
		}
	}
}

// report speaks of the end of the path from the container with the index on,
// whose last container depends on the first by n.
func (s *set) report(pass *lint.Pass, n *manifest.Node, path []int, to int) {
	for path[0] != to {
		path = path[1:]
	}
	var names []string
	for _, i := range append(path[:len(path):len(path)], to) {
		names = append(names, s.names[i])
	}
	pass.Reportf(n, "container %q waits for itself: %s; none of them can ever start", s.names[to], strings.Join(names, " -> "))
}
