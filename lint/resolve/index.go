package resolve

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// State is what is known of a reference's target. Only Absent is a mistake:
// Unknown means that nobody told.
type State uint8

// The states of a reference.
const (
	Unknown State = iota
	Absent
	Known
)

// A Builder collects what exists. It may be used from several goroutines.
type Builder struct {
	// Specs keeps the spec of libraries, which only policies that write into
	// workflows ask for.
	Specs bool

	mu      sync.Mutex
	entries []Entry
}

// An Entry is one object that was given.
type Entry struct {
	Kind, Namespace, Name string
	// Span is where the name of the object stands.
	Span source.Span
	// Library is set for the workflow kinds, Keys for Secret and ConfigMap.
	Library *Library
	Keys    []string
	// Open is set when a Secret or ConfigMap may have keys that are not seen.
	Open bool

	hasKey map[string]bool // of Keys, where they are many
}

// has reports whether the object has a key.
func (e *Entry) has(key string) bool {
	if e.hasKey != nil {
		return e.hasKey[key]
	}
	return slices.Contains(e.Keys, key)
}

// Add notes an object, with the workflows that were read from it.
func (b *Builder) Add(o *manifest.Node, flows []*workflow.Workflow) {
	m := o.Get("metadata")
	e := Entry{Kind: o.Get("kind").Text(), Namespace: m.Get("namespace").Text(), Name: m.Get("name").Text(), Span: m.Get("name").Token().Clip()}
	switch e.Kind {
	case workflow.KindWorkflowTemplate, workflow.KindClusterWorkflowTemplate:
		if len(flows) != 1 {
			return
		}
		e.Library = LibraryOf(flows[0])
		if !b.Specs {
			e.Library.Spec = nil
		}
	case "Secret":
		e.Keys = append(keys(o.Get("data")), keys(o.Get("stringData"))...)
		e.Open = o.Get("sops").Set()
	case "ConfigMap":
		e.Keys = append(keys(o.Get("data")), keys(o.Get("binaryData"))...)
	case "SealedSecret":
		e.Kind, e.Keys = "Secret", keys(o.At("spec", "encryptedData"))
	case "ExternalSecret":
		e.Kind, e.Open = "Secret", true
		if t := o.At("spec", "target", "name"); t.Set() {
			e.Name = t.Text()
		}
	case "ServiceAccount", "PersistentVolumeClaim":
	default:
		return
	}
	mine := own{}
	mine.one(&e.Kind)
	mine.one(&e.Namespace)
	mine.one(&e.Name)
	mine.all(e.Keys)
	if len(e.Keys) > fewInputs {
		e.hasKey = make(map[string]bool, len(e.Keys))
		for _, k := range e.Keys {
			e.hasKey[k] = true
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.entries = append(b.entries, e)
}

// Know notes what another index holds.
func (b *Builder) Know(entries ...*Entry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range entries {
		b.entries = append(b.entries, *e)
	}
}

// Index returns what was collected, in the order of file and text. With
// complete set there is nothing else in the world: what is not in the index is
// Absent.
func (b *Builder) Index(complete bool) *Index {
	b.mu.Lock()
	defer b.mu.Unlock()
	slices.SortFunc(b.entries, func(x, y Entry) int {
		return cmp.Or(cmp.Compare(fileName(x.Span), fileName(y.Span)), cmp.Compare(x.Span.Offset(), y.Span.Offset()))
	})
	x := &Index{complete: complete, byName: make(map[key][]*Entry, len(b.entries))}
	for i := range b.entries {
		e := &b.entries[i]
		k := key{e.Kind, e.Name}
		x.byName[k] = append(x.byName[k], e)
		x.entries = append(x.entries, e)
	}
	return x
}

func fileName(s source.Span) string {
	if s.File == nil {
		return ""
	}
	return s.File.Name
}

type key struct{ kind, name string }

// An Index answers what exists. The zero Index knows nothing: every answer is
// Unknown.
type Index struct {
	complete bool
	world    World
	byName   map[key][]*Entry
	entries  []*Entry
}

// Ask lets w answer for what was not given.
func (x *Index) Ask(w World) { x.world = w }

// Entries returns all that was given, in the order of file and text.
func (x *Index) Entries() []*Entry { return x.entries }

// find returns the object of that kind and name that is seen from namespace.
// An object or a caller that names no namespace may be in any.
func (x *Index) find(kind, namespace, name string) (*Entry, State) {
	if !askable(name) {
		return nil, Unknown
	}
	for _, e := range x.byName[key{kind, name}] {
		if kind == workflow.KindClusterWorkflowTemplate || namespace == "" || e.Namespace == "" || e.Namespace == namespace {
			return e, Known
		}
	}
	if x.complete {
		return nil, Absent
	}
	return nil, Unknown
}

// askable reports whether a name is one yet: it is there, and no tag.
func askable(name string) bool { return name != "" && !strings.Contains(name, "{{") }

// Library returns the WorkflowTemplate, or with cluster the
// ClusterWorkflowTemplate, that a workflow in namespace means by name.
func (x *Index) Library(namespace, name string, cluster bool) (*Library, State) {
	kind := workflow.KindWorkflowTemplate
	if cluster {
		kind = workflow.KindClusterWorkflowTemplate
	}
	e, s := x.find(kind, namespace, name)
	switch {
	case s == Known:
		return e.Library, Known
	case x.world != nil && askable(name):
		return x.world.Library(namespace, name, cluster)
	}
	return nil, s
}

// Names returns the names of all objects of a kind that are given, and of those
// that the world tells of a namespace, for suggestions.
func (x *Index) Names(kind, namespace string) []string {
	var out []string
	for _, e := range x.entries {
		if e.Kind == kind {
			out = append(out, e.Name)
		}
	}
	if x.world != nil {
		out = append(out, x.world.Names(kind, namespace)...)
	}
	return out
}

// Key returns what is known of a key of an object of Kinds, and the keys
// that the object has. With key "" it is the object that is asked for.
func (x *Index) Key(kind, namespace, name, key string) (have []string, object, field State) {
	e, s := x.find(kind, namespace, name)
	switch {
	case s == Known:
	case x.world != nil && askable(name):
		if s = x.world.Object(kind, namespace, name); s == Known && key != "" {
			return nil, Known, Unknown // its keys are not told
		}
		return nil, s, s
	default:
		return nil, s, s
	}
	switch {
	case key == "" || e.has(key):
		return e.Keys, Known, Known
	case e.Open || strings.Contains(key, "{{"):
		return e.Keys, Known, Unknown
	}
	return e.Keys, Known, Absent
}
