package environment

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/names"
	"github.com/tiphys-dev/tiphys/lint/near"
)

// targetKeys are those of environment.yaml.
var targetKeys = [...]string{"namespace", "context", "policies", "promotedFrom"}

// readTargets reads the environment.yaml files of an environment; what the
// later one says wins, key by key.
func (s *Set) readTargets(e *Environment) error {
	for _, dir := range e.dirs {
		d, err := s.reader.document(filepath.Join(dir, targetName), false)
		if err != nil {
			return err
		}
		if d == nil {
			continue
		}
		for _, n := range d.root.Fields() {
			s.target(e, d, n)
		}
	}
	return nil
}

func (s *Set) target(e *Environment, d *document, n *manifest.Node) {
	wrong := func(format string, args ...any) {
		s.reader.report(ruleField, d.span(n), n.Path(), "%s", fmt.Sprintf(format, args...))
	}
	text := func() (string, bool) {
		if !n.Set() || n.Kind == manifest.String && n.Value != "" {
			return n.Value, n.Set()
		}
		if n.Kind == manifest.String {
			wrong("%s is empty: give it a value, or remove it", n.Key.Value)
		} else {
			wrong("%s must be a string, not %s", n.Key.Value, aKind(n.Kind))
		}
		return "", false
	}
	switch n.Key.Value {
	case "namespace":
		if v, ok := text(); ok {
			if reason, _, ok := names.Label(v); !ok {
				wrong("namespace %q %s", v, reason)
				return
			}
			e.Namespace = v
		}
	case "context":
		if v, ok := text(); ok {
			e.Context = v
		}
	case "promotedFrom":
		if v, ok := text(); ok {
			e.PromotedFrom, e.promotedFrom = v, n
		}
	case "policies":
		s.policies(e, d, n)
	default:
		keys := targetKeys[:]
		s.reader.report(ruleKey, d.at(n.Key.Span()), n.Path(), "unknown key %q%s; the keys are %s",
			n.Key.Value, near.Hint(n.Key.Value, keys), strings.Join(keys, ", "))
	}
}

func (s *Set) policies(e *Environment, d *document, n *manifest.Node) {
	if !n.Set() {
		return
	}
	if n.Kind != manifest.List {
		s.reader.report(ruleField, d.span(n), n.Path(), "policies must be a list of names, not %s", aKind(n.Kind))
		return
	}
	e.Policies, e.PolicyAt = nil, nil
	for _, item := range n.Items() {
		if item.Kind != manifest.String || item.Value == "" {
			s.reader.report(ruleField, d.span(item), item.Path(), "a policy must be a name, not %s", aKind(item.Kind))
			continue
		}
		e.Policies, e.PolicyAt = append(e.Policies, item.Value), append(e.PolicyAt, d.span(item))
	}
}

// aKind names a kind with its article.
func aKind(k manifest.Kind) string {
	switch k {
	case manifest.Null:
		return "null"
	case manifest.Int, manifest.Map:
		return "an " + k.String()
	}
	return "a " + k.String()
}
