package graph

import (
	"strings"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// A world knows the templates of all documents.
type world struct {
	libraries map[libraryKey][]*workflow.Workflow
}

type libraryKey struct{ kind, name string }

func (w *world) add(f *workflow.Workflow) {
	if f.IsLibrary() && f.Trigger == nil {
		k := libraryKey{f.Kind, f.Name.Text()}
		w.libraries[k] = append(w.libraries[k], f)
	}
}

// library returns what a reference from a workflow means, or nil when it is not
// given. As everywhere, one who names no namespace may be in any.
func (w *world) library(from *workflow.Workflow, ref *workflow.Ref) *workflow.Workflow {
	kind := workflow.KindWorkflowTemplate
	if ref.Cluster {
		kind = workflow.KindClusterWorkflowTemplate
	}
	ns := from.Namespace.Text()
	for _, l := range w.libraries[libraryKey{kind, ref.Name.Text()}] {
		if have := l.Namespace.Text(); ref.Cluster || ns == "" || have == "" || have == ns {
			return l
		}
	}
	return nil
}

// A callee is what a call leads to.
type callee struct {
	template *workflow.Template // nil unless it is given
	label    string
	target   Target
}

// callee finds what is called by name, reference or inline.
func (w *world) callee(from *workflow.Workflow, name *manifest.Node, ref *workflow.Ref, inline *workflow.Template) callee {
	switch {
	case inline != nil:
		return callee{inline, "inline", Local}
	case ref != nil:
		return w.referred(from, ref, ref.Template.Text(), ref.Name.Text()+"/"+ref.Template.Text())
	case name.Text() == "":
		return callee{nil, "nothing", Missing}
	}
	if t := from.Template(name.Text()); t != nil {
		return callee{t, name.Text(), Local}
	}
	if from.Ref != nil {
		return w.referred(from, from.Ref, name.Text(), name.Text())
	}
	return unknown(name.Text(), Missing)
}

func (w *world) referred(from *workflow.Workflow, ref *workflow.Ref, template, label string) callee {
	lib := w.library(from, ref)
	if lib == nil {
		return callee{nil, label, External}
	}
	if t := lib.Template(template); t != nil {
		return callee{t, label, Local}
	}
	return unknown(label, Missing)
}

// start is what a workflow runs that is but a reference to another.
func (w *world) start(from *workflow.Workflow) callee {
	name := from.Ref.Name.Text()
	lib := w.library(from, from.Ref)
	if lib == nil {
		return callee{nil, name, External}
	}
	if t := lib.Template(lib.Entrypoint.Text()); t != nil {
		return callee{t, name + "/" + t.Name.Text(), Local}
	}
	return callee{nil, name, Missing}
}

// unknown is a template that is not there, unless a tag decides its name.
func unknown(label string, target Target) callee {
	if strings.Contains(label, "{{") {
		target = External
	}
	return callee{nil, label, target}
}

// nests reports whether a template has nodes of its own.
func nests(t *workflow.Template) bool {
	return t != nil && (t.Type == workflow.TypeDAG || t.Type == workflow.TypeSteps)
}
