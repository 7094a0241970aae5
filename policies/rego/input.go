package rego

import (
	"cmp"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// A Request is what is known of the request that brought an object; the zero
// Request is that of a file.
type Request struct {
	// Operation is CREATE, UPDATE, ... and CREATE where none is known.
	Operation string
	// Namespace is that of the request; "" takes that of the object.
	Namespace string
	User      User
	// NamespaceLabels are the labels of the namespace; without NamespaceKnown
	// there is no input.review.namespaceObject.
	NamespaceLabels map[string]string
	NamespaceKnown  bool
	DryRun          bool
}

// A User is who makes a request.
type User struct {
	Name, UID string
	Groups    []string
}

// An Input is what modules see of one object. It is built as modules ask for
// its parts, and shared by all modules, also by several at once. It must not be
// copied, and its fields not changed once it is in use.
type Input struct {
	Request
	Object *manifest.Node
	// Workflows are those of the object; nil reads them from the object.
	Workflows []*workflow.Workflow
	// Index says what else exists; nil knows nothing.
	Index *resolve.Index

	mu      sync.Mutex
	fields  map[string]*ast.Term
	reviews map[string]*ast.Term // by what is needed of the object
	parts   [parts]*ast.Term
	whole   *ast.Term // partWorkflows with the templates
	flows   bool
}

// term returns the input of a module: what it needs of the object at its top
// level, with review, parameters and tiphys beside it.
func (in *Input) term(n *needs, parameters ast.Value) (*ast.Term, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	items := make([][2]*ast.Term, 0, len(n.bare.names)+3)
	for _, f := range in.Object.Fields() {
		switch f.Key.Value {
		case "review", "parameters", "tiphys":
			continue // ours
		}
		if n.bare.has(f.Key.Value) {
			items = append(items, [2]*ast.Term{name(f.Key.Value), in.field(f)})
		}
	}
	if n.review {
		items = append(items, pair("review", in.review(&n.object)))
	}
	if parameters == nil {
		parameters = noParameters
	}
	items = append(items, pair("parameters", ast.NewTerm(parameters)))
	var own [][2]*ast.Term
	for p, wanted := range n.parts {
		if !wanted {
			continue
		}
		t, err := in.part(part(p), n.templates)
		if err != nil {
			return nil, err
		}
		own = append(own, pair(partNames[p], t))
	}
	if own != nil {
		items = append(items, pair("tiphys", object(own...)))
	}
	return object(items...), nil
}

var noParameters = ast.NewObject()

// has reports whether a field is needed.
func (f *fields) has(name string) bool {
	if f.all {
		return true
	}
	for _, n := range f.names {
		if n == name {
			return true
		}
	}
	return false
}

// field returns the term of a field of the object.
func (in *Input) field(f *manifest.Node) *ast.Term {
	t, ok := in.fields[f.Key.Value]
	if !ok {
		t = term(f)
		if in.fields == nil {
			in.fields = map[string]*ast.Term{}
		}
		in.fields[f.Key.Value] = t
	}
	return t
}

// review returns input.review, in the form of an AdmissionRequest.
func (in *Input) review(object *fields) *ast.Term {
	k := object.key()
	t, ok := in.reviews[k]
	if !ok {
		t = in.makeReview(object)
		if in.reviews == nil {
			in.reviews = map[string]*ast.Term{}
		}
		in.reviews[k] = t
	}
	return t
}

func (in *Input) makeReview(wanted *fields) *ast.Term {
	var of [][2]*ast.Term
	for _, f := range in.Object.Fields() {
		if wanted.has(f.Key.Value) {
			of = append(of, [2]*ast.Term{name(f.Key.Value), in.field(f)})
		}
	}
	group, version, found := strings.Cut(in.Object.Get("apiVersion").Text(), "/")
	if !found {
		group, version = "", group
	}
	meta := in.Object.Get("metadata")
	namespace := cmp.Or(in.Namespace, meta.Get("namespace").Text())
	groups := make([]*ast.Term, len(in.User.Groups))
	for i, g := range in.User.Groups {
		groups[i] = text(g)
	}
	items := [][2]*ast.Term{
		pair("object", object(of...)),
		pair("operation", text(cmp.Or(in.Operation, "CREATE"))),
		pair("name", text(meta.Get("name").Text())),
		pair("namespace", text(namespace)),
		pair("kind", object(pair("group", text(group)), pair("version", text(version)), pair("kind", text(in.Object.Get("kind").Text())))),
		pair("dryRun", ast.InternedTerm(in.DryRun)),
		pair("userInfo", object(pair("username", text(in.User.Name)), pair("uid", text(in.User.UID)), pair("groups", ast.ArrayTerm(groups...)))),
	}
	if in.NamespaceKnown {
		labels := make([][2]*ast.Term, 0, len(in.NamespaceLabels))
		for k, v := range in.NamespaceLabels {
			labels = append(labels, pair(k, text(v)))
		}
		items = append(items, pair("namespaceObject", object(pair("metadata", object(pair("name", text(namespace)), pair("labels", object(labels...)))))))
	}
	return object(items...)
}

// part returns one of the documents in input.tiphys.
func (in *Input) part(p part, templates bool) (*ast.Term, error) {
	at := &in.parts[p]
	if p == partWorkflows && templates {
		at = &in.whole
	}
	if *at != nil {
		return *at, nil
	}
	if in.Workflows == nil && !in.flows {
		in.Workflows, in.flows = workflow.From(in.Object), true
	}
	var t *ast.Term
	var err error
	switch p {
	case partWorkflows:
		t = in.workflows(templates)
	case partTemplates:
		t = in.templates()
	case partContainers:
		t = in.containers()
	case partGraphs:
		t, err = in.graphs()
	case partReferences:
		t = in.references()
	}
	if err != nil {
		return nil, err
	}
	*at = t
	return t, nil
}
