package defaults

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/schema"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

//go:embed default-missing.txtar
var page string

// Rule is the rule that reports what a default would say, without the defaults.
var Rule = &lint.Rule{Name: "default-missing", Severity: lint.Info, Topic: "policy", Page: page, Mends: true}

// Extras returns the rules that write the defaults of policies: one for each
// policy, each knowing what the others write. All policies that match an object
// must be given at once; what is returned may be kept for the next one.
func Extras(all ...*Defaults) []lint.Extra {
	all = slices.DeleteFunc(slices.Clone(all), (*Defaults).Empty)
	slices.SortFunc(all, func(a, b *Defaults) int { return cmp.Compare(a.Policy, b.Policy) })
	s := &set{
		metadata:   merge(all, func(d *Defaults) []leaf { return d.metadata }),
		spec:       merge(all, func(d *Defaults) []leaf { return d.spec }),
		templates:  merge(all, func(d *Defaults) []leaf { return d.templates }),
		containers: merge(all, func(d *Defaults) []leaf { return d.containers }),
	}
	s.strict()
	var extras []lint.Extra
	for _, d := range all {
		r := *Rule
		r.Object = func(pass *lint.Pass) { s.report(pass, d.Policy, s.object) }
		r.Run = func(pass *lint.Pass) { s.report(pass, d.Policy, s.run) }
		extras = append(extras, lint.Extra{Rule: &r, Setting: lint.Setting{Policy: d.Policy, Severity: lint.Info}})
	}
	return extras
}

// A set is what several policies set together.
type set struct{ metadata, spec, templates, containers []leaf }

// A plan is what all policies of a set have to write in one object or workflow:
// the findings of each of them, by its name.
type plan map[string][]lint.Finding

// report reports what one policy has to write. What they all write is worked out
// once, when the first of them comes by.
func (s *set) report(pass *lint.Pass, policy string, all func(*lint.Pass) plan) {
	for _, f := range pass.Shared(s, func() any { return all(pass) }).(plan)[policy] {
		pass.Report(f)
	}
}

// strict drops what contradicts a stricter default, be it of another policy or
// for another part: a container of both could not start.
func (s *set) strict() {
	parts := []*[]leaf{&s.spec, &s.templates, &s.containers}
	sets := func(l leaf, key string, value string) bool {
		return l.is("securityContext", key) && text(l.value) == value
	}
	for _, c := range [...]struct{ strict, value, loose, other string }{
		{"runAsNonRoot", "true", "runAsUser", "0"},
		{"allowPrivilegeEscalation", "false", "privileged", "true"},
	} {
		if !slices.ContainsFunc(parts, func(p *[]leaf) bool {
			return slices.ContainsFunc(*p, func(l leaf) bool { return sets(l, c.strict, c.value) })
		}) {
			continue
		}
		for _, p := range parts {
			*p = slices.DeleteFunc(*p, func(l leaf) bool { return sets(l, c.loose, c.other) })
		}
	}
}

// object writes labels and annotations of the object itself.
func (s *set) object(pass *lint.Pass) plan {
	o := pass.Object
	if len(pass.Workflows) == 0 && !isSensor(o) || len(s.metadata) == 0 {
		return nil
	}
	w := writer{pass: pass, plan: plan{}}
	name := o.At("metadata", "name")
	if !name.Set() {
		name = o.Get("kind")
	}
	w.write(place{own: o, anchor: name, who: "the " + o.Get("kind").Text()}, s.metadata, nil)
	return w.plan
}

func isSensor(o *manifest.Node) bool {
	v := o.Get("apiVersion").Text()
	return o.Get("kind").Text() == workflow.KindSensor && (v == "" || strings.HasPrefix(v, workflow.Group)) && schema.Known(workflow.KindSensor)
}

// A place is where values are written.
type place struct {
	own    *manifest.Node
	anchor *manifest.Node
	who    string
	// path and under are what lies between own and where the values belong: the
	// workflowMetadata of a CronWorkflow is written to its spec.
	under  []string
	layers func(path ...string) *manifest.Node
}

// A writer plans what policies have to write, each seeing what the others have.
type writer struct {
	pass *lint.Pass
	plan plan
	// target is the workflow where a Sensor may write to it later.
	target *workflow.Workflow
}

// write plans the leaves on which a place is silent and returns the scope with
// what is written. objects can object to a leaf.
func (w *writer) write(p place, all []leaf, objects func(*scope, *leaf) bool) *scope {
	s := &scope{own: p.own, at: p.layers, took: map[string]any{}, fields: map[string]bool{}}
	if s.at == nil {
		s.at = p.own.At
	}
	taken := map[string][]leaf{} // by policy
	for i := range all {
		l := all[i]
		if len(p.under) > 0 {
			l.path = append(slices.Clip(p.under), l.path...)
		}
		if !s.silent(&l) || !s.fits(&l) || objects != nil && objects(s, &l) || w.overwritten(p.own, l.path) {
			continue
		}
		s.take(l)
		taken[l.policy] = append(taken[l.policy], l)
	}
	for policy, mine := range taken { // in any order: each has a list of its own
		for len(mine) > 0 {
			f, n := finding(p, policy, mine)
			w.plan[policy] = append(w.plan[policy], f)
			mine = mine[n:]
		}
	}
	return s
}

// overwritten reports whether a Sensor fills in the field.
func (w *writer) overwritten(own *manifest.Node, path []string) bool {
	if w.target == nil || w.target.Trigger == nil {
		return false
	}
	return w.target.Overwritten(strings.Join(append(dotted(own, w.target.Root), path...), "."))
}

// dotted returns the way from top to n as Sensors write it.
func dotted(n, top *manifest.Node) []string {
	if n == nil || n == top {
		return nil
	}
	step := fmt.Sprint(n.Index())
	if n.Key != nil {
		step = n.Key.Value
	}
	return append(dotted(n.Parent, top), step)
}

// finding tells of the first of the leaves of a policy, and of those that are
// missing together with it: what one edit can write. It returns how many these are.
func finding(p place, policy string, all []leaf) (lint.Finding, int) {
	n, depth := p.own, 0
	for path := all[0].path; depth < len(path)-1 && n.Get(path[depth]).Set(); depth++ {
		n = n.Get(path[depth])
	}
	top := all[0].path[:depth+1]
	count := 1
	for count < len(all) && len(all[count].path) > depth && slices.Equal(all[count].path[:depth+1], top) {
		count++
	}
	var value any
	for _, l := range all[:count] {
		value = put(value, l.path[depth+1:], l.value)
	}
	path := dot(top)
	f := lint.Finding{Node: p.anchor, Message: fmt.Sprintf("%s says nothing of %s: policy %q sets %s", p.who, path, policy, told(all[:count]))}
	f.Fix = &lint.Fix{Message: "write the default of " + path, Safe: true, Edits: []lint.Edit{{Node: n, Key: top[depth], Value: value}}}
	return f, count
}

// put sets a value in nested maps, which are made as they are needed.
func put(v any, path []string, leaf any) any {
	if len(path) == 0 {
		return leaf
	}
	m, _ := v.(map[string]any)
	if m == nil {
		m = map[string]any{}
	}
	m[path[0]] = put(m[path[0]], path[1:], leaf)
	return m
}

// told lists the values for a message.
func told(all []leaf) string {
	const most, long = 4, 60
	var parts []string
	for i, l := range all {
		if i == most {
			parts = append(parts, fmt.Sprintf("and %d more", len(all)-most))
			break
		}
		v := text(l.value)
		if r := []rune(v); len(r) > long {
			v = string(r[:long-1]) + "…"
		}
		parts = append(parts, fmt.Sprintf("%s to %s", dot(l.path), v))
	}
	return strings.Join(parts, ", ")
}

// dot writes a path as messages do.
func dot(path []string) string {
	var b strings.Builder
	for i, k := range path {
		b.WriteString(manifest.Field(i == 0, k))
	}
	return b.String()
}
