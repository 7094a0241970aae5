package events

// LogicalOperator joins filters. +enum
type LogicalOperator string

// The values of LogicalOperator.
const (
	And LogicalOperator = "and"
	Or  LogicalOperator = "or"
)

// WorkflowOperation is what a trigger does with a workflow. +enum
type WorkflowOperation string

// The values of WorkflowOperation.
const (
	WorkflowSubmit     WorkflowOperation = "submit"
	WorkflowSubmitFrom WorkflowOperation = "submit-from"
	WorkflowSuspend    WorkflowOperation = "suspend"
	WorkflowResubmit   WorkflowOperation = "resubmit"
	WorkflowRetry      WorkflowOperation = "retry"
	WorkflowResume     WorkflowOperation = "resume"
	WorkflowTerminate  WorkflowOperation = "terminate"
	WorkflowStop       WorkflowOperation = "stop"
)

// ResourceOperation is what a trigger does with an object. +enum
type ResourceOperation string

// The values of ResourceOperation.
const (
	ResourceCreate ResourceOperation = "create"
	ResourceUpdate ResourceOperation = "update"
	ResourcePatch  ResourceOperation = "patch"
	ResourceDelete ResourceOperation = "delete"
)

// Comparator compares a value of an event. +enum
type Comparator string

// The values of Comparator.
const (
	GreaterOrEqual Comparator = ">="
	Greater        Comparator = ">"
	Equal          Comparator = "="
	NotEqual       Comparator = "!="
	Less           Comparator = "<"
	LessOrEqual    Comparator = "<="
)

// JSONType is the type of a value of an event. +enum
type JSONType string

// The values of JSONType.
const (
	JSONBool   JSONType = "bool"
	JSONNumber JSONType = "number"
	JSONString JSONType = "string"
)

// ParameterOperation is what is done with the value that is there. +enum
type ParameterOperation string

// The values of ParameterOperation.
const (
	ParameterAppend    ParameterOperation = "append"
	ParameterOverwrite ParameterOperation = "overwrite"
	ParameterPrepend   ParameterOperation = "prepend"
)
