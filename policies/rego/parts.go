package rego

import (
	"cmp"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/pod"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

func (in *Input) workflows(templates bool) *ast.Term {
	terms := make([]*ast.Term, len(in.Workflows))
	for i, w := range in.Workflows {
		terms[i] = object(
			pair("kind", text(w.Kind)),
			pair("name", text(cmp.Or(w.Name.Text(), w.GenerateName.Text()))),
			pair("namespace", text(w.Namespace.Text())),
			pair("entrypoint", text(w.Entrypoint.Text())),
			pair("library", ast.InternedTerm(w.IsLibrary())),
			pair("path", text(w.Spec.Path())),
			pair("spec", in.specOf(w, templates)),
		)
	}
	return ast.ArrayTerm(terms...)
}

// specOf is the spec of a workflow; without templates, it is little.
func (in *Input) specOf(w *workflow.Workflow, templates bool) *ast.Term {
	if templates {
		return in.node(w.Spec)
	}
	var items [][2]*ast.Term
	for _, f := range w.Spec.Fields() {
		if f.Key.Value != "templates" {
			items = append(items, [2]*ast.Term{name(f.Key.Value), term(f)})
		}
	}
	return object(items...)
}

// podFields are the fields that a template, templateDefaults and the spec may
// give the pod of a template.
var podFields = []string{
	"affinity", "automountServiceAccountToken", "executor", "hostAliases", "hostNetwork", "nodeSelector", "podMetadata",
	"priorityClassName", "schedulerName", "securityContext", "serviceAccountName", "tolerations",
}

func (in *Input) templates() *ast.Term {
	var terms []*ast.Term
	for i, w := range in.Workflows {
		for _, t := range w.All {
			terms = append(terms, in.templateTerm(i, t))
		}
	}
	return ast.ArrayTerm(terms...)
}

func (in *Input) templateTerm(i int, t *workflow.Template) *ast.Term {
	layers := []*manifest.Node{t.Node}
	if d := t.Workflow.Defaults; d != nil && d.Node.Set() {
		layers = append(layers, d.Node)
	}
	p := pod.Of(t)
	items := [][2]*ast.Term{
		pair("workflow", ast.InternedTerm(i)),
		pair("name", text(t.Name.Text())),
		pair("title", text(t.Title())),
		pair("type", text(typeOf(t))),
		pair("inline", ast.InternedTerm(t.Caller != nil)),
		pair("path", text(t.Node.Path())),
		pair("spec", in.ownOf(t, layers)),
		pair("patched", ast.InternedTerm(p.Open)),
	}
	if n := t.Retry(); n.Set() {
		items = append(items, pair("retryStrategy", term(n)))
	}
	if t.Type.Pod() {
		var fields [][2]*ast.Term
		for _, k := range podFields {
			if n := p.At(k); n.Set() {
				fields = append(fields, pair(k, in.node(n)))
			}
		}
		items = append(items, pair("pod", object(fields...)))
	}
	return object(items...)
}

// ownOf is the template with templateDefaults, but for the types that it has
// not: a default container makes no container of a DAG.
func (in *Input) ownOf(t *workflow.Template, layers []*manifest.Node) *ast.Term {
	if len(layers) == 1 {
		return in.node(t.Node)
	}
	merged := mergeMaps(layers).Value.(ast.Object)
	var drop []*ast.Term
	for _, f := range layers[1].Fields() {
		if isType(f.Key.Value) && !t.Node.Get(f.Key.Value).Set() {
			drop = append(drop, text(f.Key.Value))
		}
	}
	if drop == nil {
		return ast.NewTerm(merged)
	}
	kept := make([][2]*ast.Term, 0, merged.Len())
	merged.Foreach(func(k, v *ast.Term) {
		for _, d := range drop {
			if d.Equal(k) {
				return
			}
		}
		kept = append(kept, [2]*ast.Term{k, v})
	})
	return object(kept...)
}

func isType(field string) bool {
	for t := workflow.TypeContainer; t <= workflow.TypeDAG; t++ {
		if t.String() == field {
			return true
		}
	}
	return false
}

func typeOf(t *workflow.Template) string {
	if t.Type == workflow.NoType {
		return ""
	}
	return t.Type.String()
}

var roles = [...]string{workflow.Main: "main", workflow.Init: "init", workflow.Sidecar: "sidecar"}

func (in *Input) containers() *ast.Term {
	var terms []*ast.Term
	for i, w := range in.Workflows {
		for _, t := range w.All {
			p := pod.Of(t)
			for c := range p.Containers() {
				terms = append(terms, in.containerTerm(i, t, &p, &c))
			}
		}
	}
	return ast.ArrayTerm(terms...)
}

// containerTerm has no more than eight fields: OPA makes larger objects at twice
// the cost, and there are many containers.
func (in *Input) containerTerm(i int, t *workflow.Template, p *pod.Pod, c *pod.Container) *ast.Term {
	name := c.Name.Text()
	if name == "" || c.Role == workflow.Main && t.Type != workflow.TypeContainerSet {
		name = "main"
	}
	// Where the image is written; a place in the text of a patch is its field.
	image, _ := p.Place(c.At("image"))
	path := c.Node.Path()
	return object(
		pair("workflow", ast.InternedTerm(i)),
		pair("template", text(t.Name.Text())),
		pair("name", text(name)),
		pair("title", text(c.Title())),
		pair("role", text(roles[c.Role])),
		pair("path", text(path)),
		pair("image", imageTerm(c.At("image").Text(), cmp.Or(image.Path(), path))),
		pair("spec", in.merged(c.Layers())),
	)
}

// merged is what layers make together; where there is one, and the object has
// been built around it, that is taken.
func (in *Input) merged(layers []*manifest.Node) *ast.Term {
	if len(layers) == 1 {
		if t := in.built(layers[0]); t != nil {
			return t
		}
	}
	return merge("", layers)
}

// node returns the term of a node of the object, as a part of the field that it
// stands in: so that one object is built once, whoever asks for which part.
func (in *Input) node(n *manifest.Node) *ast.Term {
	top := n
	for top != nil && top.Parent != nil && top.Parent != in.Object {
		top = top.Parent
	}
	if top == nil || top.Parent == nil {
		return term(n) // of the text of a patch
	}
	in.field(top)
	if t := in.built(n); t != nil {
		return t
	}
	return term(n)
}

// built returns the term of a node that stands in a field that has been built.
func (in *Input) built(n *manifest.Node) *ast.Term {
	switch {
	case n.Parent == nil:
		return nil
	case n.Parent == in.Object:
		return in.fields[n.Key.Value]
	}
	t := in.built(n.Parent)
	if t == nil {
		return nil
	}
	switch v := t.Value.(type) {
	case ast.Object:
		return v.Get(name(n.Key.Value))
	case *ast.Array:
		if i := n.Index(); i < v.Len() {
			return v.Elem(i)
		}
	}
	return nil
}

// stateNames are the states as modules see them.
var stateNames = [...]string{resolve.Unknown: "Unknown", resolve.Absent: "Absent", resolve.Known: "Known"}

func (in *Input) references() *ast.Term {
	var terms []*ast.Term
	index := in.Index
	if index == nil {
		index = &resolve.Index{}
	}
	for i, w := range in.Workflows {
		namespace := cmp.Or(w.Namespace.Text(), in.Namespace)
		for _, r := range resolve.References(w.Spec) {
			if r.Name.Text() == "" {
				continue
			}
			_, whole, field := index.Key(r.Kind, namespace, r.Name.Text(), r.Key.Text())
			if whole != resolve.Known {
				field = whole
			}
			if field == resolve.Absent && resolve.Creates(w, r.Kind) {
				field = resolve.Unknown // the run may make it
			}
			terms = append(terms, object(
				pair("workflow", ast.InternedTerm(i)),
				pair("kind", text(r.Kind)),
				pair("namespace", text(namespace)),
				pair("name", text(r.Name.Text())),
				pair("key", text(r.Key.Text())),
				pair("optional", ast.InternedTerm(r.Optional)),
				pair("state", text(stateNames[field])),
				pair("path", text(r.Name.Path())),
			))
		}
	}
	return ast.ArrayTerm(terms...)
}
