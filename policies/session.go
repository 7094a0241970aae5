package policies

import (
	"sync"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/policies/rego"
)

// A session is what the rules that only policies know share in one request.
type session struct {
	mu    sync.Mutex
	rego  *rego.Session // nil until the first module is asked
	extra map[*terms][]lint.Extra
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
