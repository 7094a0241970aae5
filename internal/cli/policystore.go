package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/packaging/environment"
	"github.com/tiphys-dev/tiphys/policies"
)

// A policyStore has the policies of a run: those that hold for everything, and
// those that environments add.
type policyStore struct {
	loader policyLoader
	always []*policies.Policy
	// defaults asks for what policies write into objects, too.
	defaults bool
	now      time.Time
	files    *policyCount // of what is no chart
	charts   []*policyCount
}

// A policyCount is a set of policies with what its waivers covered.
type policyCount struct {
	set   *policies.Set
	usage *policies.Usage
}

// openPolicies reads the policies of the flags and those of the configuration.
func openPolicies(flags []string, config []policyRef) (*policyStore, error) {
	s := &policyStore{now: time.Now()}
	refs := slices.Clone(config)
	for _, name := range flags {
		refs = append(refs, policyRef{name, "--policy"})
	}
	for _, r := range refs {
		all, err := s.loader.load(r)
		if err != nil {
			return nil, err
		}
		s.add(&s.always, all)
	}
	return s, s.loader.err()
}

// add adds policies that are not there yet.
func (s *policyStore) add(to *[]*policies.Policy, all []*policies.Policy) {
	for _, p := range all {
		if !slices.Contains(*to, p) {
			*to = append(*to, p)
		}
	}
}

func (s *policyStore) set(all []*policies.Policy) *policies.Set {
	return policies.NewSet(all, policies.Options{Now: s.now})
}

// plain are the policies that hold for everything, nil without any. What
// waivers cover is not counted.
func (s *policyStore) plain() lint.Policies {
	if len(s.always) == 0 {
		return nil
	}
	return inFiles{s.set(s.always).For(policies.Request{Defaults: s.defaults})}
}

// rules are the names of rules that only policies have.
func (s *policyStore) rules() []string {
	var names []string
	for _, r := range policies.Rules() {
		names = append(names, r.Name)
	}
	for _, p := range s.always {
		for _, m := range p.Modules {
			names = append(names, m.Name)
		}
	}
	return names
}

// counted are the options for files, with a new count of what waivers cover.
func (p *plan) counted() lint.Options {
	o := p.lint
	if s := p.policies; len(s.always) > 0 {
		set := s.set(s.always)
		s.files = &policyCount{set, set.NewUsage()}
		o.Policies = inFiles{set.For(policies.Request{Defaults: s.defaults, Usage: s.files.usage})}
	}
	return o
}

// of are the policies that hold in an environment, nil without any.
func (s *policyStore) of(set *environment.Set, e *environment.Environment, namespace string) (lint.Policies, error) {
	all := slices.Clone(s.always)
	for i, name := range e.Policies {
		if strings.ContainsAny(name, `/\`) {
			return nil, fmt.Errorf("%s: policy %q is a path, and must be a name: %s means policies/%s.yaml beside the environments folder",
				environmentPlace(e, i), name, base(name), base(name))
		}
		file := policyOf(set, name)
		found, err := s.loader.load(policyRef{file, environmentPlace(e, i)})
		if err != nil {
			return nil, unknownPolicy(e, i, file, err)
		}
		s.add(&all, found)
	}
	if err := s.loader.err(); err != nil || len(all) == 0 {
		return nil, err
	}
	if namespace == "" {
		namespace = e.Namespace
	}
	c := &policyCount{set: s.set(all)}
	c.usage = c.set.NewUsage()
	s.charts = append(s.charts, c)
	return inFiles{c.set.For(policies.Request{Defaults: s.defaults, Namespace: namespace, Usage: c.usage})}, nil
}

// base is the name of the policy that a path was meant to be.
func base(path string) string {
	name := path[strings.LastIndexAny(path, `/\`)+1:]
	return strings.TrimSuffix(name, filepath.Ext(name))
}

// policyOf is the file that an environment means by the name of a policy:
// policies/NAME.yaml beside the environments folder, the chart's own first, or
// the name alone for one that comes with tiphys.
func policyOf(set *environment.Set, name string) string {
	for _, folder := range slices.Backward(set.Folders) {
		file := filepath.Join(filepath.Dir(folder), "policies", name+".yaml")
		if _, err := os.Stat(file); err == nil {
			return file
		}
	}
	return name
}

func environmentPlace(e *environment.Environment, i int) string {
	span := e.PolicyAt[i]
	at := span.File.Position(span.Start)
	return fmt.Sprintf("%s:%d:%d", span.File.Name, at.Line, at.Column)
}

// unknownPolicy words that an environment names a policy that is not there.
func unknownPolicy(e *environment.Environment, i int, file string, err error) error {
	name := e.Policies[i]
	if policies.Shipped(name) != nil || file != name {
		return err
	}
	return fmt.Errorf("%s: policy %q is neither a file policies/%s.yaml beside the environments folder nor one that comes with tiphys%s",
		environmentPlace(e, i), name, name, near.Hint(name, policies.Names()))
}

// ofChart are the policies of each environment of a chart; nil where there are
// none anywhere.
func (s *policyStore) ofChart(set *environment.Set, only []string) (func(*environment.Environment) lint.Policies, error) {
	byName := map[string]lint.Policies{}
	for _, e := range set.Environments {
		if only != nil && !slices.Contains(only, e.Name) {
			continue
		}
		p, err := s.of(set, e, "")
		if err != nil {
			return nil, err
		}
		byName[e.Name] = p
	}
	if len(set.Environments) == 0 {
		p, err := s.of(set, &environment.Environment{}, "")
		if err != nil {
			return nil, err
		}
		byName[""] = p
	}
	return func(e *environment.Environment) lint.Policies { return byName[e.Name] }, nil
}

// inFiles are policies for files. Where none is for an object, its comments and
// annotations waive as they do without policies.
type inFiles struct{ lint.Policies }

var anything = &lint.Terms{Waivable: func(string) bool { return true }}

func (p inFiles) Terms(object *manifest.Node) *lint.Terms {
	if t := p.Policies.Terms(object); t != nil {
		return t
	}
	return anything
}

// findings are about the policies themselves: waivers that are expired, not
// used, or of rules that nobody has.
func (s *policyStore) findings() []lint.Finding {
	if s == nil {
		return nil
	}
	counts := s.charts
	if s.files != nil {
		counts = append(counts, s.files)
	}
	if len(counts) == 0 {
		return nil
	}
	found := s.set(s.loader.all).Check()
	var states []policies.WaiverState
	index := map[*policies.Waiver]int{}
	for _, c := range counts {
		for _, state := range c.set.Waivers(c.usage, s.now) {
			i, known := index[state.Waiver]
			if !known {
				index[state.Waiver] = len(states)
				states = append(states, state)
				continue
			}
			states[i].Matched += state.Matched
			states[i].Objects += state.Objects
			if state.State == policies.Active {
				states[i].State = policies.Active
			}
		}
	}
	for _, f := range policies.Findings(states) {
		if !slices.ContainsFunc(found, func(other lint.Finding) bool { return other.Span == f.Span }) { // a rule that is none finds nothing
			found = append(found, f)
		}
	}
	return found
}
