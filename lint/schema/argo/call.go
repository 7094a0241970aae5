package argo

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// DAGTemplate is a DAG: tasks and what they wait for.
type DAGTemplate struct {
	// Whether no more tasks start once one has failed; true unless set.
	FailFast bool `json:"failFast"`
	// The tasks to run, separated by spaces; all of them unless set.
	Target string `json:"target"`
	// The tasks.
	Tasks []DAGTask `json:"tasks"`
}

// DAGTask is a DAG task: one call of a template in a DAG.
type DAGTask struct {
	// The name by which others refer to the call.
	Name string `json:"name"`
	// What is passed to the template.
	Arguments *Arguments `json:"arguments"`
	// Which bad ends are taken for good.
	ContinueOn *ContinueOn `json:"continueOn"`
	// The tasks that must end well before.
	Dependencies []string `json:"dependencies"`
	// What must have happened before, such as "a.Succeeded && b".
	Depends string `json:"depends"`
	// Templates that are run when the call gets into a state.
	Hooks map[string]LifecycleHook `json:"hooks"`
	// The template itself, given in place.
	Inline *Template `json:"inline"`
	// A template that is run when the call ends; hooks.exit does the same.
	OnExit string `json:"onExit"`
	// The name of the template that is called.
	Template string `json:"template"`
	// The template of another object that is called.
	TemplateRef *TemplateRef `json:"templateRef"`
	// The condition under which the call is made.
	When string `json:"when"`
	// A list to loop over.
	WithItems []Item `json:"withItems"`
	// A JSON list to loop over, as text.
	WithParam string `json:"withParam"`
	// Numbers to loop over.
	WithSequence *Sequence `json:"withSequence"`
}

// WorkflowStep is a step: one call of a template in a list of steps.
type WorkflowStep struct {
	// The name by which others refer to the call.
	Name string `json:"name"`
	// What is passed to the template.
	Arguments *Arguments `json:"arguments"`
	// Which bad ends are taken for good.
	ContinueOn *ContinueOn `json:"continueOn"`
	// Templates that are run when the call gets into a state.
	Hooks map[string]LifecycleHook `json:"hooks"`
	// The template itself, given in place.
	Inline *Template `json:"inline"`
	// A template that is run when the call ends; hooks.exit does the same.
	OnExit string `json:"onExit"`
	// The name of the template that is called.
	Template string `json:"template"`
	// The template of another object that is called.
	TemplateRef *TemplateRef `json:"templateRef"`
	// The condition under which the call is made.
	When string `json:"when"`
	// A list to loop over.
	WithItems []Item `json:"withItems"`
	// A JSON list to loop over, as text.
	WithParam string `json:"withParam"`
	// Numbers to loop over.
	WithSequence *Sequence `json:"withSequence"`
}

// TemplateRef is a template reference: a template of another object.
type TemplateRef struct {
	// The name of the WorkflowTemplate.
	Name string `json:"name"`
	// Whether the object is a ClusterWorkflowTemplate.
	ClusterScope bool `json:"clusterScope"`
	// The name of the template in it.
	Template string `json:"template"`
}

// ContinueOn is a continueOn: which bad ends do not stop the workflow.
type ContinueOn struct {
	// Goes on after an error.
	Error bool `json:"error"`
	// Goes on after a failure.
	Failed bool `json:"failed"`
}

// LifecycleHook is a lifecycle hook: a template that is run when something happens.
type LifecycleHook struct {
	// What is passed to the template.
	Arguments *Arguments `json:"arguments"`
	// The condition under which the hook is run.
	Expression string `json:"expression"`
	// The template that is run.
	Template string `json:"template"`
	// The template of another object that is run.
	TemplateRef *TemplateRef `json:"templateRef"`
}

// Sequence is a withSequence: numbers to loop over.
type Sequence struct {
	// How many numbers.
	Count *intstr.IntOrString `json:"count"`
	// The last number.
	End *intstr.IntOrString `json:"end"`
	// A printf format for the numbers.
	Format string `json:"format"`
	// The first number; 0 unless set.
	Start *intstr.IntOrString `json:"start"`
}

// Arguments is arguments: the parameters and artifacts that are passed.
type Arguments struct {
	// Named files or folders.
	Artifacts []Artifact `json:"artifacts"`
	// Named strings.
	Parameters []Parameter `json:"parameters"`
}

// Inputs is template inputs: the parameters and artifacts that a template takes.
type Inputs struct {
	// Named files or folders.
	Artifacts []Artifact `json:"artifacts"`
	// Named strings.
	Parameters []Parameter `json:"parameters"`
}

// Outputs is template outputs: the parameters and artifacts that a template gives.
type Outputs struct {
	// Named files or folders.
	Artifacts []Artifact `json:"artifacts"`
	// The exit code; set by the engine.
	ExitCode string `json:"exitCode"`
	// Named strings.
	Parameters []Parameter `json:"parameters"`
	// The standard output; set by the engine.
	Result string `json:"result"`
}

// Parameter is a parameter: a named string.
type Parameter struct {
	// The name.
	Name string `json:"name"`
	// The value when none is given.
	Default AnyString `json:"default"`
	// What the parameter is for.
	Description string `json:"description"`
	// The values to choose from.
	Enum []AnyString `json:"enum"`
	// The name under which the whole workflow sees an output.
	GlobalName string `json:"globalName"`
	// The value; numbers and booleans become text.
	Value AnyString `json:"value"`
	// Where the value comes from.
	ValueFrom *ValueFrom `json:"valueFrom"`
}

// ValueFrom is a valueFrom: where the value of a parameter comes from.
type ValueFrom struct {
	// A key of a ConfigMap.
	ConfigMapKeyRef *corev1.ConfigMapKeySelector `json:"configMapKeyRef"`
	// The value when the source has none.
	Default AnyString `json:"default"`
	// An expression over the event that submitted the workflow.
	Event string `json:"event"`
	// An expression over outputs.
	Expression string `json:"expression"`
	// A jq filter over a resource.
	JqFilter string `json:"jqFilter"`
	// A JSON path into a resource.
	JSONPath string `json:"jsonPath"`
	// A reference to an output of a call.
	Parameter string `json:"parameter"`
	// A file in the container.
	Path string `json:"path"`
	// Given by a person.
	Supplied *SuppliedValueFrom `json:"supplied"`
}

// SuppliedValueFrom is a supplied value: a value that a person gives while the workflow waits.
type SuppliedValueFrom struct {
}
