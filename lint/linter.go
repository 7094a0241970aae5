package lint

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/schema"
	"github.com/tiphys-dev/tiphys/lint/scope"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// Options configure a run. The zero value works, but runs no rule.
type Options struct {
	// Rules are those to run, normally rules.All().
	Rules []*Rule
	// Severity overrides Rule.Severity by rule name; Off switches a rule off.
	Severity map[string]Severity
	// Argo is the version that the workflows are for; zero is the newest.
	Argo Version
	// Complete says that everything that exists is given: a reference to what
	// is not there is Absent rather than Unknown.
	Complete bool
	// Fixes keeps the edits of fixes in the result, and with them the trees.
	Fixes bool
	// Policies say what holds for single objects; nil if there are none. With
	// policies, a manifest can waive only what they let it waive.
	Policies Policies
	// Others are names of rules that are not among Rules and exist all the same,
	// such as those of policies: a waiver may name them.
	Others []string
	// World answers for what is not given; nil if nobody does.
	World resolve.World
}

// severity of a rule under these options.
func (o *Options) severity(r *Rule) Severity {
	if s, ok := o.Severity[r.Name]; ok {
		return s
	}
	return r.Severity
}

// A Result is what a run found.
type Result struct {
	// Findings are sorted by file name, position, path and rule.
	Findings []Finding
	// Files, Documents and Objects count what was read; Objects are only those
	// of a kind that has rules, so zero means that nothing was linted.
	Files, Documents, Objects int
	// Failures are rules that broke: our mistakes, not the manifests'.
	Failures []error
	// Waived are the findings that policies accept for now.
	Waived []Finding
}

// A Linter collects files and lints them. A workflow that refers to other
// objects waits until all files are there; any other is linted and forgotten
// as soon as it is added, so that memory does not grow with their number.
type Linter struct {
	options Options
	rules   []*Rule // those that are not off, or all of them where policies may switch them on
	builder resolve.Builder
	bare    *resolve.Index // what is known before all files are

	mu        sync.Mutex
	result    Result
	waiting   []*unit
	documents []*document // those with waivers
	wanted    []Reference
	secrets   []secretText
}

// A document is what the linter keeps of a manifest.Document.
type document struct {
	waivers []*waiver
	covers  map[string]*covers // by rule
}

// A unit is a workflow with what a pass over it needs.
type unit struct {
	keep     *document
	document *manifest.Document
	object   *manifest.Node
	flows    []*workflow.Workflow // all of the object
	workflow *workflow.Workflow
	terms    *Terms

	// What rules share is made when the first of them asks for it.
	tags      *scope.Analysis
	structure []schema.Problem
	checked   bool
	shared    map[any]any
}

// New returns a linter that runs the rules of o.
func New(o Options) *Linter {
	l := &Linter{options: o, bare: &resolve.Index{}}
	l.bare.Ask(o.World)
	l.builder.Specs = o.Policies != nil
	for _, r := range o.Rules {
		if o.Policies != nil || o.severity(r) != Off {
			l.rules = append(l.rules, r)
		}
	}
	return l
}

// Run lints files in one go.
func Run(o Options, files ...*source.File) Result {
	l := New(o)
	for _, f := range files {
		l.Add(f)
	}
	return l.Finish()
}

// Add parses f and lints what can be linted without the other files. It may be
// called from several goroutines.
func (l *Linter) Add(f *source.File) {
	b := batch{linter: l}
	b.result.Files = 1
	for _, d := range manifest.Parse(f) {
		b.add(d)
	}
	l.take(&b)
}

// AddDocument lints a document that is parsed already, as Add does. Its objects
// must be roots of their trees.
func (l *Linter) AddDocument(d *manifest.Document) {
	b := batch{linter: l}
	b.add(d)
	l.take(&b)
}

// Know tells the linter what else there is, without linting it: entries of the
// index of another run. It may be called from several goroutines, before Finish.
func (l *Linter) Know(entries ...*resolve.Entry) { l.builder.Know(entries...) }

// take merges the outcome of a batch into that of the run.
func (l *Linter) take(b *batch) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.result.Files += b.result.Files
	l.result.Documents += b.result.Documents
	l.result.Objects += b.result.Objects
	l.result.Findings = append(l.result.Findings, b.result.Findings...)
	l.result.Failures = append(l.result.Failures, b.result.Failures...)
	l.result.Waived = append(l.result.Waived, b.result.Waived...)
	l.secrets = append(l.secrets, b.secrets...)
	l.waiting = append(l.waiting, b.waiting...)
	l.documents = append(l.documents, b.documents...)
	l.wanted = append(l.wanted, b.wanted...)
}

// Finish lints what waited for the other files and returns all that was found.
// The linter must not be used afterwards.
func (l *Linter) Finish() Result {
	index := l.builder.Index(l.options.Complete)
	index.Ask(l.options.World)
	next := make(chan *unit)
	var workers sync.WaitGroup
	for range workersFor(len(l.waiting)) {
		workers.Go(func() {
			b := batch{linter: l, index: index}
			for u := range next {
				b.run(u)
			}
			l.take(&b)
		})
	}
	for i, u := range l.waiting {
		l.waiting[i] = nil
		next <- u
	}
	close(next)
	workers.Wait()

	last := batch{linter: l, index: index, all: l.wanted}
	pass := last.newPass(&unit{})
	for _, r := range l.rules {
		if r.Finish != nil {
			pass.meet(r, nil, r.Finish)
		}
	}
	last.unused(l.documents)
	l.take(&last)
	hide(l.result.Findings, l.secrets)
	hide(l.result.Waived, l.secrets)
	sortFindings(l.result.Findings)
	sortFindings(l.result.Waived)
	l.result.Findings = slices.CompactFunc(l.result.Findings, same)
	slices.SortFunc(l.result.Failures, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	return l.result
}

// Sort puts findings in the order of a Result.
func Sort(all []Finding) { sortFindings(all) }

// sortFindings puts findings in the order of the text, whatever order the
// files, the goroutines and the maps came in.
func sortFindings(all []Finding) {
	slices.SortFunc(all, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(a.fileName(), b.fileName()),
			cmp.Compare(a.Span.Offset(), b.Span.Offset()),
			cmp.Compare(a.order, b.order),
			cmp.Compare(a.Span.Len(), b.Span.Len()),
			cmp.Compare(a.Rule.Name, b.Rule.Name),
			cmp.Compare(a.Path, b.Path),
			cmp.Compare(a.Message, b.Message),
			cmp.Compare(b.Severity, a.Severity), // of two policies, the strictest
			cmp.Compare(a.Policy, b.Policy),
		)
	})
}

// same reports whether b says again what a says of the same text, as happens
// where one text stands in several places of the tree by a YAML alias.
func same(a, b Finding) bool {
	return a.fileName() == b.fileName() && a.Span.Offset() == b.Span.Offset() && a.Span.Len() == b.Span.Len() && a.Rule == b.Rule && a.Message == b.Message && (a.Span.Known() || a.Path == b.Path)
}

func (f *Finding) fileName() string {
	if f.Span.File == nil {
		return ""
	}
	return f.Span.File.Name
}

// String prints a finding as compilers do, or by path when there is no text.
func (f Finding) String() string {
	at := f.Path
	if f.Span.Known() {
		p := f.Span.File.Position(f.Span.Start)
		at = fmt.Sprintf("%s:%d:%d", f.Span.File.Name, p.Line, p.Column)
	}
	return fmt.Sprintf("%s: %s: %s [%s]", at, f.Severity, f.Message, f.Rule)
}
