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

// RequestedAnnotation on a Promotion has its source looked at when
// its value changes.
const RequestedAnnotation = "tiphys.dev/requested-at"

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
