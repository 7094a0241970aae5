package environment

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/near"
)

// promotion puts the environments in order and reports what is wrong with it.
func (s *Set) promotion() {
	for _, e := range s.Environments {
		if e.PromotedFrom == "" || s.Find(e.PromotedFrom) != nil {
			continue
		}
		have := s.Names()
		s.reader.report(ruleUnknown, e.promotedFrom.Token(), e.promotedFrom.Path(), "environment %q is promoted from %q, which is not there%s; the environments are %s",
			e.Name, e.PromotedFrom, near.Hint(e.PromotedFrom, have), strings.Join(have, ", "))
	}
	var ordered []*Environment
	placed := map[string]bool{}
	for len(ordered) < len(s.Environments) {
		next := slices.IndexFunc(s.Environments, func(e *Environment) bool {
			return !placed[e.Name] && (e.PromotedFrom == "" || placed[e.PromotedFrom] || s.Find(e.PromotedFrom) == nil)
		})
		if next < 0 {
			break
		}
		ordered = append(ordered, s.Environments[next])
		placed[s.Environments[next].Name] = true
	}
	for _, e := range s.Environments {
		if placed[e.Name] {
			continue
		}
		ordered = append(ordered, e)
		if circle := s.circle(e); circle != nil && slices.Min(circle) == e.Name {
			s.reader.report(ruleCycle, e.promotedFrom.Token(), e.promotedFrom.Path(), "environment %q is promoted from itself: %s",
				e.Name, strings.Join(append(circle, e.Name), " <- "))
		}
	}
	s.Environments = ordered
}

// circle returns the names of the environments that e is promoted from, from e
// on until e comes again, or nil.
func (s *Set) circle(e *Environment) []string {
	circle := []string{e.Name}
	for at := s.Find(e.PromotedFrom); at != nil; at = s.Find(at.PromotedFrom) {
		if at == e {
			return circle
		}
		if slices.Contains(circle, at.Name) {
			return nil
		}
		circle = append(circle, at.Name)
	}
	return nil
}

// before returns the environment that e is promoted from, or nil.
func (s *Set) before(e *Environment) *Environment {
	if e.PromotedFrom == "" || e.PromotedFrom == e.Name {
		return nil
	}
	return s.Find(e.PromotedFrom)
}

// missing reports what the environment before e sets and e does not, at the
// topmost key that is not there. A default of the chart makes it an info; an
// empty one is no value.
func (s *Set) missing(e, from *Environment, set, has, merged *Value) {
	for _, c := range set.Fields {
		if c.Kind == manifest.Null || c.Kind >= manifest.List && c.Leaf() {
			continue
		}
		mine, value := has.Get(c.Key), merged.Get(c.Key)
		switch {
		case c.Kind == manifest.Map && len(c.Fields) > 0 && (mine == nil || mine.Kind == manifest.Map) && value != nil && value.Kind == manifest.Map:
			s.missing(e, from, c, mine, value)
		case mine != nil:
		case value.empty():
			s.reader.report(ruleMissing, c.keySpan(), c.Path(), "%q is set in environment %q and missing in %q, which is promoted from it", c.Path(), from.Name, e.Name)
		default:
			s.defaulted(e, from, c)
		}
	}
}

// defaulted says that e makes do with the default of the chart.
func (s *Set) defaulted(e, from *Environment, c *Value) {
	s.reader.add(lint.Finding{
		Rule: ruleMissing, Severity: lint.Info, Span: c.keySpan(), Path: c.Path(),
		Message: fmt.Sprintf("%q is set in environment %q and not in %q, which is promoted from it and gets the default of the chart", c.Path(), from.Name, e.Name),
	})
}
