package v1alpha1

import (
	core "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Promotion is the standing order to take one package from environment to
// environment, each step behind gates.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,shortName=promo
// +kubebuilder:printcolumn:name="Dev",type=string,JSONPath=`.status.environments[?(@.name=="dev")].summary`
// +kubebuilder:printcolumn:name="QA",type=string,JSONPath=`.status.environments[?(@.name=="qa")].summary`
// +kubebuilder:printcolumn:name="Prod",type=string,JSONPath=`.status.environments[?(@.name=="prod")].summary`
// +kubebuilder:printcolumn:name="Environments",type=string,priority=1,JSONPath=`.status.summary`
// +kubebuilder:printcolumn:name="Blocked by",type=string,JSONPath=`.status.blockedBy`
// +kubebuilder:printcolumn:name="Next",type=string,JSONPath=`.status.next`
// +kubebuilder:printcolumn:name="Ready",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 40 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",message="the name of a Promotion has at most 40 small letters, digits and -, as it begins names of Candidates and runs"
type Promotion struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec PromotionSpec `json:"spec"`
	// +optional
	Status PromotionStatus `json:"status,omitzero"`
}

// PromotionList is a list of promotions.
//
// +kubebuilder:object:root=true
type PromotionList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Promotion `json:"items"`
}

// PromotionSpec is what a promotion wants.
type PromotionSpec struct {
	Source Source `json:"source"`
	// Release is the name of Helm's release in each environment; without it,
	// the name of the chart.
	// +optional
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$`
	// +kubebuilder:validation:MaxLength=53
	Release string `json:"release,omitempty"`
	// Environments are in the order of promotion.
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	Environments []Environment `json:"environments"`
	// Decryption names Secrets of this namespace with the keys that open the
	// secrets of the environments. No other key is ever tried.
	// +optional
	// +kubebuilder:validation:MaxItems=8
	Decryption []core.LocalObjectReference `json:"decryption,omitempty"`
	// Pins has environments changed by commits of pins, which Argo CD or Flux
	// apply; without it, the controller deploys.
	// +optional
	Pins *Pins `json:"pins,omitempty"`
	// Notify are where to tell of what happens.
	// +optional
	// +kubebuilder:validation:MaxItems=8
	Notify []Notification `json:"notify,omitempty"`
	// Suspend stops everything but reporting: what runs keeps running.
	// +optional
	Suspend bool `json:"suspend,omitempty"`
	// HistoryLimit is how many Candidates are kept beside those that are in an
	// environment.
	// +optional
	// +kubebuilder:default=10
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	HistoryLimit int32 `json:"historyLimit,omitempty"`
}

// Source is where packages come from: exactly one of git, oci and helm.
//
// +kubebuilder:validation:XValidation:rule="(has(self.git) ? 1 : 0) + (has(self.oci) ? 1 : 0) + (has(self.helm) ? 1 : 0) == 1",message="a source is exactly one of git, oci and helm"
type Source struct {
	// +optional
	Git *GitSource `json:"git,omitempty"`
	// +optional
	OCI *OCISource `json:"oci,omitempty"`
	// +optional
	Helm *HelmSource `json:"helm,omitempty"`
	// Interval is how often it is looked at.
	// +optional
	// +kubebuilder:default="5m"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern=`^([0-9]{1,5}([.][0-9]{1,9})?(ms|s|m|h)){1,4}$`
	Interval metav1.Duration `json:"interval,omitzero"`
	// Secret names a Secret of this namespace with the credentials: username and
	// password, token, identity and known_hosts (of SSH), ca.crt.
	// +optional
	Secret *core.LocalObjectReference `json:"secret,omitempty"`
	// Hook names a Secret of this namespace whose key "token" signs the requests
	// of a forge or registry that tells of a push; without it, none is believed.
	// +optional
	Hook *core.LocalObjectReference `json:"hook,omitempty"`
}

// GitSource is a chart in a git repository.
type GitSource struct {
	// URL is https://, ssh:// or user@host:path.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=2048
	URL string `json:"url"`
	// Ref is a branch or a tag; without it, the branch that HEAD is.
	// +optional
	Ref string `json:"ref,omitempty"`
	// Path is the folder of the chart.
	// +optional
	// +kubebuilder:default="."
	Path string `json:"path,omitempty"`
}

// OCISource is a repository of packages of tiphys, or of Helm charts, in an OCI
// registry.
type OCISource struct {
	// URL is oci://HOST/REPOSITORY.
	// +kubebuilder:validation:Pattern=`^oci://[^/]+/.+`
	// +kubebuilder:validation:MaxLength=2048
	URL string `json:"url"`
	// Version is a range of versions, like ">=1.2.0 <2"; the highest one counts.
	// +optional
	// +kubebuilder:default="*"
	Version string `json:"version,omitempty"`
	// PlainHTTP talks HTTP to the registry.
	// +optional
	PlainHTTP bool `json:"plainHTTP,omitempty"`
}

// HelmSource is a chart in a Helm repository. Its environments are those that
// the chart has in its own folder environments/.
type HelmSource struct {
	// URL is that of the repository, https://...
	// +kubebuilder:validation:Pattern=`^https?://.+`
	// +kubebuilder:validation:MaxLength=2048
	URL string `json:"url"`
	// +kubebuilder:validation:MinLength=1
	Chart string `json:"chart"`
	// Version is a range of versions; the highest one counts.
	// +optional
	// +kubebuilder:default="*"
	Version string `json:"version,omitempty"`
}

// Environment is one step of a promotion.
type Environment struct {
	// Name is that of the folder below environments/.
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	// +kubebuilder:validation:MaxLength=30
	Name string `json:"name"`
	// Namespace is where it is deployed; without it, what environment.yaml says.
	// +optional
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	// +kubebuilder:validation:MaxLength=63
	Namespace string `json:"namespace,omitempty"`
	// Kubeconfig is a Secret of this namespace for another cluster.
	// +optional
	Kubeconfig *SecretKey `json:"kubeconfig,omitempty"`
	// ServiceAccount of this namespace is who deploys, runs the smoke tests and
	// sees the runs. Without it, "default" in this cluster, and with a kubeconfig
	// whoever that is of.
	// +optional
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$`
	// +kubebuilder:validation:MaxLength=253
	ServiceAccount string `json:"serviceAccount,omitempty"`
	// Gates must hold. lint, approval and window are asked before a candidate
	// enters the environment; smoke, runs, soak and metric while it is there,
	// before it may leave for the next one.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:XValidation:rule="[self.map(g, has(g.name) ? g.name : has(g.lint) ? 'lint' : has(g.smoke) ? 'smoke' : has(g.runs) ? 'runs' : has(g.soak) ? 'soak' : has(g.approval) ? 'approval' : has(g.window) ? 'window' : 'metric')].all(names, names.all(n, names.exists_one(o, o == n) && !(n in ['freeze', 'pin', 'busy'])))",message="each gate of an environment has another name, which is its kind unless it says one, and none is called freeze, pin or busy"
	Gates []Gate `json:"gates,omitempty"`
	// OnFailure says what happens when a deployment or a smoke run fails: hold
	// leaves it, rollback goes back to the candidate before.
	// +optional
	// +kubebuilder:default=hold
	// +kubebuilder:validation:Enum=hold;rollback
	OnFailure OnFailure `json:"onFailure,omitempty"`
	// Timeout bounds a deployment.
	// +optional
	// +kubebuilder:default="5m"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern=`^([0-9]{1,5}([.][0-9]{1,9})?(ms|s|m|h)){1,4}$`
	Timeout metav1.Duration `json:"timeout,omitzero"`
	// Drift says what becomes of changes that others make to what was deployed.
	// +optional
	Drift *Drift `json:"drift,omitempty"`
	// Freeze lets nothing into the environment, but for going back.
	// +optional
	Freeze *Freeze `json:"freeze,omitempty"`
	// Pin asks for one candidate, and holds the environment at it.
	// +optional
	Pin *Pin `json:"pin,omitempty"`
}

// OnFailure is hold or rollback.
type OnFailure string

// What happens after a failure.
const (
	Hold     OnFailure = "hold"
	Rollback OnFailure = "rollback"
)

// SecretKey is a key of a Secret.
type SecretKey struct {
	// +kubebuilder:validation:MinLength=1
	Name string `json:"name"`
	// Key is kubeconfig, url (of notify), key (of signingKey) or token (of
	// pullRequest) unless given.
	// +optional
	Key string `json:"key,omitempty"`
}

// Freeze tells why nothing may enter.
type Freeze struct {
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Reason string `json:"reason"`
}

// Pin asks for a candidate in an environment. One that was there before goes in
// past all gates but lint; any other one has to pass them.
type Pin struct {
	// Candidate is its name.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Candidate string `json:"candidate"`
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Reason string `json:"reason,omitempty"`
	// At is when it was asked for. A failure before that does not count any more.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$`
	At metav1.Time `json:"at"`
}

// Drift says what becomes of changes that others make.
type Drift struct {
	// Interval is how often it is looked for, every minute at most; 0s is never.
	// +optional
	// +kubebuilder:default="30m"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Pattern=`^([0-9]{1,5}([.][0-9]{1,9})?(ms|s|m|h)){1,4}$`
	Interval metav1.Duration `json:"interval,omitzero"`
	// Correct applies what was deployed again. Without it, drift is reported.
	// +optional
	Correct bool `json:"correct,omitempty"`
	// Ignore are fields that may differ.
	// +optional
	// +kubebuilder:validation:MaxItems=64
	Ignore []IgnoredFields `json:"ignore,omitempty"`
}

// IgnoredFields are fields of some objects.
type IgnoredFields struct {
	// Kind of the objects; without it, all.
	// +optional
	Kind string `json:"kind,omitempty"`
	// Name of the object; without it, all.
	// +optional
	Name string `json:"name,omitempty"`
	// Paths are like spec.suspend or metadata.labels["team"].
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	Paths []string `json:"paths"`
}

// Pins says how pins are committed: environments/<env>/<chart>/pin.yaml.
type Pins struct {
	// URL of the repository; without it, that of the git source.
	// +optional
	URL string `json:"url,omitempty"`
	// Branch that Argo CD or Flux follow; without it, the one that HEAD is.
	// +optional
	Branch string `json:"branch,omitempty"`
	// Path is the folder that has environments/.
	// +optional
	// +kubebuilder:default="."
	Path string `json:"path,omitempty"`
	// Secret names a Secret of this namespace with credentials that may push;
	// without it, those of the source.
	// +optional
	Secret *core.LocalObjectReference `json:"secret,omitempty"`
	// SigningKey is an armored OpenPGP or an SSH private key that signs commits.
	// +optional
	SigningKey *SecretKey `json:"signingKey,omitempty"`
	// PullRequest asks for a review instead of committing to the branch.
	// +optional
	PullRequest *PullRequest `json:"pullRequest,omitempty"`
}

// PullRequest says where pull requests are opened.
type PullRequest struct {
	// +kubebuilder:validation:Enum=github;gitlab
	Forge string `json:"forge"`
	// API is the address of the API, of the public service unless given.
	// +optional
	API string `json:"api,omitempty"`
	// Token is the key of a Secret with a token that may open pull requests.
	Token SecretKey `json:"token"`
}

// Notification is a webhook that takes JSON as Slack does.
type Notification struct {
	// Secret has the URL.
	Secret SecretKey `json:"secret"`
	// Events are which; without it, all.
	// +optional
	// +kubebuilder:validation:items:Enum=hold;approval;promoted;rollback
	Events []string `json:"events,omitempty"`
}

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

// RequestedAnnotation on a Promotion has its source looked at when
// its value changes.
const RequestedAnnotation = "tiphys.dev/requested-at"
