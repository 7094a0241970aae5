// Package lint runs rules over manifests.
//
// It and everything below it is a pure function of its input: it does no input
// or output, reads no clock and imports nothing of Kubernetes' clients, so that
// a terminal, a rendered chart, an admission webhook and a controller can all
// ask the same question and get the same answer.
package lint

import (
	"fmt"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/schema"
	"github.com/tiphys-dev/tiphys/lint/scope"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// Severity orders findings by what they cost.
type Severity int8

// Error is kept for what Argo Workflows or the API server would refuse, and
// for what can never run.
const (
	Off Severity = iota
	Info
	Warning
	Error
)

var severities = [...]string{"off", "info", "warning", "error"}

// String names the severity as users write it.
func (s Severity) String() string { return severities[s] }

// ParseSeverity reads off, info, warning or error.
func ParseSeverity(s string) (Severity, error) {
	for i, name := range severities {
		if s == name {
			return Severity(i), nil
		}
	}
	return Off, fmt.Errorf("severity %q is none of off, info, warning, error", s)
}

// A Rule is one check. Rules are values in leaf packages: a rule is its own
// code, its own page and its own tests, and nothing else.
type Rule struct {
	// Name is what users write to configure or waive the rule: words in
	// kebab-case that name the defect.
	Name string
	// Severity is what a finding costs unless a user or a policy says otherwise.
	Severity Severity
	// Topic groups rules in lists: manifest, template, dag, tag, ...
	Topic string
	// Page is the txtar archive that is page, example and test of the rule:
	// its comment is Markdown, the first line the title.
	Page string
	// Parameters is a JSON Schema of what a policy may tell the rule, "" for
	// nothing: an object, with a description and a default of each property.
	Parameters string
	// Mends says that fixes of the rule are safe, some of them at least: only such
	// a rule has a part in what is written into an object at admission.
	Mends bool

	// Document is called once for each document, also for broken ones.
	Document func(*Pass)
	// Object is called once for each object of any kind.
	Object func(*Pass)
	// Run is called once for each workflow: each object of a workflow kind, and
	// each workflow that a Sensor embeds.
	Run func(*Pass)
	// Finish is called once when all files are known.
	Finish func(*Pass)
}

// String returns the name of the rule.
func (r *Rule) String() string { return r.Name }

// A Pass is one rule meeting one document, object or workflow. Rules must not
// keep it: the next rule gets the same one.
type Pass struct {
	Rule     *Rule
	Document *manifest.Document
	Object   *manifest.Node     // nil in Rule.Document
	Workflow *workflow.Workflow // nil but in Rule.Run
	// Workflows are all of the object, more than one only in a Sensor; nil in
	// Rule.Document.
	Workflows []*workflow.Workflow
	Index     *resolve.Index // what else is known
	Options   *Options
	// Parameters are those that a policy gives, nil for none. They fit
	// Rule.Parameters.
	Parameters map[string]any

	batch      *batch
	unit       *unit
	setting    *Setting // nil where no policy speaks
	references []Reference
	kept       int // findings of the rule
}

// Tags returns what the tags and expressions of the workflow stand for. It is
// worked out once for all rules.
func (p *Pass) Tags() *scope.Analysis {
	if p.unit.tags == nil {
		p.unit.tags = scope.Analyze(p.Workflow, p.Index)
	}
	return p.unit.tags
}

// Structure returns what the schema says is wrong with the object. It is worked
// out once for all rules.
func (p *Pass) Structure() []schema.Problem {
	u := p.unit
	if u.checked {
		return u.structure
	}
	u.checked = true
	if v := p.Object.Get("apiVersion").Text(); v != "" && !strings.HasPrefix(v, workflow.Group) {
		return nil
	}
	c := schema.Checker{Argo: schema.Version(p.Options.Argo), Report: func(problem schema.Problem) { u.structure = append(u.structure, problem) }}
	if t := schema.Lookup(p.Object.Get("kind").Text()); t != nil {
		c.Check(p.Object, t)
	}
	return u.structure
}

// Shared returns what workOut made for a key the first time that a rule asked for
// it here: what several rules need of the same document, object or workflow.
func (p *Pass) Shared(key any, workOut func() any) any {
	u := p.unit
	v, ok := u.shared[key]
	if !ok {
		if u.shared == nil {
			u.shared = map[any]any{}
		}
		v = workOut()
		u.shared[key] = v
	}
	return v
}

// Reportf reports that something is wrong at n.
func (p *Pass) Reportf(n *manifest.Node, format string, args ...any) {
	p.Report(Finding{Node: n, Message: fmt.Sprintf(format, args...)})
}

// ReportRange reports that something is wrong with the bytes [from, to) of
// the value of the scalar n.
func (p *Pass) ReportRange(n *manifest.Node, from, to int, format string, args ...any) {
	p.Report(Finding{Node: n, Span: n.Range(from, to), Message: fmt.Sprintf(format, args...)})
}

// Report reports f. What the caller leaves out is filled in: Rule and Severity
// from the rule, Object from the pass, Path and Span from f.Node.
func (p *Pass) Report(f Finding) {
	f.Rule = p.Rule
	f.own = f.Severity != Off
	if !f.own {
		f.Severity = p.Rule.Severity
	}
	if f.Path == "" {
		f.Path = f.Node.Path()
	}
	for n := f.Node; n != nil && !f.Span.Known(); n = n.Parent {
		f.Span = n.Token() // what a policy writes stands nowhere, but in something that does
	}
	if !f.Span.Known() && f.Node != nil {
		f.order = f.Node.Start
	}
	p.report(f)
}

// A Finding is one thing that is wrong. It is identified by object, path and
// rule; where it stands in the text is looked up.
type Finding struct {
	Rule     *Rule
	Severity Severity
	Object   Object
	// Path is the field path in the object, "" for the object itself.
	Path string
	// Span is the text to point at, unknown when there is none.
	Span source.Span
	// Message says what is wrong with the thing quoted, then what would be
	// right; lower case, no full stop.
	Message string
	Related []Related
	Fix     *Fix
	// Policy names the policy that wants it so, "" for none.
	Policy string
	// Claimed is set where the manifest waives the finding and no policy lets it.
	Claimed bool
	// Secret is set where the text at Span must not be shown: no report ever
	// gets to see it.
	Secret bool

	// Environments are those in which a chart has the finding, in the order of
	// promotion; nil where there is no question of environments.
	Environments []string

	// Node is what the finding is about; it is dropped when the run is over.
	Node *manifest.Node
	// keep and terms are set where a finding is about another document than the pass.
	keep  *document
	terms *Terms
	// own is set where the rule chose the severity itself.
	own bool
	// order is where a finding without a span stands among others of its object.
	order int
}

// Suggest adds the one of names that the value of f.Node is a slip of, to the
// message and as a fix, and reports whether there is one.
func (f *Finding) Suggest(names []string) bool {
	name, ok := near.Name(f.Node.Text(), names)
	if ok {
		f.Message += fmt.Sprintf("; did you mean %q?", name)
		f.Fix = &Fix{Message: "write " + name, Edits: []Edit{{Node: f.Node, Value: name}}}
	}
	return ok
}

// Object names the Kubernetes object that a finding is about.
type Object struct{ Kind, Namespace, Name string }

// Related is a second place that explains a finding.
type Related struct {
	Path    string
	Span    source.Span
	Message string
}

// At is the place of n with a message.
func At(n *manifest.Node, format string, args ...any) Related {
	return Related{Path: n.Path(), Span: n.Token(), Message: fmt.Sprintf(format, args...)}
}

// A Fix is one way to mend a finding.
type Fix struct {
	// Message is a verb phrase: "rename to build".
	Message string
	// Safe is set when a machine may apply the fix unasked: the workflow means
	// the same, or what its author evidently meant.
	Safe  bool
	Edits []Edit
}

// An Edit is one change of the tree. With Key, the field of that name is set in
// the map Node; without Key and with Value, the scalar Node is replaced; with
// neither, Node is removed from its parent.
type Edit struct {
	Node  *manifest.Node
	Key   string
	Value any // string, bool, int, or map[string]any and []any of them
}
