package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Candidate is one package on its way through the environments, with the record
// of all that was asked and answered. Its name is PROMOTION-DIGEST, the digest
// cut to twelve digits.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,shortName=cand
// +kubebuilder:printcolumn:name="Promotion",type=string,JSONPath=`.spec.promotion`
// +kubebuilder:printcolumn:name="Chart",type=string,JSONPath=`.spec.chart`
// +kubebuilder:printcolumn:name="Version",type=string,JSONPath=`.spec.version`
// +kubebuilder:printcolumn:name="Environment",type=string,JSONPath=`.status.reached`
// +kubebuilder:printcolumn:name="State",type=string,JSONPath=`.status.state`
// +kubebuilder:printcolumn:name="Blocked by",type=string,JSONPath=`.status.blockedBy`
// +kubebuilder:printcolumn:name="Subject",type=string,priority=1,JSONPath=`.spec.subject`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type Candidate struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec CandidateSpec `json:"spec"`
	// +optional
	Status CandidateStatus `json:"status,omitzero"`
}

// CandidateList is a list of candidates.
//
// +kubebuilder:object:root=true
type CandidateList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Candidate `json:"items"`
}

// CandidateSpec says what the candidate is. It never changes.
//
// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="a candidate never changes: a changed package is another one"
type CandidateSpec struct {
	// Promotion that it belongs to.
	Promotion string `json:"promotion"`
	// Digest of the package, sha256:HEX.
	// +kubebuilder:validation:Pattern=`^sha256:[0-9a-f]{64}$`
	Digest string `json:"digest"`
	// Chart and Version are those of its chart.
	Chart   string `json:"chart"`
	Version string `json:"version"`
	// Source and Revision are where it was first found: a URL, and a commit, the
	// digest of a manifest, or a version.
	// +optional
	Source string `json:"source,omitempty"`
	// +optional
	Revision string `json:"revision,omitempty"`
	// Author is who made it: NAME <EMAIL> of the commit.
	// +optional
	Author string `json:"author,omitempty"`
	// Subject is the first line of the message of the commit.
	// +optional
	Subject string `json:"subject,omitempty"`
	// Parts is how many ConfigMaps, NAME-0 and so on, hold the archive.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1024
	Parts int32 `json:"parts"`
}

// State is how far a candidate is in an environment.
type State string

// The states. Waiting is before it is deployed; Verifying asks the gates that
// are asked there; Verified may move on. Failed and RolledBack come after a
// failure, Replaced after another candidate was deployed.
const (
	Waiting    State = "Waiting"
	Deploying  State = "Deploying"
	Proposed   State = "Proposed" // in a pull request
	Verifying  State = "Verifying"
	Verified   State = "Verified"
	Failed     State = "Failed"
	RolledBack State = "RolledBack"
	Replaced   State = "Replaced"
	Rejected   State = "Rejected"
)

// CandidateStatus is how far a candidate is.
type CandidateStatus struct {
	// Latest is when the source last began to have this package as its newest.
	// The candidate with the highest one is the newest.
	// +optional
	Latest *metav1.MicroTime `json:"latest,omitempty"`
	// Conditions are Promoted (it is verified in the last environment), Ready,
	// Reconciling and Stalled, and ENVIRONMENT/GATE.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
	// Reached is the last environment that it is or was in, State its state
	// there, BlockedBy the gate that it waits for.
	// +optional
	Reached string `json:"reached,omitempty"`
	// +optional
	State State `json:"state,omitempty"`
	// +optional
	BlockedBy string `json:"blockedBy,omitempty"`
	// Environments are in the order of promotion, as far as it came.
	// +optional
	// +listType=map
	// +listMapKey=name
	Environments []CandidateEnvironment `json:"environments,omitempty"`
}

// CandidateEnvironment is what happened to a candidate in an environment.
type CandidateEnvironment struct {
	Name  string `json:"name"`
	State State  `json:"state"`
	// Since is when it came into that state.
	Since metav1.Time `json:"since"`
	// Message says more of a failure.
	// +optional
	Message string `json:"message,omitempty"`
	// Deployment is the last one.
	// +optional
	Deployment *Deployment `json:"deployment,omitempty"`
	// Verified is when it last became Verified; it is gone when that is taken
	// back, and stays when another candidate replaces it.
	// +optional
	Verified *metav1.Time `json:"verified,omitempty"`
	// Failed is when it failed. It is not tried again, unless a pin asks for it
	// after that.
	// +optional
	Failed *metav1.Time `json:"failed,omitempty"`
	// PullRequest is the address of the one that asks for it, while it is Proposed.
	// +optional
	PullRequest string `json:"pullRequest,omitempty"`
	// Gates are what each answered last.
	// +optional
	// +listType=map
	// +listMapKey=name
	Gates []GateStatus `json:"gates,omitempty"`
	// Approvals are those that counted, or denied it.
	// +optional
	Approvals []ApprovalRecord `json:"approvals,omitempty"`
	// Runs are those that gates went by, oldest first: smoke and real ones. They
	// are kept here, as the objects are soon gone.
	// +optional
	Runs []RunRecord `json:"runs,omitempty"`
	// HealthySince is since when the release is healthy without interruption,
	// as far as its objects go; Unhealthy says what is wrong.
	// +optional
	HealthySince *metav1.Time `json:"healthySince,omitempty"`
	// +optional
	Unhealthy string `json:"unhealthy,omitempty"`
	// History is what happened, oldest first: the last twenty.
	// +optional
	History []HistoryEntry `json:"history,omitempty"`
	// Told are the notifications that have reached all who are to be told,
	// KIND@TIME, one of each kind.
	// +optional
	Told []string `json:"told,omitempty"`
}

// Deployment tells what was deployed where.
type Deployment struct {
	At metav1.Time `json:"at"`
	// Revision of Helm's release; 0 for one by pin.
	// +optional
	Revision int32  `json:"revision,omitempty"`
	Release  string `json:"release"`
	// Namespace of the release.
	Namespace string `json:"namespace"`
	// Replaced is the candidate that was there before.
	// +optional
	Replaced string `json:"replaced,omitempty"`
	// Commit of the pin, and PullRequest that asks for it.
	// +optional
	Commit string `json:"commit,omitempty"`
	// +optional
	PullRequest string `json:"pullRequest,omitempty"`
}

// GateStatus is what a gate answered.
type GateStatus struct {
	// Name of the gate.
	Name string `json:"name"`
	Kind string `json:"kind"`
	// Open tells whether it lets through.
	Open bool `json:"open"`
	// Failed is set when waiting does not help.
	// +optional
	Failed bool `json:"failed,omitempty"`
	// Reason is a word, Message a sentence.
	Reason  string `json:"reason"`
	Message string `json:"message"`
	// Since is when it began to answer so: open, shut or failed.
	Since metav1.Time `json:"since"`
	// Next is when the answer changes by itself.
	// +optional
	Next *metav1.Time `json:"next,omitempty"`
	// Evidence is what it went by, one thing a line.
	// +optional
	Evidence []string `json:"evidence,omitempty"`
}

// ApprovalRecord is an Approval that was heeded.
type ApprovalRecord struct {
	Approval string      `json:"approval"`
	User     string      `json:"user"`
	Decision Decision    `json:"decision"`
	At       metav1.Time `json:"at"`
	// +optional
	Reason string `json:"reason,omitempty"`
}

// RunRecord is a run of a Workflow.
type RunRecord struct {
	Name string `json:"name"`
	UID  string `json:"uid"`
	// Gate is that of a smoke run, Attempt its number from 1, Candidate the one
	// it tries, Revision that of Helm's release then, and Promotion NAMESPACE/NAME
	// of the one that has it run.
	// +optional
	Gate string `json:"gate,omitempty"`
	// +optional
	Attempt int32 `json:"attempt,omitempty"`
	// +optional
	Candidate string `json:"candidate,omitempty"`
	// +optional
	Revision int32 `json:"revision,omitempty"`
	// +optional
	Promotion string `json:"promotion,omitempty"`
	// Stopping is set once it was told to stop.
	// +optional
	Stopping bool `json:"stopping,omitempty"`
	// CronWorkflow and Template that it is of.
	// +optional
	CronWorkflow string `json:"cronWorkflow,omitempty"`
	// +optional
	Template string `json:"template,omitempty"`
	// Phase is as Argo has it: Pending, Running, Succeeded, Failed, Error.
	// +optional
	Phase string `json:"phase,omitempty"`
	// +optional
	Message string      `json:"message,omitempty"`
	Created metav1.Time `json:"created"`
	// +optional
	Finished *metav1.Time `json:"finished,omitempty"`
}

// HistoryEntry is something that happened.
type HistoryEntry struct {
	At      metav1.Time `json:"at"`
	Reason  string      `json:"reason"`
	Message string      `json:"message"`
}
