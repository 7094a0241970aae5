package v1alpha1

import (
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// WorkflowPolicy says what workflows must look like, where, and what is
// written into them where they are silent.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=wfpol
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Objects",type=integer,JSONPath=`.status.objects`
// +kubebuilder:printcolumn:name="Violations",type=integer,JSONPath=`.status.violations`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type WorkflowPolicy struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec WorkflowPolicySpec `json:"spec"`
	// +optional
	Status WorkflowPolicyStatus `json:"status,omitzero"`
}

// WorkflowPolicyList is a list of policies.
//
// +kubebuilder:object:root=true
type WorkflowPolicyList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []WorkflowPolicy `json:"items"`
}

// WorkflowPolicySpec is what a policy wants.
type WorkflowPolicySpec struct {
	// Match says which objects the policy is for; without it, all of them.
	// +optional
	Match *Match `json:"match,omitempty"`
	// Rules are built-in rules by name, each with its enforcement (a string:
	// deny, warn, audit or off) or an object of enforcement and parameters.
	// +optional
	Rules map[string]RuleSetting `json:"rules,omitempty"`
	// Modules are rules written in Rego.
	// +optional
	// +listType=map
	// +listMapKey=name
	Modules []Module `json:"modules,omitempty"`
	// Defaults are written into objects where they are silent.
	// +optional
	Defaults *Defaults `json:"defaults,omitempty"`
	// Concurrency limits how many runs of one workflow exist at once.
	// +optional
	Concurrency *Concurrency `json:"concurrency,omitempty"`
	// Waivers accept what a rule finds, for a while.
	// +optional
	Waivers []Waiver `json:"waivers,omitempty"`
	// WaivableRules are the rules that an annotation on the object itself may
	// waive; "*" is all of them. Without it, none.
	// +optional
	WaivableRules []string `json:"waivableRules,omitempty"`
	// FailurePolicy says what becomes of an object that a module of this policy
	// cannot judge, because it fails or takes too long: with Fail the finding has
	// the enforcement of the module, with Ignore it is a warning at most.
	// +optional
	// +kubebuilder:default=Fail
	FailurePolicy FailurePolicy `json:"failurePolicy,omitempty"`
}

// FailurePolicy is Fail or Ignore.
// +kubebuilder:validation:Enum=Fail;Ignore
type FailurePolicy string

// The failure policies.
const (
	Fail   FailurePolicy = "Fail"
	Ignore FailurePolicy = "Ignore"
)

// Match says which objects are meant: those that fit every field that is set.
type Match struct {
	// Kinds are some of Workflow, WorkflowTemplate, ClusterWorkflowTemplate,
	// CronWorkflow and Sensor.
	// +optional
	// +kubebuilder:validation:items:Enum=Workflow;WorkflowTemplate;ClusterWorkflowTemplate;CronWorkflow;Sensor
	Kinds []string `json:"kinds,omitempty"`
	// Namespaces are names of namespaces; a name may end in *.
	// +optional
	Namespaces []string `json:"namespaces,omitempty"`
	// ExcludeNamespaces are names of namespaces that are not meant; a name may end in *.
	// +optional
	ExcludeNamespaces []string `json:"excludeNamespaces,omitempty"`
	// NamespaceSelector selects by the labels of the namespace.
	// +optional
	NamespaceSelector *metav1.LabelSelector `json:"namespaceSelector,omitempty"`
	// ObjectSelector selects by the labels of the object.
	// +optional
	ObjectSelector *metav1.LabelSelector `json:"objectSelector,omitempty"`
	// Names are names of objects (or, for those without one, their
	// generateName); a name may end in *.
	// +optional
	Names []string `json:"names,omitempty"`
}

// Enforcement is what becomes of a finding.
// +kubebuilder:validation:Enum=deny;warn;audit;off
type Enforcement string

// The enforcements, from the strictest to none.
const (
	Deny  Enforcement = "deny"
	Warn  Enforcement = "warn"
	Audit Enforcement = "audit"
	Off   Enforcement = "off"
)

// RuleSetting is an Enforcement, or an object of enforcement and parameters. It
// has no type here, because "off" without quotes is false in YAML and must do.
//
// +kubebuilder:validation:Type=""
// +kubebuilder:pruning:PreserveUnknownFields
type RuleSetting struct {
	apiextensions.JSON `json:",inline"`
}

// Module is a rule written in Rego.
type Module struct {
	// Name names the rule in findings and waivers: words in kebab-case.
	// +kubebuilder:validation:Pattern=`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`
	Name string `json:"name"`
	// Title says in one line what the rule asks for.
	// +optional
	Title string `json:"title,omitempty"`
	// Enforcement of what the module finds; deny unless another is given.
	// What a rule of the module called warn finds is never more than a warning.
	// +optional
	// +kubebuilder:default=deny
	Enforcement Enforcement `json:"enforcement,omitempty"`
	// Parameters are input.parameters of the module.
	// +optional
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Type=object
	Parameters *apiextensions.JSON `json:"parameters,omitempty"`
	// Rego is the text of the module.
	Rego string `json:"rego"`
}

// Defaults are parts of objects. Each value is written where an object has
// none: an object that says something is never overruled.
type Defaults struct {
	// Metadata are labels and annotations of the object.
	// +optional
	Metadata *Metadata `json:"metadata,omitempty"`
	// PodMetadata are labels and annotations of all pods of a run, for tools
	// that read them there, like log collectors.
	// +optional
	PodMetadata *Metadata `json:"podMetadata,omitempty"`
	// Spec is a partial workflow spec.
	// +optional
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Type=object
	Spec *apiextensions.JSON `json:"spec,omitempty"`
	// Templates is a part of each template that runs a pod.
	// +optional
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Type=object
	Templates *apiextensions.JSON `json:"templates,omitempty"`
	// Containers is a part of each container: main, init and sidecar.
	// +optional
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Type=object
	Containers *apiextensions.JSON `json:"containers,omitempty"`
}

// Metadata are labels and annotations.
type Metadata struct {
	// +optional
	Labels map[string]string `json:"labels,omitempty"`
	// +optional
	Annotations map[string]string `json:"annotations,omitempty"`
}

// Concurrency limits how many runs of one workflow exist at once.
//
// +kubebuilder:validation:XValidation:rule="(self.per == 'label') == has(self.label)",message="label names the label to count by, with per: label and only then"
type Concurrency struct {
	// Max is how many runs may exist at once.
	// +kubebuilder:validation:Minimum=1
	Max int32 `json:"max"`
	// Per says which runs are counted together: those of one WorkflowTemplate,
	// of one CronWorkflow, of one namespace, or with the same value of a label.
	Per ConcurrencyKey `json:"per"`
	// Label is the key of that label.
	// +optional
	Label string `json:"label,omitempty"`
	// Exceeded says what becomes of a run that is one too many: queue lets it
	// wait for its turn, reject denies it.
	// +kubebuilder:default=queue
	// +optional
	Exceeded Exceeded `json:"exceeded,omitempty"`
}

// ConcurrencyKey says which runs are counted together.
// +kubebuilder:validation:Enum=template;cron;namespace;label
type ConcurrencyKey string

// The keys.
const (
	PerTemplate  ConcurrencyKey = "template"
	PerCron      ConcurrencyKey = "cron"
	PerNamespace ConcurrencyKey = "namespace"
	PerLabel     ConcurrencyKey = "label"
)

// Exceeded says what becomes of a run that is one too many.
// +kubebuilder:validation:Enum=queue;reject
type Exceeded string

// What becomes of such a run.
const (
	Queue  Exceeded = "queue"
	Reject Exceeded = "reject"
)

// Waiver accepts what a rule finds in some objects until a day.
type Waiver struct {
	// Rule is the name of a built-in rule or of a module.
	Rule string `json:"rule"`
	// Match says in which objects.
	// +optional
	Match *Match `json:"match,omitempty"`
	// Reason says why.
	// +kubebuilder:validation:MinLength=1
	Reason string `json:"reason"`
	// Until is the last day (UTC) of the waiver, like 2026-12-31.
	// +kubebuilder:validation:Format=date
	Until string `json:"until"`
}

// WorkflowPolicyStatus is what has become of a policy.
type WorkflowPolicyStatus struct {
	// ObservedGeneration is the generation that the status is about.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// Conditions has Compiled and Ready; where Compiled is False, its message has
	// line and column of the mistake and Active tells what is enforced meanwhile.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
	// ActiveGeneration is the generation that is enforced: the last one that
	// compiled. Zero: none.
	// +optional
	ActiveGeneration int64 `json:"activeGeneration,omitempty"`
	// Objects is how many objects the policy is for, as of the last audit; there
	// is no number before the first.
	// +optional
	Objects *int32 `json:"objects,omitempty"`
	// Violations is how many findings there were in them.
	// +optional
	Violations *int32 `json:"violations,omitempty"`
	// Rules has the findings by rule.
	// +optional
	// +listType=map
	// +listMapKey=rule
	Rules []RuleViolations `json:"rules,omitempty"`
	// Waivers tells which waivers are expired or not used.
	// +optional
	Waivers []WaiverStatus `json:"waivers,omitempty"`
	// LastAudit is when all objects were last looked at.
	// +optional
	LastAudit *metav1.Time `json:"lastAudit,omitempty"`
}

// RuleViolations are the findings of one rule.
type RuleViolations struct {
	Rule string `json:"rule"`
	// Enforcement is what becomes of them at admission.
	Enforcement Enforcement `json:"enforcement"`
	Count       int32       `json:"count"`
	// First are the first few.
	// +optional
	First []Violation `json:"first,omitempty"`
}

// Violation is one finding.
type Violation struct {
	Kind string `json:"kind"`
	// +optional
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
	// +optional
	Path    string `json:"path,omitempty"`
	Message string `json:"message"`
}

// WaiverStatus is what is wrong with a waiver.
type WaiverStatus struct {
	Rule  string `json:"rule"`
	Until string `json:"until"`
	// State is Active, Unused or Expired.
	State string `json:"state"`
	// Objects is how many objects it covers findings of.
	// +optional
	Objects int32 `json:"objects,omitempty"`
}
