package v1alpha1

import (
	core "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

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
