package lint

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/schema"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

func workersFor(jobs int) int { return min(runtime.GOMAXPROCS(0), jobs) }

// A batch is the work of one goroutine; nothing in it is shared.
type batch struct {
	linter    *Linter
	index     *resolve.Index // nil while files are still being added
	result    Result
	waiting   []*unit
	documents []*document
	wanted    []Reference
	secrets   []secretText
	// all are the references of the whole run, once it is over.
	all []Reference
}

// add lints one document as far as it can be linted alone.
func (b *batch) add(d *manifest.Document) {
	b.result.Documents++
	keep := &document{}
	objects := d.Objects()
	keep.waivers = waiversOf(d, objects)
	if len(keep.waivers) > 0 {
		keep.covers = coversOf(keep.waivers)
		b.documents = append(b.documents, keep)
	}
	units := make([]unit, len(objects))
	for i, o := range objects {
		units[i] = unit{keep: keep, document: d, object: o}
		if p := b.linter.options.Policies; p != nil && o.Kind == manifest.Map {
			units[i].terms = p.Terms(o)
			if !b.linter.options.Fixes {
				units[i].object = units[i].terms.completed(o)
			}
		}
	}
	whole := &unit{keep: keep, document: d}
	if len(units) == 1 { // what holds for the object holds for its document
		whole.terms = units[0].terms
	}
	b.meet(whole, func(r *Rule) func(*Pass) { return r.Document })
	for i := range units {
		b.object(&units[i])
	}
}

func (b *batch) object(u *unit) {
	o := u.object
	if o.Kind != manifest.Map {
		return
	}
	if schema.Known(o.Get("kind").Text()) {
		b.result.Objects++
	}
	u.flows = workflow.From(o)
	b.linter.builder.Add(o, u.flows)
	b.meet(u, func(r *Rule) func(*Pass) { return r.Object })
	for _, w := range u.flows {
		b.references(u, w)
		u := &unit{keep: u.keep, document: u.document, object: o, flows: u.flows, workflow: w, terms: u.terms}
		if resolve.Refers(w) {
			b.waiting = append(b.waiting, u)
			continue
		}
		b.run(u)
	}
}

// run lints one workflow with all rules.
func (b *batch) run(u *unit) { b.meet(u, func(r *Rule) func(*Pass) { return r.Run }) }

// meet lets all rules meet one unit, as its terms want it.
func (b *batch) meet(u *unit, part func(*Rule) func(*Pass)) {
	o := &b.linter.options
	p := b.newPass(u)
	for _, r := range b.linter.rules {
		run := part(r)
		if run == nil {
			continue
		}
		settings, settled := u.terms.settings(r)
		if !settled && o.severity(r) != Off {
			p.meet(r, nil, run)
		}
		for i := range settings {
			if settings[i].Severity != Off {
				p.meet(r, &settings[i], run)
			}
		}
	}
	if u.terms == nil {
		return
	}
	for i := range u.terms.Extra {
		x := &u.terms.Extra[i]
		if run := part(x.Rule); run != nil && x.Severity != Off {
			p.meet(x.Rule, &x.Setting, run)
		}
	}
}

// newPass returns a pass over a unit, for one rule after the other.
func (b *batch) newPass(u *unit) *Pass {
	p := &Pass{
		Document: u.document, Object: u.object, Workflow: u.workflow, Workflows: u.flows,
		Index: b.index, Options: &b.linter.options, batch: b, unit: u, references: b.all,
	}
	if p.Index == nil {
		p.Index = b.linter.bare
	}
	return p
}

// meet runs one rule. A rule that panics is a failure of ours; it must not take
// the other rules' findings with it.
func (p *Pass) meet(r *Rule, s *Setting, run func(*Pass)) {
	p.Rule, p.setting, p.Parameters, p.kept = r, s, nil, 0
	if s != nil {
		p.Parameters = s.Parameters
	}
	defer func() {
		if e := recover(); e != nil {
			b := p.batch
			b.result.Failures = append(b.result.Failures, fmt.Errorf("rule %s on %s: %v\n%s", r, p.unit.place(), e, debug.Stack()))
		}
	}()
	run(p)
}

// report keeps a finding of the rule, unless there are too many of them.
func (p *Pass) report(f Finding) {
	if p.kept > mostFindings || !p.batch.report(p.unit, p.setting, f) {
		return
	}
	if p.kept++; p.kept == mostFindings {
		f.Message = fmt.Sprintf("%s has found %d mistakes here, and looks for no more of them: mend these first", p.Rule, mostFindings)
		f.Severity, f.Related, f.Fix = p.Rule.Severity, nil, nil
		p.batch.report(p.unit, p.setting, f)
		p.kept++
	}
}

func (u *unit) place() string {
	if u.document == nil {
		return "all files"
	}
	return u.document.File.Name
}

// mostFindings bounds what one rule says of one workflow, or document: a file
// of megabytes may hold a million mistakes, and nobody reads them.
const mostFindings = 10_000

// report settles severity, object and waivers of a finding and keeps it,
// unless it is waived.
func (b *batch) report(u *unit, s *Setting, f Finding) bool {
	terms := u.terms
	if f.terms != nil {
		terms = f.terms
	}
	if !b.settle(terms, s, &f) {
		return false
	}
	if f.Object == (Object{}) {
		f.Object = objectOf(u.object)
	}
	keep := u.keep
	if f.keep != nil {
		keep = f.keep
	}
	if keep.waives(&f, f.Object) {
		if b.linter.options.Policies == nil || terms.waivable(f.Rule.Name) {
			return false
		}
		f.Claimed = true
	}
	waived := terms != nil && terms.Waives != nil && terms.Waives(&f)
	f.Node, f.keep, f.terms = nil, nil, nil
	if f.Secret && f.Span.Known() {
		b.secrets = append(b.secrets, secretText{f.Span.File.Name, f.Span.Offset(), f.Span.Len()})
		f.Span = f.Span.Masked()
	}
	if !b.linter.options.Fixes {
		f.forget()
	}
	if waived {
		b.result.Waived = append(b.result.Waived, f)
		return false
	}
	b.result.Findings = append(b.result.Findings, f)
	return true
}

// settle gives a finding its severity; it reports false for one that is off.
func (b *batch) settle(terms *Terms, s *Setting, f *Finding) bool {
	if s == nil { // of a rule that meets all objects at once
		s = terms.strictest(f.Rule)
	}
	switch {
	case s == nil:
		if severity, ok := b.linter.options.Severity[f.Rule.Name]; ok {
			f.Severity = severity
		}
	case f.own && (f.Severity == Info && f.Rule.Severity > Info || terms.extra(s)):
		// A hint stays a hint, as that a library has no deadline: its caller may.
		f.Severity, f.Policy = min(f.Severity, s.Severity), s.Policy
	default:
		f.Severity, f.Policy = s.Severity, s.Policy
	}
	return f.Severity != Off
}

// forget drops what would keep the tree or the whole text of a file in memory.
func (f *Finding) forget() {
	f.Span = f.Span.Clip()
	for i := range f.Related {
		f.Related[i].Span = f.Related[i].Span.Clip()
	}
	if f.Fix != nil {
		f.Fix = &Fix{Message: f.Fix.Message, Safe: f.Fix.Safe}
	}
}

// objectOf names an object; one that is still to be named by the API server
// goes by its prefix.
func objectOf(n *manifest.Node) Object {
	m := n.Get("metadata")
	o := Object{Kind: n.Get("kind").Text(), Namespace: m.Get("namespace").Text(), Name: m.Get("name").Text()}
	if o.Name == "" {
		o.Name = m.Get("generateName").Text()
	}
	// Findings outlive the text of the file that these are parts of.
	return Object{strings.Clone(o.Kind), strings.Clone(o.Namespace), strings.Clone(o.Name)}
}
