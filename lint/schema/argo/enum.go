package argo

// PodGCStrategy says when pods are deleted. +enum
type PodGCStrategy string

// The values of PodGCStrategy.
const (
	PodGCOnPodCompletion      PodGCStrategy = "OnPodCompletion"
	PodGCOnPodSuccess         PodGCStrategy = "OnPodSuccess"
	PodGCOnWorkflowCompletion PodGCStrategy = "OnWorkflowCompletion"
	PodGCOnWorkflowSuccess    PodGCStrategy = "OnWorkflowSuccess"
)

// VolumeClaimGCStrategy says when volume claims are deleted. +enum
type VolumeClaimGCStrategy string

// The values of VolumeClaimGCStrategy.
const (
	VolumeClaimGCOnCompletion VolumeClaimGCStrategy = "OnWorkflowCompletion"
	VolumeClaimGCOnSuccess    VolumeClaimGCStrategy = "OnWorkflowSuccess"
)

// ArtifactGCStrategy says when artifacts are deleted. +enum
type ArtifactGCStrategy string

// The values of ArtifactGCStrategy.
const (
	ArtifactGCOnWorkflowCompletion ArtifactGCStrategy = "OnWorkflowCompletion"
	ArtifactGCOnWorkflowDeletion   ArtifactGCStrategy = "OnWorkflowDeletion"
	ArtifactGCNever                ArtifactGCStrategy = "Never"
)

// RetryPolicy says which bad ends are tried again. +enum
type RetryPolicy string

// The values of RetryPolicy.
const (
	RetryAlways           RetryPolicy = "Always"
	RetryOnFailure        RetryPolicy = "OnFailure"
	RetryOnError          RetryPolicy = "OnError"
	RetryOnTransientError RetryPolicy = "OnTransientError"
)

// ConcurrencyPolicy says what happens when the last run still goes on. +enum
type ConcurrencyPolicy string

// The values of ConcurrencyPolicy.
const (
	ConcurrencyAllow   ConcurrencyPolicy = "Allow"
	ConcurrencyForbid  ConcurrencyPolicy = "Forbid"
	ConcurrencyReplace ConcurrencyPolicy = "Replace"
)

// ShutdownStrategy says how a workflow is stopped. +enum
type ShutdownStrategy string

// The values of ShutdownStrategy.
const (
	ShutdownTerminate ShutdownStrategy = "Terminate"
	ShutdownStop      ShutdownStrategy = "Stop"
)

// ResourceAction is what a resource template does. +enum
type ResourceAction string

// The values of ResourceAction.
const (
	ActionGet     ResourceAction = "get"
	ActionCreate  ResourceAction = "create"
	ActionApply   ResourceAction = "apply"
	ActionDelete  ResourceAction = "delete"
	ActionReplace ResourceAction = "replace"
	ActionPatch   ResourceAction = "patch"
)

// MergeStrategy is how a resource template patches. +enum
type MergeStrategy string

// The values of MergeStrategy.
const (
	MergeStrategic MergeStrategy = "strategic"
	MergeMerge     MergeStrategy = "merge"
	MergeJSON      MergeStrategy = "json"
)

// GaugeOperation is what a gauge does with its value. +enum
type GaugeOperation string

// The values of GaugeOperation.
const (
	GaugeSet GaugeOperation = "Set"
	GaugeAdd GaugeOperation = "Add"
	GaugeSub GaugeOperation = "Sub"
)

// AddressingStyle is where the bucket stands in the address of an object. +enum
type AddressingStyle string

// The values of AddressingStyle.
const (
	AddressingPath          AddressingStyle = "path"
	AddressingVirtualHosted AddressingStyle = "virtual-hosted"
)
