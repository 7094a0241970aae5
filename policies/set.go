package policies

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/policies/concurrency"
	"github.com/tiphys-dev/tiphys/policies/defaults"
)

// Options of a set. The zero value works.
type Options struct {
	// Now is the time by which waivers expire, unless a Request has its own; the
	// zero time is before all of them.
	Now time.Time
}

// A Set is all policies that are in force. It is not changed once made and may
// be used by any number of goroutines.
type Set struct {
	all     []*Policy
	waivers []*Waiver
	// owner is the index of the policy of a waiver, by the index of the waiver.
	owner   []int
	options Options

	mu    sync.RWMutex
	terms map[string]*terms // by the policies and waivers that match
}

// NewSet returns the set of these policies, sorted by name: what they want does
// not depend on the order they were given in.
func NewSet(all []*Policy, o Options) *Set {
	s := &Set{all: slices.Clone(all), options: o, terms: map[string]*terms{}}
	slices.SortStableFunc(s.all, func(a, b *Policy) int { return cmp.Compare(a.Name, b.Name) })
	for i, p := range s.all {
		for _, w := range p.Waivers {
			s.waivers = append(s.waivers, w)
			s.owner = append(s.owner, i)
		}
	}
	return s
}

// Policies returns the policies of the set by name.
func (s *Set) Policies() []*Policy { return s.all }

// Check reports what is wrong with policies as a set: waivers, and waivable
// rules, of rules that neither tiphys nor any policy of the set has.
func (s *Set) Check() []lint.Finding {
	have := append(ruleNames(), defaults.Rule.Name, concurrency.Rule.Name)
	for _, p := range s.all {
		for _, m := range p.Modules {
			have = append(have, m.Name)
		}
	}
	var findings []lint.Finding
	check := func(p *Policy, n *manifest.Node, what string) {
		if name := n.Text(); name != "*" && !slices.Contains(have, name) {
			r := reader{policy: p}
			r.report(n, "%s %q, which is no rule, nor a module of these policies%s (tiphys rules lists the rules)", what, short(name), near.Hint(name, have))
			findings = append(findings, r.findings...)
		}
	}
	for _, p := range s.all {
		for _, w := range p.Waivers {
			check(p, w.Node.Get("rule"), "this waiver is of")
		}
		for _, n := range p.Node.At("spec", "waivableRules").Items() {
			check(p, n, "this lets objects waive")
		}
	}
	lint.Sort(findings)
	return findings
}

// A Request is what is known of the request that brings an object. It is zero
// for files.
type Request struct {
	// Context ends the evaluation of modules; nil is context.Background.
	Context   context.Context
	Operation string // CREATE or UPDATE, "" for files and audits
	// Namespace is the one of objects that name none.
	Namespace string
	User      User
	// NamespaceLabels are those of the namespace, if NamespaceKnown.
	NamespaceLabels map[string]string
	NamespaceKnown  bool
	DryRun          bool
	// Defaults asks for the defaults as well, as rules whose findings have fixes.
	Defaults bool
	// Now is the time of the request; the zero time is Options.Now.
	Now time.Time
	// Usage counts what waivers cover; nil counts nothing. It is one of this set.
	Usage *Usage
}

// A User is who asks.
type User struct {
	Name, UID string
	Groups    []string
}

// For returns what the policies want of the objects of a request.
func (s *Set) For(r Request) lint.Policies {
	if r.Now.IsZero() {
		r.Now = s.options.Now
	}
	return &view{set: s, request: r}
}

// Matching returns the policies that are for an object, by name.
func (s *Set) Matching(r Request, object *manifest.Node) []*Policy {
	about, ok := subjectOf(&r, object)
	if !ok {
		return nil
	}
	var out []*Policy
	for _, p := range s.all {
		if p.Match.meets(&about) {
			out = append(out, p)
		}
	}
	return out
}

// subjectOf is what a Match looks at in an object, of a kind for which there
// can be policies.
func subjectOf(r *Request, object *manifest.Node) (subject, bool) {
	kind := object.Get("kind").Text()
	if !isKind(kind) {
		return subject{}, false
	}
	m := object.Get("metadata")
	about := subject{kind: kind, name: m.Get("name").Text(), namespace: m.Get("namespace").Text(), labels: m.Get("labels")}
	if about.name == "" {
		about.name = m.Get("generateName").Text()
	}
	if about.namespace == "" {
		about.namespace = r.Namespace
	}
	if kind == "ClusterWorkflowTemplate" {
		about.namespace = ""
	}
	about.inNamespace, about.known = r.NamespaceLabels, r.NamespaceKnown
	return about, true
}

func isKind(kind string) bool {
	switch kind {
	case "Workflow", "WorkflowTemplate", "ClusterWorkflowTemplate", "CronWorkflow", "Sensor":
		return true
	}
	return false
}

// mostTerms bounds what is remembered: of so many combinations of policies and
// waivers, each has few objects.
const mostTerms = 1024

// termsFor returns the terms of an object, nil where no policy is for it.
func (s *Set) termsFor(about *subject) *terms {
	var buffer [32]byte
	key := buffer[:0]
	if n := (len(s.all)+len(s.waivers))/8 + 1; n > len(buffer) {
		key = make([]byte, n)
	} else {
		key = buffer[:n]
	}
	has := func(i int) bool { return key[i/8]>>(i%8)&1 == 1 }
	any := false
	for i, p := range s.all {
		if p.Match.meets(about) {
			key[i/8] |= 1 << (i % 8)
			any = true
		}
	}
	if !any {
		return nil
	}
	for i, w := range s.waivers {
		if j := len(s.all) + i; has(s.owner[i]) && w.Match.meets(about) {
			key[j/8] |= 1 << (j % 8)
		}
	}
	s.mu.RLock()
	t := s.terms[string(key)]
	s.mu.RUnlock()
	if t == nil {
		t = s.remember(string(key), s.combine(has))
	}
	return t
}

func (s *Set) remember(key string, t *terms) *terms {
	s.mu.Lock()
	defer s.mu.Unlock()
	if other := s.terms[key]; other != nil {
		return other
	}
	if len(s.terms) < mostTerms {
		s.terms[key] = t
	}
	return t
}
