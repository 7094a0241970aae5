package policies

import (
	"cmp"
	"reflect"
	"slices"
	"sync/atomic"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
)

// terms are what some policies together want of objects.
type terms struct {
	lint.Terms // shared by all objects: without modules and waivers
	policies   []*Policy
	waivers    []int // in Set.waivers
	modules    []*Module
	writes     writes
}

// combine works out what policies and waivers want together; has tells which,
// the waivers after the policies.
func (s *Set) combine(has func(int) bool) *terms {
	t := &terms{}
	for i, p := range s.all {
		if has(i) {
			t.policies = append(t.policies, p)
			t.modules = append(t.modules, p.Modules...)
		}
	}
	for i := range s.waivers {
		if has(len(s.all) + i) {
			t.waivers = append(t.waivers, i)
		}
	}
	t.writes = writesOf(t.policies)
	t.Rules = settingsOf(t.policies)
	t.Waivable = waivableBy(t.policies)
	return t
}

// settingsOf merges what policies say of each rule.
func settingsOf(all []*Policy) map[string][]lint.Setting {
	out := map[string][]lint.Setting{}
	for _, p := range all {
		for name, s := range p.Rules {
			out[name] = merge(out[name], s)
		}
	}
	off := func(s lint.Setting) bool { return s.Severity == lint.Off }
	for name, list := range out {
		if on := slices.DeleteFunc(slices.Clone(list), off); len(on) > 0 {
			list = on // who wants less than others is not asked
		}
		slices.SortStableFunc(list, func(a, b lint.Setting) int { return cmp.Compare(b.Severity, a.Severity) })
		out[name] = list
	}
	return out
}

// merge adds a setting to those of other policies. Of equal parameters the
// strictest is left, in the name of all policies that want it so.
func merge(list []lint.Setting, s lint.Setting) []lint.Setting {
	for i := range list {
		have := &list[i]
		if len(have.Parameters)+len(s.Parameters) > 0 && !reflect.DeepEqual(have.Parameters, s.Parameters) {
			continue
		}
		switch {
		case s.Severity > have.Severity:
			*have = s
		case s.Severity == have.Severity:
			have.Policy += ", " + s.Policy
		}
		return list
	}
	return append(list, s)
}

// waivableBy tells which rules an object may waive itself: those that one of
// its policies lets it waive, and that none asks for without doing so.
func waivableBy(all []*Policy) func(string) bool {
	if !slices.ContainsFunc(all, func(p *Policy) bool { return len(p.WaivableRules) > 0 }) {
		return nil
	}
	return func(rule string) bool {
		allowed := false
		for _, p := range all {
			switch {
			case slices.Contains(p.WaivableRules, rule), slices.Contains(p.WaivableRules, "*"):
				allowed = true
			case p.asks(rule):
				return false
			}
		}
		return allowed
	}
}

// asks reports whether the policy wants something of what a rule finds.
func (p *Policy) asks(rule string) bool {
	return p.Rules[rule].Severity > lint.Off ||
		slices.ContainsFunc(p.Modules, func(m *Module) bool { return m.Name == rule && m.Severity > lint.Off })
}

// A view is a set as one request sees it.
type view struct {
	set     *Set
	request Request
	session session
}

// Terms returns what the policies that match the object want of it.
func (v *view) Terms(object *manifest.Node) *lint.Terms {
	about, ok := subjectOf(&v.request, object)
	if !ok {
		return nil
	}
	t := v.set.termsFor(&about)
	if t == nil {
		return nil
	}
	extra := v.modules(t)
	if more := t.writes.extra(&v.request, about.kind); len(more) > 0 {
		extra = append(extra[:len(extra):len(extra)], more...)
	}
	complete := t.writes.complete(&v.request)
	if len(t.waivers) == 0 && len(extra) == 0 && complete == nil {
		return &t.Terms
	}
	out := t.Terms
	out.Extra, out.Complete = extra, complete
	if len(t.waivers) > 0 {
		out.Waives = v.waives(t)
	}
	return &out
}

// waives accepts findings of one object, and counts that. An object may have
// several workflows, which are linted at once.
func (v *view) waives(t *terms) func(*lint.Finding) bool {
	used := make([]atomic.Bool, len(t.waivers))
	usage := v.request.Usage
	for _, i := range t.waivers {
		usage.match(i)
	}
	return func(f *lint.Finding) bool {
		waived := false
		for k, i := range t.waivers {
			w := v.set.waivers[i]
			if w.Rule != f.Rule.Name {
				continue
			}
			if used[k].CompareAndSwap(false, true) {
				usage.cover(i)
			}
			waived = waived || v.request.Now.Before(w.Until)
		}
		return waived
	}
}
