package policies

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/manifest"
)

// Why says why a policy is not for an object; it is empty where it is.
func (p *Policy) Why(r Request, object *manifest.Node) string {
	s, ok := subjectOf(&r, object)
	if !ok {
		return fmt.Sprintf("policies are for %s, not for kind %q", strings.Join(Kinds(), ", "), object.Get("kind").Text())
	}
	m := &p.Match
	if m.meets(&s) {
		return ""
	}
	switch {
	case len(m.Kinds) > 0 && !slices.Contains(m.Kinds, s.kind):
		return fmt.Sprintf("kind %s is none of match.kinds: %s", s.kind, strings.Join(m.Kinds, ", "))
	case len(m.Names) > 0 && !fits(s.name, m.Names):
		return fmt.Sprintf("name %q is none of match.names: %s", s.name, strings.Join(m.Names, ", "))
	case s.namespace != "" && len(m.Namespaces) > 0 && !fits(s.namespace, m.Namespaces):
		return fmt.Sprintf("namespace %q is none of match.namespaces: %s", s.namespace, strings.Join(m.Namespaces, ", "))
	case s.namespace != "" && fits(s.namespace, m.ExcludeNamespaces):
		return fmt.Sprintf("namespace %q is one of match.excludeNamespaces: %s", s.namespace, strings.Join(m.ExcludeNamespaces, ", "))
	}
	without := *m
	without.ObjectSelector = nil
	if without.meets(&s) {
		return "its labels do not meet match.objectSelector"
	}
	return fmt.Sprintf("the labels of namespace %q do not meet match.namespaceSelector", s.namespace)
}
