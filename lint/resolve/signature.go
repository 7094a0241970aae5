// Package resolve knows what exists beside the workflow at hand: templates of
// other objects, Secrets, ConfigMaps.
//
// What it keeps of a workflow is what a caller can rely on, its signature, so
// that memory grows with the number of templates and not with their text.
package resolve

import (
	"slices"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/workflow"
)

// A Library is what is kept of a workflow that others may refer to.
type Library struct {
	Kind, Namespace, Name string
	Entrypoint, OnExit    string
	// Parameters and Artifacts are those of spec.arguments.
	Parameters []Parameter
	Artifacts  []Artifact
	// Labels and Annotations are the keys that workflowMetadata brings.
	Labels, Annotations []string
	Templates           []*Template
	byName              map[string]*Template // of many templates
	// Limited is set when something holds back runs that pile up.
	Limited bool
	// Spec is the spec without templates and arguments, and without positions.
	Spec *manifest.Node
}

// Template returns the template of that name, or nil.
func (l *Library) Template(name string) *Template {
	if l == nil {
		return nil
	}
	if l.byName != nil {
		return l.byName[name]
	}
	for _, t := range l.Templates {
		if t.Name == name {
			return t
		}
	}
	return nil
}

// A Template is what a caller can rely on: what it takes and what it gives.
type Template struct {
	Name     string
	Type     workflow.Type
	Types    int
	Inputs   []Parameter
	InFiles  []Artifact
	Outputs  []string
	OutFiles []string
	// Result is set when the template has outputs.result and exitCode.
	Result bool
	Daemon bool
	// Borrows is set when the image is that of the object's templateDefaults.
	Borrows bool
	// Globals are the names under workflow. that the template itself uses and
	// that not every workflow has, like parameters.region; those of templates it
	// calls are found through Calls. They are kept of libraries only.
	Globals []string
	Calls   []Call
	// Obscure is set when not all that the template calls is in Calls.
	Obscure bool
	// GlobalOutputs and GlobalFiles are the globalNames of its outputs.
	GlobalOutputs, GlobalFiles []string

	takes, takesFiles map[string]bool // names of Inputs and InFiles, where they are many
}

// A Parameter is a parameter of inputs or arguments.
type Parameter struct {
	Name string
	// Filled is set when the parameter needs nobody to give a value: it has a
	// value, a default, or a ConfigMap to take it from.
	Filled bool
	// Valued is set when it has a value or any valueFrom: the default of an
	// input does not count.
	Valued bool
	Enum   []string
}

// An Artifact is an artifact of inputs or arguments.
type Artifact struct {
	Name string
	// Filled is set when the artifact is optional or says itself where it lies.
	Filled bool
}

// mostCalls bounds the different calls that are kept of a template.
const mostCalls = 200

// A Call is what steps or tasks call; several that call the same are one.
type Call struct {
	// Template is the name called; Library is empty for one of the same object.
	Library, Template string
	Cluster           bool
	Conditional       bool // may come to nothing
}

// fewInputs is up to where a set of the inputs is made anew for each call.
const fewInputs = 16

// Of returns the signature of a template. It is nil for nil.
func Of(t *workflow.Template) *Template {
	if t == nil {
		return nil
	}
	s := &Template{
		Name: t.Name.Text(), Type: t.Type, Types: len(t.Types),
		Inputs: parameters(t.Inputs.Parameters), InFiles: artifacts(t.Inputs.Artifacts),
		Result: result(t), Daemon: t.Node.Get("daemon").True(), Borrows: borrows(t),
	}
	for _, p := range t.Outputs.Parameters {
		s.Outputs = append(s.Outputs, p.Name.Text())
		if p.GlobalName.Set() {
			s.GlobalOutputs = append(s.GlobalOutputs, p.GlobalName.Text())
		}
	}
	for _, a := range t.Outputs.Artifacts {
		s.OutFiles = append(s.OutFiles, a.Name.Text())
		if a.GlobalName.Set() {
			s.GlobalFiles = append(s.GlobalFiles, a.GlobalName.Text())
		}
	}
	if len(s.Inputs) > fewInputs {
		s.takes = map[string]bool{}
		for _, p := range s.Inputs {
			s.takes[p.Name] = true
		}
	}
	if len(s.InFiles) > fewInputs {
		s.takesFiles = map[string]bool{}
		for _, p := range s.InFiles {
			s.takesFiles[p.Name] = true
		}
	}
	for _, c := range t.Calls {
		s.Obscure = s.Obscure || c.Inline != nil || len(s.Calls) == mostCalls
		if k := callOf(c); !slices.Contains(s.Calls, k) && len(s.Calls) < mostCalls {
			s.Calls = append(s.Calls, k)
		}
	}
	return s
}

func callOf(c *workflow.Call) Call {
	k := Call{Template: c.Template.Text(), Conditional: c.Conditional()}
	if c.Ref != nil {
		k.Library, k.Template, k.Cluster = c.Ref.Name.Text(), c.Ref.Template.Text(), c.Ref.Cluster
	}
	return k
}

// borrows reports whether a template has an image by templateDefaults only.
func borrows(t *workflow.Template) bool {
	return (t.Type == workflow.TypeContainer || t.Type == workflow.TypeScript) && t.Body.Get("image").Text() == "" &&
		t.Workflow.Spec.At("templateDefaults", t.Type.String(), "image").Text() != ""
}

// result reports whether a run of the template has an exit code and a result:
// docs/argo.md.
func result(t *workflow.Template) bool {
	switch t.Type {
	case workflow.TypeContainer, workflow.TypeScript, workflow.TypeData, workflow.TypeHTTP, workflow.TypePlugin:
		return true
	case workflow.TypeContainerSet:
		for _, c := range t.Containers {
			if c.Role == workflow.Main && c.Name.Text() == "main" {
				return true
			}
		}
	}
	return false
}

func parameters(all []*workflow.Parameter) []Parameter {
	var out []Parameter
	for _, p := range all {
		s := Parameter{Name: p.Name.Text(), Valued: p.Value.Set() || p.ValueFrom.Set()}
		s.Filled = p.Value.Set() || p.Default.Set() || p.ValueFrom.Get("configMapKeyRef").Set()
		for _, e := range p.Enum.Items() {
			s.Enum = append(s.Enum, workflow.ValueText(e))
		}
		out = append(out, s)
	}
	return out
}

func artifacts(all []*workflow.Artifact) []Artifact {
	var out []Artifact
	for _, a := range all {
		out = append(out, Artifact{Name: a.Name.Text(), Filled: a.Optional || a.Located()})
	}
	return out
}

// LibraryOf returns the signature of a workflow.
func LibraryOf(w *workflow.Workflow) *Library {
	l := &Library{
		Kind: w.Kind, Namespace: w.Namespace.Text(), Name: w.Name.Text(),
		Entrypoint: w.Entrypoint.Text(), OnExit: w.OnExit.Text(),
		Parameters: parameters(w.Arguments.Parameters), Artifacts: artifacts(w.Arguments.Artifacts),
	}
	m := w.Spec.Get("workflowMetadata")
	l.Labels = append(keys(m.Get("labels")), keys(m.Get("labelsFrom"))...)
	l.Annotations = keys(m.Get("annotations"))
	for _, t := range w.Templates {
		s := Of(t)
		s.Globals = globalsOf(t)
		l.Templates = append(l.Templates, s)
	}
	if len(l.Templates) > fewInputs {
		l.byName = make(map[string]*Template, len(l.Templates))
		for _, t := range slices.Backward(l.Templates) {
			l.byName[t.Name] = t
		}
	}
	own{}.library(l)
	l.Limited = Limited(w)
	l.Spec = w.Spec.Detach(func(key string) bool { return key != "templates" && key != "arguments" })
	return l
}

func keys(n *manifest.Node) []string {
	var out []string
	for _, f := range n.Fields() {
		out = append(out, f.Key.Value)
	}
	return out
}

// Labelled is the node of the labels that the library gives to its runs.
func (l *Library) Labelled() *manifest.Node {
	if l == nil {
		return nil
	}
	return l.Spec.At("workflowMetadata", "labels")
}
