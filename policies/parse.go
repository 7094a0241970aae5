package policies

import (
	"strings"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/names"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// Parse reads every WorkflowPolicy of a file; what else is in it is passed
// over. A policy with a mistake is not returned: each of its mistakes is a
// finding. One broken policy, or document, does not hide the next.
func Parse(f *source.File) ([]*Policy, []lint.Finding) {
	var all []*Policy
	var findings []lint.Finding
	byName := map[string]*Policy{}
	for _, d := range manifest.Parse(f) {
		broken := syntax(d)
		findings = append(findings, broken...)
		for _, o := range d.Objects() {
			if !meant(o) {
				continue
			}
			p, found := FromObject(o)
			findings = append(findings, found...)
			if p == nil || len(broken) > 0 {
				continue
			}
			if first := byName[p.Name]; first != nil {
				findings = append(findings, Twice(first, p))
				continue
			}
			byName[p.Name] = p
			all = append(all, p)
		}
	}
	lint.Sort(findings)
	return all, findings
}

// syntax reports what is wrong with the text of a document.
func syntax(d *manifest.Document) []lint.Finding {
	var all []lint.Finding
	for _, p := range d.Problems {
		all = append(all, lint.Finding{Rule: ruleInvalid, Severity: lint.Error, Span: p.Span, Path: p.Node.Path(), Message: p.Message})
	}
	return all
}

// meant reports whether an object is a policy, or was meant to be one.
func meant(o *manifest.Node) bool {
	group, _, _ := strings.Cut(o.Get("apiVersion").Text(), "/")
	return o.Get("kind").Text() == Kind || group == Group && !others[o.Get("kind").Text()]
}

// others are the other kinds of our group.
var others = map[string]bool{"Promotion": true, "Candidate": true, "Approval": true}

// Twice is the finding that two policies have the same name.
func Twice(first, second *Policy) lint.Finding {
	n := second.Node.At("metadata", "name")
	f := lint.Finding{
		Rule: ruleInvalid, Severity: lint.Error, Object: second.object(), Path: n.Path(), Span: n.Token(),
		Message: "policy " + quote(second.Name) + " stands here twice: give each a name of its own",
	}
	if at := lint.At(first.Node.At("metadata", "name"), "the first one"); at.Span.Known() {
		f.Related = []lint.Related{at}
	}
	return f
}

func (p *Policy) object() lint.Object { return lint.Object{Kind: Kind, Name: p.Name} }

// FromObject reads one policy; it is nil if there are findings. What it keeps
// of the object must not be changed afterwards.
func FromObject(o *manifest.Node) (*Policy, []lint.Finding) {
	p := &Policy{Node: o, Name: o.At("metadata", "name").Text()}
	p.Generation, _ = o.At("metadata", "generation").Int()
	r := &reader{policy: p}
	r.root(o)
	r.modulesOf()
	if len(r.findings) > 0 {
		lint.Sort(r.findings)
		return nil, r.findings
	}
	return p, nil
}

// root reads the object around spec.
func (r *reader) root(o *manifest.Node) {
	if o.Kind != manifest.Map {
		r.report(o, "a policy must be an object, not %s", aKind(o))
		return
	}
	r.fields(o, "a WorkflowPolicy", []field{
		{name: "apiVersion", required: true, read: func(n *manifest.Node) { r.oneOf(n, "apiVersion", Version) }},
		{name: "kind", required: true, read: func(n *manifest.Node) { r.oneOf(n, "kind", Kind) }},
		{name: "metadata", required: true, read: r.metadata},
		{name: "spec", required: true, read: r.spec},
		{name: "status", read: func(*manifest.Node) {}}, // what the cluster says of it
	})
}

func (r *reader) metadata(n *manifest.Node) {
	if n.Kind != manifest.Map {
		r.report(n, "metadata must be an object, not %s", aKind(n))
		return
	}
	name := n.Get("name")
	switch {
	case !name.Set():
		r.report(n, "a policy needs a name: write metadata.name")
	case name.Kind != manifest.String:
		r.wrongType(name, "name", "a string")
	default:
		if reason, at, ok := names.Subdomain(name.Value); !ok {
			r.reportRange(name, at, at+1, "%q cannot be the name of a policy: it %s", name.Value, reason)
		}
	}
}
