// Package pod knows what a template's pod is made of once templateDefaults and
// podSpecPatch have had their say.
//
// A field may be written in several places, its layers; the strongest one that
// is set wins, as Argo merges them: podSpecPatch of the template, podSpecPatch
// of the workflow, the template, templateDefaults.
package pod

import (
	"iter"
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// A Pod is the pod that a template runs.
type Pod struct {
	Template *workflow.Template
	// Open is set when a patch cannot be read before its tags are filled in, so
	// that it may set anything.
	Open    bool
	patches [2]patch
}

// A patch is a podSpecPatch with the tree of its text.
type patch struct{ field, root *manifest.Node }

// Of returns the pod of a template.
func Of(t *workflow.Template) Pod {
	p := Pod{Template: t}
	field := t.Node.Get("podSpecPatch")
	if !field.Set() {
		field = p.defaults().Get("podSpecPatch")
	}
	for i, n := range [...]*manifest.Node{field, t.Workflow.Spec.Get("podSpecPatch")} {
		if n.Text() == "" {
			continue
		}
		root, ok := read(n.Value)
		p.patches[i] = patch{field: n, root: root}
		p.Open = p.Open || !ok
	}
	return p
}

// read parses the text of a patch. It is not read when it is no object, or when
// a tag stands outside of a string and so may bring any number of fields.
func read(text string) (*manifest.Node, bool) {
	documents := manifest.Parse(source.NewFile("podSpecPatch", []byte(text)))
	if len(documents) == 0 || documents[0].Root == nil || documents[0].Root.Kind != manifest.Map {
		return nil, false
	}
	root := documents[0].Root
	return root, tags(root) == strings.Count(text, "{{")
}

// tags counts the tags in the strings of a tree.
func tags(n *manifest.Node) int {
	sum := 0
	if n.Kind == manifest.String {
		sum = strings.Count(n.Value, "{{")
	}
	for _, c := range n.Children {
		sum += tags(c)
	}
	return sum
}

// defaults is the node of templateDefaults.
func (p *Pod) defaults() *manifest.Node {
	if d := p.Template.Workflow.Defaults; d != nil && d != p.Template {
		return d.Node
	}
	return nil
}

// At returns a field of the pod's spec, like hostNetwork: from a patch, the
// template, templateDefaults or the workflow's spec.
func (p *Pod) At(keys ...string) *manifest.Node {
	return first(keys, p.patches[0].root, p.patches[1].root, p.Template.Node, p.defaults(), p.Template.Workflow.Spec)
}

// Security returns a field of the pod's securityContext. That of a template
// takes the place of the workflow's as a whole.
func (p *Pod) Security(key string) *manifest.Node {
	const field = "securityContext"
	if n := first([]string{field, key}, p.patches[0].root, p.patches[1].root); n != nil {
		return n
	}
	if own, defaults := p.Template.Node.Get(field), p.defaults().Get(field); own.Set() || defaults.Set() {
		return first([]string{key}, own, defaults)
	}
	return set(p.Template.Workflow.Spec.At(field, key))
}

// Place returns where to report n, which may stand in the text of a patch: a
// node of the manifest, and the span of n in its text.
func (p *Pod) Place(n *manifest.Node) (*manifest.Node, source.Span) {
	for _, patch := range p.patches {
		if patch.root != nil && n.Under(patch.root) {
			return patch.field, patch.field.Range(n.Start, n.End)
		}
	}
	return n, n.Token()
}

// Patched reports whether n stands in the text of a patch.
func (p *Pod) Patched(n *manifest.Node) bool {
	place, _ := p.Place(n)
	return place != n
}

// A Container is a container of a pod with what the layers say of it.
type Container struct {
	*workflow.Container
	layers [4]*manifest.Node // strongest first
}

// Containers iterates over the containers of the pod.
func (p *Pod) Containers() iter.Seq[Container] {
	return func(yield func(Container) bool) {
		for _, c := range p.Template.Containers {
			e := Container{Container: c, layers: [4]*manifest.Node{2: c.Node}}
			e.layers[0], e.layers[1] = p.patches[0].container(c), p.patches[1].container(c)
			if t := p.Template.Type; c.Role == workflow.Main && t != workflow.TypeContainerSet {
				e.layers[3] = p.defaults().Get(t.String())
			}
			if !yield(e) {
				return
			}
		}
	}
}

// container returns what the patch says of c.
func (p patch) container(c *workflow.Container) *manifest.Node {
	list, name := "containers", c.Name.Text()
	switch {
	case c.Role == workflow.Init:
		list = "initContainers"
	case c.Role == workflow.Main && c.Template.Type != workflow.TypeContainerSet:
		name = "main"
	}
	for _, n := range p.root.Get(list).Items() {
		if n.Get("name").Text() == name {
			return n
		}
	}
	return nil
}

// At returns a field of the container, or nil when no layer sets it.
func (c *Container) At(keys ...string) *manifest.Node { return first(keys, c.layers[:]...) }

// Title names the container in messages.
func (c *Container) Title() string {
	t := c.Template
	switch name := c.Name.Text(); {
	case c.Role == workflow.Init:
		return `init container "` + name + `" of ` + t.Title()
	case c.Role == workflow.Sidecar:
		return `sidecar "` + name + `" of ` + t.Title()
	case t.Type == workflow.TypeContainerSet:
		return `container "` + name + `" of ` + t.Title()
	case t.Type == workflow.TypeScript:
		return "the script of " + t.Title()
	}
	return "the container of " + t.Title()
}

// Anchor is the node to point at when the container as a whole is meant: its
// name, or the key container or script of its template.
func (c *Container) Anchor() *manifest.Node {
	if c.Name.Set() && (c.Role != workflow.Main || c.Template.Type == workflow.TypeContainerSet) {
		return c.Name
	}
	return c.Node
}

// first returns the value at keys in the first of layers where it is set.
func first(keys []string, layers ...*manifest.Node) *manifest.Node {
	for _, n := range layers {
		if v := n.At(keys...); v.Set() {
			return v
		}
	}
	return nil
}

func set(n *manifest.Node) *manifest.Node {
	if n.Set() {
		return n
	}
	return nil
}

// Images iterates over the images that a workflow names, those of
// templateDefaults included.
func Images(w *workflow.Workflow) iter.Seq[*manifest.Node] {
	return func(yield func(*manifest.Node) bool) {
		for _, t := range w.All {
			for _, c := range t.Containers {
				if c.Image != nil && !yield(c.Image) {
					return
				}
			}
		}
		if w.Defaults == nil {
			return
		}
		for _, key := range [...]string{"container", "script"} {
			if n := w.Defaults.Node.At(key, "image"); n.Set() && !yield(n) {
				return
			}
		}
		for _, c := range w.Defaults.Containers {
			if c.Image != nil && c.Role != workflow.Main && !yield(c.Image) {
				return
			}
		}
	}
}

// Fields returns the fields of a map of the container as the layers together
// make it, each from the strongest layer that has it.
func (c *Container) Fields(keys ...string) []*manifest.Node {
	var all []*manifest.Node
	for _, layer := range c.layers {
		for _, f := range layer.At(keys...).Fields() {
			if f.Set() && !slices.ContainsFunc(all, func(o *manifest.Node) bool { return o.Key.Value == f.Key.Value }) {
				all = append(all, f)
			}
		}
	}
	return all
}

// PatchedVolumes iterates over the volumes that patches add to the pod.
func (p *Pod) PatchedVolumes() iter.Seq[*manifest.Node] {
	return func(yield func(*manifest.Node) bool) {
		for _, patch := range p.patches {
			for _, v := range patch.root.Get("volumes").Items() {
				if !yield(v) {
					return
				}
			}
		}
	}
}

// Layers returns what says something of the container, the strongest first.
func (c *Container) Layers() []*manifest.Node {
	var all []*manifest.Node
	for _, n := range c.layers {
		if n.Set() {
			all = append(all, n)
		}
	}
	return all
}
