package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// PromotionStatus is what has become of a promotion.
type PromotionStatus struct {
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// Conditions are Ready, Reconciling, Stalled, and ENVIRONMENT/GATE for each
	// gate of what moves next.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
	// Source is what was last found there.
	// +optional
	Source *SourceStatus `json:"source,omitempty"`
	// Environments are in the order of promotion.
	// +optional
	// +listType=map
	// +listMapKey=name
	Environments []EnvironmentStatus `json:"environments,omitempty"`
	// Summary has all environments in one line.
	// +optional
	Summary string `json:"summary,omitempty"`
	// BlockedBy is ENVIRONMENT/GATE of the first gate that holds, or
	// ENVIRONMENT/REASON of what cannot be done there, or source/REASON.
	// +optional
	BlockedBy string `json:"blockedBy,omitempty"`
	// Next is when something happens by itself, as RFC 3339.
	// +optional
	Next string `json:"next,omitempty"`
}

// SourceStatus is what was last found in a source.
type SourceStatus struct {
	// Revision is a commit, or the digest of a manifest, or a version.
	Revision string `json:"revision"`
	// Candidate that it became.
	// +optional
	Candidate string `json:"candidate,omitempty"`
	// Requested is the last request to look that was heeded.
	// +optional
	Requested string `json:"requested,omitempty"`
	// Reason and Problem are why nothing could be found when it was last looked: a
	// word and a sentence.
	// +optional
	Reason string `json:"reason,omitempty"`
	// +optional
	Problem string `json:"problem,omitempty"`
	// For is a digest of spec.source that this is of: another source is looked
	// at anew.
	// +optional
	For string `json:"for,omitempty"`
}

// EnvironmentStatus is what is in an environment.
type EnvironmentStatus struct {
	Name string `json:"name"`
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// Candidate that is there, or is being deployed.
	// +optional
	Candidate string `json:"candidate,omitempty"`
	// +optional
	Digest string `json:"digest,omitempty"`
	// State of that candidate there.
	// +optional
	State State `json:"state,omitempty"`
	// Summary is the short digest and the state.
	// +optional
	Summary string `json:"summary,omitempty"`
	// Next is the candidate that waits to enter, and BlockedBy the gate that it
	// waits for.
	// +optional
	Next string `json:"next,omitempty"`
	// +optional
	BlockedBy string `json:"blockedBy,omitempty"`
	// Drift is what differs from what was deployed.
	// +optional
	Drift *DriftStatus `json:"drift,omitempty"`
}

// DriftStatus is what differs from what was deployed.
type DriftStatus struct {
	// Looked is when it was looked at.
	Looked metav1.Time `json:"looked"`
	// Objects are KIND/NAME: the first ten.
	// +optional
	Objects []string `json:"objects,omitempty"`
	// +optional
	Count int32 `json:"count,omitempty"`
}
