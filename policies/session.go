package policies

import (
	"sync"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/policies/mutate"
	"github.com/tiphys-dev/tiphys/policies/rego"
)

// A session is what the rules that only policies know share in one request.
type session struct {
	mu    sync.Mutex
	rego  *rego.Session // nil until the first module is asked
	extra map[*terms][]lint.Extra
}

// extra returns the rules that only policies know, as this request needs them
// for an object of a kind.
func (v *view) extra(t *terms, kind string) []lint.Extra {
	all := v.modules(t)
	if v.request.Operation != "" && !mutate.Applies(v.request.Operation, kind) {
		return all // a run that exists keeps its spec
	}
	if v.request.Defaults {
		all = append(all[:len(all):len(all)], t.defaults...)
	}
	if len(t.limits) == 0 {
		return all
	}
	s := lint.Info
	switch {
	case v.request.Defaults:
	case v.request.Operation == "":
		return all // in files, admission will write it
	default:
		s = lint.Error // for when admission should have, and was down
	}
	for _, x := range t.limits {
		x.Severity = s
		all = append(all[:len(all):len(all)], x)
	}
	return all
}

// modules returns the modules as rules.
func (v *view) modules(t *terms) []lint.Extra {
	if len(t.modules) == 0 {
		return nil
	}
	s := &v.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if all, ok := s.extra[t]; ok {
		return all
	}
	if s.rego == nil {
		r := &v.request
		s.rego = &rego.Session{Context: r.Context, Request: rego.Request{
			Operation: r.Operation, Namespace: r.Namespace, User: rego.User(r.User),
			NamespaceLabels: r.NamespaceLabels, NamespaceKnown: r.NamespaceKnown, DryRun: r.DryRun,
		}}
		s.extra = map[*terms][]lint.Extra{}
	}
	var all []lint.Extra
	for _, m := range t.modules {
		if m.Severity == lint.Off {
			continue
		}
		failure := lint.Error
		if m.ignore {
			failure = lint.Warning
		}
		all = append(all, lint.Extra{Rule: m.compiled.Rule(s.rego, failure), Setting: m.Setting})
	}
	s.extra[t] = all
	return all
}
