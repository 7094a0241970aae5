package v1alpha1

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Gate is what must hold: exactly one of its kinds.
//
// +kubebuilder:validation:XValidation:rule="(has(self.lint) ? 1 : 0) + (has(self.smoke) ? 1 : 0) + (has(self.runs) ? 1 : 0) + (has(self.soak) ? 1 : 0) + (has(self.approval) ? 1 : 0) + (has(self.window) ? 1 : 0) + (has(self.metric) ? 1 : 0) == 1",message="a gate is exactly one of lint, smoke, runs, soak, approval, window and metric"
type Gate struct {
	// Name tells gates of one kind apart; without it, it is the kind.
	// +optional
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	// +kubebuilder:validation:MaxLength=30
	Name string `json:"name,omitempty"`
	// +optional
	Lint *LintGate `json:"lint,omitempty"`
	// +optional
	Smoke *SmokeGate `json:"smoke,omitempty"`
	// +optional
	Runs *RunsGate `json:"runs,omitempty"`
	// +optional
	Soak *SoakGate `json:"soak,omitempty"`
	// +optional
	Approval *ApprovalGate `json:"approval,omitempty"`
	// +optional
	Window *WindowGate `json:"window,omitempty"`
	// +optional
	Metric *MetricGate `json:"metric,omitempty"`
}

// LintGate lints what the candidate becomes in the environment, under the
// policies that hold there.
type LintGate struct {
	// FailOn is the least severity that holds.
	// +optional
	// +kubebuilder:default=error
	// +kubebuilder:validation:Enum=error;warning
	FailOn string `json:"failOn,omitempty"`
}

// SmokeGate submits a Workflow once the candidate is deployed.
type SmokeGate struct {
	// Template is the WorkflowTemplate that is run.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Template string `json:"template"`
	// ClusterScope takes a ClusterWorkflowTemplate.
	// +optional
	ClusterScope bool `json:"clusterScope,omitempty"`
	// +optional
	// +kubebuilder:validation:MaxItems=64
	Arguments []Argument `json:"arguments,omitempty"`
	// Timeout bounds each attempt.
	// +optional
	// +kubebuilder:default="15m"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern=`^([0-9]{1,5}([.][0-9]{1,9})?(ms|s|m|h)){1,4}$`
	Timeout metav1.Duration `json:"timeout,omitzero"`
	// Retries is how many attempts follow a first one that fails.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=10
	Retries int32 `json:"retries,omitempty"`
	// ServiceAccount that the run has; without it, that of the template.
	// +optional
	ServiceAccount string `json:"serviceAccount,omitempty"`
}

// Argument is a parameter of a run.
type Argument struct {
	// +kubebuilder:validation:MinLength=1
	Name  string `json:"name"`
	Value string `json:"value"`
}

// RunsGate asks for real runs that went well, one after the other, since the
// candidate was deployed. A failure starts the count again.
//
// +kubebuilder:validation:XValidation:rule="has(self.cronWorkflow) != has(self.template)",message="runs are those of a cronWorkflow or of a template, one of them"
type RunsGate struct {
	// +optional
	CronWorkflow string `json:"cronWorkflow,omitempty"`
	// +optional
	Template string `json:"template,omitempty"`
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=20
	Count int32 `json:"count"`
}

// SoakGate asks for health without interruption: all objects are there and
// ready, and no run failed.
type SoakGate struct {
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern=`^([0-9]{1,5}([.][0-9]{1,9})?(ms|s|m|h)){1,4}$`
	For metav1.Duration `json:"for"`
}

// ApprovalGate asks for people.
type ApprovalGate struct {
	// Count is how many.
	// +optional
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10
	Count int32 `json:"count,omitempty"`
	// Groups: who approves must be in one of them.
	// +optional
	Groups []string `json:"groups,omitempty"`
	// NotAuthor does not count who made the candidate. Where it is not known who
	// that was, the gate stays shut.
	// +optional
	NotAuthor bool `json:"notAuthor,omitempty"`
}

// WindowGate opens at some times: within one of allow, if there is any, and in
// none of deny.
//
// +kubebuilder:validation:XValidation:rule="has(self.allow) && self.allow.size() > 0 || has(self.deny) && self.deny.size() > 0",message="a window has allow or deny"
type WindowGate struct {
	// +optional
	// +kubebuilder:validation:MaxItems=16
	Allow []Window `json:"allow,omitempty"`
	// +optional
	// +kubebuilder:validation:MaxItems=16
	Deny []Window `json:"deny,omitempty"`
}

// Window is a time that comes again.
type Window struct {
	// Schedule is when it begins, five fields of cron.
	// +kubebuilder:validation:MinLength=9
	Schedule string `json:"schedule"`
	// Duration is how long it lasts, in time that passes, not on the clock.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern=`^([0-9]{1,5}([.][0-9]{1,9})?(ms|s|m|h)){1,4}$`
	Duration metav1.Duration `json:"duration"`
	// TimeZone is a name of the IANA database; UTC unless given.
	// +optional
	TimeZone string `json:"timeZone,omitempty"`
}

// MetricGate compares the answer of Prometheus with bounds.
//
// +kubebuilder:validation:XValidation:rule="has(self.min) || has(self.max)",message="a metric needs min or max"
type MetricGate struct {
	// URL of Prometheus; the one the controller was started with unless given.
	// +optional
	URL string `json:"url,omitempty"`
	// Query has one value. {{namespace}} and {{release}} stand for those of the
	// environment.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=4096
	Query string `json:"query"`
	// +optional
	// +kubebuilder:validation:XIntOrString
	// +kubebuilder:validation:Pattern=`^[+-]?([0-9]{1,18}([.][0-9]{0,9})?|[.][0-9]{1,9})([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,2})?$`
	Min *resource.Quantity `json:"min,omitempty"`
	// +optional
	// +kubebuilder:validation:XIntOrString
	// +kubebuilder:validation:Pattern=`^[+-]?([0-9]{1,18}([.][0-9]{0,9})?|[.][0-9]{1,9})([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]{1,2})?$`
	Max *resource.Quantity `json:"max,omitempty"`
	// Interval is how often it is asked.
	// +optional
	// +kubebuilder:default="1m"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern=`^([0-9]{1,5}([.][0-9]{1,9})?(ms|s|m|h)){1,4}$`
	Interval metav1.Duration `json:"interval,omitzero"`
}

// Kind is which of its kinds the gate is, "" for none.
func (g *Gate) Kind() string {
	switch {
	case g.Lint != nil:
		return "lint"
	case g.Smoke != nil:
		return "smoke"
	case g.Runs != nil:
		return "runs"
	case g.Soak != nil:
		return "soak"
	case g.Approval != nil:
		return "approval"
	case g.Window != nil:
		return "window"
	case g.Metric != nil:
		return "metric"
	}
	return ""
}

// ID is its name, or its kind.
func (g *Gate) ID() string {
	if g.Name != "" {
		return g.Name
	}
	return g.Kind()
}

// Entry reports whether the gate is asked before a candidate enters the
// environment, and not while it is there.
func (g *Gate) Entry() bool { return g.Lint != nil || g.Approval != nil || g.Window != nil }
