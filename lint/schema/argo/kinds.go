package argo

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Workflow is a Workflow: one run of a set of templates.
type Workflow struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        *metav1.ObjectMeta `json:"metadata"`
	Spec            *WorkflowSpec      `json:"spec"`
	Status          Free               `json:"status"`
}

// WorkflowTemplate is a WorkflowTemplate: a library of templates that workflows of one namespace may call.
type WorkflowTemplate struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        *metav1.ObjectMeta `json:"metadata"`
	Spec            *WorkflowSpec      `json:"spec"`
}

// ClusterWorkflowTemplate is a ClusterWorkflowTemplate: a library of templates for all namespaces.
type ClusterWorkflowTemplate struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        *metav1.ObjectMeta `json:"metadata"`
	Spec            *WorkflowSpec      `json:"spec"`
}

// CronWorkflow is a CronWorkflow: a workflow that is started on a schedule.
type CronWorkflow struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        *metav1.ObjectMeta `json:"metadata"`
	Spec            *CronWorkflowSpec  `json:"spec"`
	Status          Free               `json:"status"`
}

// CronWorkflowSpec is a cron workflow spec: when to run and what.
type CronWorkflowSpec struct {
	// What happens when the last run still goes on.
	ConcurrencyPolicy ConcurrencyPolicy `json:"concurrencyPolicy"`
	// How many failed runs are kept.
	FailedJobsHistoryLimit int32 `json:"failedJobsHistoryLimit"`
	// Cron expressions; a run starts when any of them is due.
	Schedules []string `json:"schedules" since:"3.6"`
	// How late a run that was missed may still start.
	StartingDeadlineSeconds int64 `json:"startingDeadlineSeconds"`
	// When to stop for good.
	StopStrategy *StopStrategy `json:"stopStrategy" since:"3.6"`
	// How many successful runs are kept.
	SuccessfulJobsHistoryLimit int32 `json:"successfulJobsHistoryLimit"`
	// Whether no run is started.
	Suspend bool `json:"suspend"`
	// The time zone of the schedules, such as Europe/Berlin.
	Timezone string `json:"timezone"`
	// An expression that must hold for a run to start.
	When string `json:"when" since:"3.6"`
	// Labels and annotations of the runs.
	WorkflowMetadata *metav1.ObjectMeta `json:"workflowMetadata"`
	// The spec of the runs.
	WorkflowSpec *WorkflowSpec `json:"workflowSpec"`
	Schedule     string        `json:"schedule" until:"4.0" use:"schedules"`
}

// StopStrategy is a stop strategy: when a CronWorkflow stops for good.
type StopStrategy struct {
	// The condition, over cronworkflow.failed and cronworkflow.succeeded.
	Expression string `json:"expression"`
}

// WorkflowEventBinding is a WorkflowEventBinding: an order to submit a workflow when an event reaches the server.
type WorkflowEventBinding struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        *metav1.ObjectMeta        `json:"metadata"`
	Spec            *WorkflowEventBindingSpec `json:"spec"`
}

// WorkflowEventBindingSpec is an event binding spec: the event and what it submits.
type WorkflowEventBindingSpec struct {
	Event  *Event  `json:"event"`
	Submit *Submit `json:"submit"`
}

// Event is an event of an event binding: which events match.
type Event struct {
	Selector string `json:"selector"`
}

// Submit is a submit of an event binding: which WorkflowTemplate is run with which arguments.
type Submit struct {
	Arguments           *Arguments           `json:"arguments"`
	Metadata            *metav1.ObjectMeta   `json:"metadata"`
	WorkflowTemplateRef *WorkflowTemplateRef `json:"workflowTemplateRef"`
}
