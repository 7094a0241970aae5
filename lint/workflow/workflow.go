// Package workflow is the typed, positioned, total model of Argo workflows.
//
// Every value of the model knows where it was written. The model is total:
// what is absent is a nil node, and nil nodes answer "nothing", so rules need
// no guards. What the model does not name is reached through its nodes.
package workflow

import (
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/expr/depends"
	"github.com/tiphys-dev/tiphys/lint/manifest"
)

// The kinds that hold a workflow spec.
const (
	KindWorkflow                = "Workflow"
	KindWorkflowTemplate        = "WorkflowTemplate"
	KindClusterWorkflowTemplate = "ClusterWorkflowTemplate"
	KindCronWorkflow            = "CronWorkflow"
	KindSensor                  = "Sensor"
)

// A Workflow is what Workflow, WorkflowTemplate, ClusterWorkflowTemplate,
// CronWorkflow and a workflow embedded in a Sensor have in common.
type Workflow struct {
	// Object is the object that the manifest holds: Root, or the Sensor.
	Object *manifest.Node
	// Root has the workflow's own kind and metadata.
	Root *manifest.Node
	Kind string
	// Trigger is the trigger of the Sensor that embeds the workflow, or nil.
	Trigger  *manifest.Node
	Metadata *manifest.Node
	// Cron is the spec of a CronWorkflow, nil for the other kinds.
	Cron *manifest.Node
	// Spec is the workflow spec: of a CronWorkflow, its workflowSpec.
	Spec *manifest.Node

	Name         *manifest.Node
	GenerateName *manifest.Node
	Namespace    *manifest.Node
	Entrypoint   *manifest.Node
	OnExit       *manifest.Node
	// Ref is spec.workflowTemplateRef.
	Ref       *Ref
	Arguments Arguments
	Hooks     []*Hook
	// Defaults is spec.templateDefaults, nil if absent.
	Defaults *Template
	// Templates are spec.templates in the order of the text.
	Templates []*Template
	// All are Templates, each followed by the inline templates of its calls.
	All []*Template

	byName map[string]*Template
}

// Template returns the template of that name (the first one), or nil.
func (w *Workflow) Template(name string) *Template { return w.byName[name] }

// IsLibrary reports whether the workflow is a WorkflowTemplate or a
// ClusterWorkflowTemplate: something others call, whose arguments may come later.
func (w *Workflow) IsLibrary() bool {
	return w.Kind == KindWorkflowTemplate || w.Kind == KindClusterWorkflowTemplate
}

// Type is what a template does.
type Type uint8

// The types of templates. NoType is a template that says nothing.
const (
	NoType Type = iota
	TypeContainer
	TypeContainerSet
	TypeScript
	TypeResource
	TypeData
	TypeHTTP
	TypePlugin
	TypeSuspend
	TypeSteps
	TypeDAG
)

// typeFields are the fields that give a template its type, by Type.
var typeFields = [...]string{"", "container", "containerSet", "script", "resource", "data", "http", "plugin", "suspend", "steps", "dag"}

// String returns the field that gives a template this type.
func (t Type) String() string { return typeFields[t] }

// Pod reports whether a template of this type runs a pod of its own.
func (t Type) Pod() bool { return t >= TypeContainer && t <= TypeData }

// Leaf reports whether the template does work itself: not steps, dag, suspend.
func (t Type) Leaf() bool { return t >= TypeContainer && t <= TypePlugin }

// A Template is one template of a workflow, or an inline one of a call.
type Template struct {
	Workflow *Workflow
	Node     *manifest.Node
	Name     *manifest.Node
	// Type is that of the first type field; Types are all of them that are set.
	Type  Type
	Types []*manifest.Node
	// Body is the node of the type field: container, dag, ...
	Body    *manifest.Node
	Inputs  Arguments
	Outputs Arguments
	// Calls are the tasks of a DAG or the steps of all groups, in order.
	Calls []*Call
	// Containers are those that run in the template's pod, in the order
	// containers, init containers, sidecars.
	Containers []*Container
	// Caller is the call that holds this template inline, or nil.
	Caller *Call

	byName map[string]*Call
}

// Call returns the task or step of that name (the first one), or nil.
func (t *Template) Call(name string) *Call { return t.byName[name] }

// Title names the template in messages: template "main", or, for one without a
// name, by its place: inline template of task "a".
func (t *Template) Title() string {
	switch {
	case t.Caller != nil:
		return "inline template of " + t.Caller.Title()
	case t.Name.Text() != "":
		return `template "` + t.Name.Text() + `"`
	}
	return "template " + t.Node.Path()
}

// Anchor is the node to point at when a template as a whole is meant.
func (t *Template) Anchor() *manifest.Node {
	if t.Name.Set() {
		return t.Name
	}
	if t.Caller != nil {
		return t.Caller.Anchor()
	}
	return t.Node
}

// Role tells how a container takes part in its pod.
type Role uint8

// The roles of containers.
const (
	Main    Role = iota // container, script, member of a containerSet
	Init                // initContainers
	Sidecar             // sidecars
)

// A Container is a container of a template's pod.
type Container struct {
	Template *Template
	Node     *manifest.Node
	Role     Role
	Name     *manifest.Node
	Image    *manifest.Node
}

// A Call is a task of a DAG or a step: one template calling another.
type Call struct {
	// Owner is the template that holds the call.
	Owner *Template
	Node  *manifest.Node
	Name  *manifest.Node
	// Group is the index of the step's group, -1 for a task.
	Group int
	// Index is the position in Owner.Calls.
	Index int
	// Template, Ref and Inline say what is called; one of them should be set.
	Template *manifest.Node
	Ref      *Ref
	Inline   *Template

	Arguments Arguments
	When      *manifest.Node
	Depends   *manifest.Node
	// Waits is Depends as it was understood, WaitProblems what was not; nil and
	// none for a step, and without Depends.
	Waits        *depends.Expr
	WaitProblems []depends.Problem
	Dependencies []*manifest.Node
	// Needs are the tasks that dependencies or depends name, in that order.
	Needs        []Need
	WithItems    *manifest.Node
	WithParam    *manifest.Node
	WithSequence *manifest.Node
	OnExit       *manifest.Node
	Hooks        []*Hook
}

// Word is "task" or "step".
func (c *Call) Word() string {
	if c.Group < 0 {
		return "task"
	}
	return "step"
}

// Title names the call in messages: task "a".
func (c *Call) Title() string {
	if c.Name.Text() == "" {
		return c.Word() + " " + c.Node.Path()
	}
	return c.Word() + ` "` + c.Name.Text() + `"`
}

// Anchor is the node to point at when a call as a whole is meant.
func (c *Call) Anchor() *manifest.Node {
	if c.Name.Set() {
		return c.Name
	}
	return c.Node
}

// Loops reports whether the call has withItems (not empty), withParam or withSequence.
func (c *Call) Loops() bool {
	return len(c.WithItems.Items()) > 0 || c.WithParam.Text() != "" || c.WithSequence.Set()
}

// A Need is a task that another task waits for.
type Need struct {
	Task string
	// Status is what depends asks for, "" for a task alone.
	Status string
	// Node is the item of dependencies, or depends; the name stands at the bytes
	// [From, To) of its value.
	Node     *manifest.Node
	From, To int
}

// A Ref is a templateRef or a workflowTemplateRef.
type Ref struct {
	Node *manifest.Node
	// Name is the WorkflowTemplate, Template the template in it (nil in a
	// workflowTemplateRef).
	Name     *manifest.Node
	Template *manifest.Node
	// Cluster is set by clusterScope: true.
	Cluster bool
}

// A Hook is a lifecycle hook of a workflow, task or step.
type Hook struct {
	Node *manifest.Node
	// Key is the name of the hook: exit, running, ...
	Key        *manifest.Node
	Expression *manifest.Node
	Template   *manifest.Node
	Ref        *Ref
	Arguments  Arguments
}

// Arguments are parameters and artifacts: what a call passes, what a template
// takes, what it gives.
type Arguments struct {
	Node       *manifest.Node
	Parameters []*Parameter
	Artifacts  []*Artifact

	indexed indexed
}

// indexed finds the parameters and artifacts of long lists by name.
type indexed struct {
	parameters []*Parameter // those in byName
	artifacts  []*Artifact
	byName     map[string]*Parameter
	fileByName map[string]*Artifact
}

// few is up to where looking at all of a list beats hashing it.
const few = 16

// index makes the lookups of a quick.
func (a *Arguments) index() {
	if len(a.Parameters) > few {
		a.indexed.parameters, a.indexed.byName = a.Parameters, make(map[string]*Parameter, len(a.Parameters))
		for _, p := range slices.Backward(a.Parameters) {
			a.indexed.byName[p.Name.Text()] = p
		}
	}
	if len(a.Artifacts) > few {
		a.indexed.artifacts, a.indexed.fileByName = a.Artifacts, make(map[string]*Artifact, len(a.Artifacts))
		for _, p := range slices.Backward(a.Artifacts) {
			a.indexed.fileByName[p.Name.Text()] = p
		}
	}
}

// same reports whether two slices are one.
func same[T any](a, b []T) bool { return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) }

// Parameter returns the parameter of that name (the first one), or nil.
func (a *Arguments) Parameter(name string) *Parameter {
	if len(a.Parameters) > few && same(a.Parameters, a.indexed.parameters) {
		return a.indexed.byName[name]
	}
	for _, p := range a.Parameters {
		if p.Name.Text() == name {
			return p
		}
	}
	return nil
}

// Artifact returns the artifact of that name (the first one), or nil.
func (a *Arguments) Artifact(name string) *Artifact {
	if len(a.Artifacts) > few && same(a.Artifacts, a.indexed.artifacts) {
		return a.indexed.fileByName[name]
	}
	for _, p := range a.Artifacts {
		if p.Name.Text() == name {
			return p
		}
	}
	return nil
}

// A Parameter is a parameter of arguments, inputs or outputs.
type Parameter struct {
	Node       *manifest.Node
	Name       *manifest.Node
	Value      *manifest.Node
	Default    *manifest.Node
	ValueFrom  *manifest.Node
	Enum       *manifest.Node
	GlobalName *manifest.Node
}

// An Artifact is an artifact of arguments, inputs or outputs.
type Artifact struct {
	Node           *manifest.Node
	Name           *manifest.Node
	Path           *manifest.Node
	From           *manifest.Node
	FromExpression *manifest.Node
	GlobalName     *manifest.Node
	Optional       bool
	// Locations are the fields that say where the artifact is stored: s3, git, ...
	Locations []*manifest.Node
}

// Conditional reports whether a call may come to nothing although its template
// runs: behind a when, over a list that may be empty, or after a task that
// ended in a certain way.
func (c *Call) Conditional() bool {
	switch {
	case c.When.Text() != "", c.WithParam.Set(), c.WithItems != nil && len(c.WithItems.Items()) == 0:
		return true
	case c.WithSequence.Set():
		for _, f := range c.WithSequence.Fields() {
			if f.Kind != manifest.Int || f.Value == "0" {
				return true
			}
		}
	}
	for _, n := range c.Needs {
		switch n.Status {
		case "", depends.Succeeded, depends.Daemoned, depends.AnySucceeded:
		default:
			return true
		}
	}
	return strings.Contains(c.Depends.Text(), "!")
}

// Injected reports whether the Sensor that embeds the workflow writes to a
// field at or below path, like spec.arguments, when it fires.
func (w *Workflow) Injected(path string) bool {
	for dest := range w.injections {
		if within(dest, path) {
			return true
		}
	}
	return path == "spec.arguments" && w.Trigger.At("template", "argoWorkflow", "args").Set()
}

// Overwritten reports whether that Sensor writes to the field at path, to one
// below it or to what it lies in. Items of a list go by their index: spec.templates.0.
func (w *Workflow) Overwritten(path string) bool {
	for dest := range w.injections {
		if within(dest, path) || within(path, dest) {
			return true
		}
	}
	return false
}

func within(path, top string) bool { return path == top || strings.HasPrefix(path, top+".") }

// injections iterates over the fields of the workflow that the Sensor writes to.
func (w *Workflow) injections(yield func(string) bool) {
	for _, list := range []*manifest.Node{
		w.Trigger.At("template", "argoWorkflow", "parameters"),
		w.Trigger.At("template", "k8s", "parameters"),
	} {
		for _, p := range list.Items() {
			if !yield(p.Get("dest").Text()) {
				return
			}
		}
	}
	for _, p := range w.Trigger.Get("parameters").Items() {
		if _, dest, ok := strings.Cut(p.Get("dest").Text(), ".source.resource."); ok && !yield(dest) {
			return
		}
	}
}
