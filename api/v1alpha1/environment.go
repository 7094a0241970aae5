package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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
