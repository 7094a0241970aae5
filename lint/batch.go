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
	u := &unit{keep: keep, document: d}
	for _, r := range b.linter.rules {
		if r.Document != nil {
			b.pass(r, u, r.Document)
		}
	}
	for _, o := range objects {
		b.object(keep, d, o)
	}
}

func (b *batch) object(keep *document, d *manifest.Document, o *manifest.Node) {
	if o.Kind != manifest.Map {
		return
	}
	if schema.Known(o.Get("kind").Text()) {
		b.result.Objects++
	}
	u := &unit{keep: keep, document: d, object: o}
	for _, r := range b.linter.rules {
		if r.Object != nil {
			b.pass(r, u, r.Object)
		}
	}
	flows := workflow.From(o)
	b.linter.builder.Add(o, flows)
	for _, w := range flows {
		b.references(keep, o, w)
		u := &unit{keep: keep, document: d, object: o, workflow: w}
		if resolve.Refers(w) {
			b.waiting = append(b.waiting, u)
			continue
		}
		b.run(u)
	}
}

// run lints one workflow with all rules.
func (b *batch) run(u *unit) {
	for _, r := range b.linter.rules {
		if r.Run != nil {
			b.pass(r, u, r.Run)
		}
	}
}

// pass lets one rule meet one unit. A rule that panics is a failure of ours;
// it must not take the other rules' findings with it.
func (b *batch) pass(r *Rule, u *unit, run func(*Pass)) {
	p := &Pass{
		Rule: r, Document: u.document, Object: u.object, Workflow: u.workflow,
		Index: b.index, Options: &b.linter.options, unit: u, references: b.all,
	}
	if p.Index == nil {
		p.Index = &resolve.Index{}
	}
	kept := 0
	p.report = func(f Finding) {
		if kept > mostFindings || !b.report(u, f) {
			return
		}
		if kept++; kept == mostFindings {
			f.Message = fmt.Sprintf("%s has found %d mistakes here, and looks for no more of them: mend these first", r, mostFindings)
			f.Severity, f.Related, f.Fix = r.Severity, nil, nil
			b.report(u, f)
			kept++
		}
	}
	defer func() {
		if e := recover(); e != nil {
			b.result.Failures = append(b.result.Failures, fmt.Errorf("rule %s on %s: %v\n%s", r, u.place(), e, debug.Stack()))
		}
	}()
	run(p)
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
func (b *batch) report(u *unit, f Finding) bool {
	if s, ok := b.linter.options.Severity[f.Rule.Name]; ok {
		f.Severity = s
	}
	if f.Object == (Object{}) {
		f.Object = objectOf(u.object)
	}
	keep := u.keep
	if f.keep != nil {
		keep = f.keep
	}
	if keep.waives(&f, f.Object) {
		return false
	}
	f.Node, f.keep = nil, nil
	if f.Secret {
		f.Span = f.Span.Masked()
	}
	if !b.linter.options.Fixes {
		f.forget()
	}
	b.result.Findings = append(b.result.Findings, f)
	return true
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
