package argo

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Template is a template: one thing that a workflow can do.
type Template struct {
	// The name by which the template is called.
	Name string `json:"name"`
	// Seconds that the pod may be active.
	ActiveDeadlineSeconds *intstr.IntOrString `json:"activeDeadlineSeconds"`
	// Node and pod affinity of the pod.
	Affinity *corev1.Affinity `json:"affinity"`
	// Annotations that the node of the workflow shows.
	Annotations map[string]string `json:"annotations"`
	// Where logs and artifacts are stored.
	ArchiveLocation *ArtifactLocation `json:"archiveLocation"`
	// Whether the pod gets a token of its service account.
	AutomountServiceAccountToken bool `json:"automountServiceAccountToken"`
	// Runs a container.
	Container *corev1.Container `json:"container"`
	// Runs several containers in one pod.
	ContainerSet *ContainerSetTemplate `json:"containerSet"`
	// Whether the workflow goes on as soon as the container is ready.
	Daemon bool `json:"daemon"`
	// Calls templates as soon as what they depend on is done.
	DAG *DAGTemplate `json:"dag"`
	// Lists data and transforms it.
	Data *Data `json:"data"`
	// The service account of the executor.
	Executor *ExecutorConfig `json:"executor"`
	// Whether a parallel loop fails with its first failure.
	FailFast bool `json:"failFast"`
	// Lines of /etc/hosts of the pod.
	HostAliases []corev1.HostAlias `json:"hostAliases"`
	// Sends an HTTP request.
	HTTP *HTTP `json:"http"`
	// Containers that run before the main one.
	InitContainers []UserContainer `json:"initContainers"`
	// The parameters and artifacts that the template takes.
	Inputs *Inputs `json:"inputs"`
	// Whether an earlier result is used again.
	Memoize *Memoize `json:"memoize"`
	// Labels and annotations of the pod.
	Metadata *Metadata `json:"metadata"`
	// Metrics of the template.
	Metrics *Metrics `json:"metrics"`
	// Labels that the node of the pod must have.
	NodeSelector map[string]string `json:"nodeSelector"`
	// The parameters and artifacts that the template gives.
	Outputs *Outputs `json:"outputs"`
	// How many children may run at once; for steps and dag.
	Parallelism int64 `json:"parallelism"`
	// How long the pod may wait to be scheduled.
	PendingTimeout string `json:"pendingTimeout" since:"4.1"`
	// Hands the work to an executor plugin, named by the only key.
	Plugin Plugin `json:"plugin"`
	// Resources of the pod as a whole.
	PodResources *corev1.ResourceRequirements `json:"podResources" since:"4.1"`
	// A patch of the pod spec, as YAML or JSON text.
	PodSpecPatch string `json:"podSpecPatch"`
	// The PriorityClass of the pod.
	PriorityClassName string `json:"priorityClassName"`
	// Creates, changes or reads a Kubernetes object.
	Resource *ResourceTemplate `json:"resource"`
	// Devices that the pod claims.
	ResourceClaims []corev1.PodResourceClaim `json:"resourceClaims"`
	// How the template is tried again.
	RetryStrategy *RetryStrategy `json:"retryStrategy"`
	// The scheduler of the pod.
	SchedulerName string `json:"schedulerName"`
	// Runs a script in a container.
	Script *ScriptTemplate `json:"script"`
	// Security settings of the pod.
	SecurityContext *corev1.PodSecurityContext `json:"securityContext"`
	// The service account that the pod runs as.
	ServiceAccountName string `json:"serviceAccountName"`
	// Containers that run beside the main one.
	Sidecars []UserContainer `json:"sidecars"`
	// Calls templates one group after the other; the steps of a group run together.
	Steps []ParallelSteps `json:"steps"`
	// Waits for a time or for a person.
	Suspend *SuspendTemplate `json:"suspend"`
	// Locks that the template holds while it runs.
	Synchronization *Synchronization `json:"synchronization"`
	// How long the template may take, waiting included, such as 30m.
	Timeout string `json:"timeout"`
	// Taints that the pod tolerates.
	Tolerations []corev1.Toleration `json:"tolerations"`
	// Volumes that the containers may mount.
	Volumes  []corev1.Volume `json:"volumes"`
	Priority int32           `json:"priority" until:"4.0" use:"priorityClassName"`
}

// RetryStrategy is a retry strategy: when and how often a template is tried again.
type RetryStrategy struct {
	// Where the next try may run.
	Affinity *RetryAffinity `json:"affinity"`
	// The wait between tries.
	Backoff *Backoff `json:"backoff"`
	// A condition over lastRetry under which to try again.
	Expression string `json:"expression"`
	// How often to try again.
	Limit *intstr.IntOrString `json:"limit"`
	// Which bad ends are tried again.
	RetryPolicy RetryPolicy `json:"retryPolicy"`
}

// Backoff is a backoff: the wait between tries.
type Backoff struct {
	// The longest wait.
	Cap string `json:"cap"`
	// The first wait, such as 10s.
	Duration string `json:"duration"`
	// What each wait is multiplied with to get the next.
	Factor *intstr.IntOrString `json:"factor"`
	// How long all tries together may take.
	MaxDuration string `json:"maxDuration"`
}

// RetryAffinity is a retry affinity: where the next try may run.
type RetryAffinity struct {
	NodeAntiAffinity *RetryNodeAntiAffinity `json:"nodeAntiAffinity"`
}

// RetryNodeAntiAffinity is a node anti-affinity of retries: the wish for another node.
type RetryNodeAntiAffinity struct {
}

// Memoize is a memoize: what is remembered of a template.
type Memoize struct {
	// Where results are remembered.
	Cache *Cache `json:"cache"`
	// What must be the same for a result to be used again.
	Key string `json:"key"`
	// How old a result may be, such as 10m.
	MaxAge string `json:"maxAge"`
}

// Cache is a cache: where results are remembered.
type Cache struct {
	ConfigMap *corev1.LocalObjectReference `json:"configMap"`
}

// ScriptTemplate is a script: a container that runs the source it is given.
type ScriptTemplate struct {
	corev1.Container `json:",inline"`
	// The script.
	Source string `json:"source"`
}

// UserContainer is a sidecar or init container: a container beside or before the main one.
type UserContainer struct {
	corev1.Container `json:",inline"`
	// Whether the mounts of the main container are mounted here too.
	MirrorVolumeMounts bool `json:"mirrorVolumeMounts"`
}

// ContainerSetTemplate is a container set: containers that run in one pod.
type ContainerSetTemplate struct {
	// The containers.
	Containers []ContainerNode `json:"containers"`
	// How containers are tried again.
	RetryStrategy *ContainerSetRetryStrategy `json:"retryStrategy"`
	// Mounts of all containers.
	VolumeMounts []corev1.VolumeMount `json:"volumeMounts"`
}

// ContainerNode is a container of a container set: a container with what it waits for.
type ContainerNode struct {
	corev1.Container `json:",inline"`
	// Containers of the set that must end well before.
	Dependencies []string `json:"dependencies"`
}

// ContainerSetRetryStrategy is a container set retry strategy: how often a container is tried again.
type ContainerSetRetryStrategy struct {
	Duration string              `json:"duration"`
	Retries  *intstr.IntOrString `json:"retries"`
}

// ResourceTemplate is a resource template: an operation on a Kubernetes object.
type ResourceTemplate struct {
	// What to do with the object.
	Action ResourceAction `json:"action"`
	// A condition over the object that means failure.
	FailureCondition string `json:"failureCondition"`
	// More arguments of kubectl.
	Flags []string `json:"flags"`
	// The object as YAML text.
	Manifest string `json:"manifest"`
	// The artifact with the object.
	ManifestFrom *ManifestFrom `json:"manifestFrom"`
	// How a patch is merged.
	MergeStrategy MergeStrategy `json:"mergeStrategy"`
	// Whether the object is deleted with the workflow.
	SetOwnerReference bool `json:"setOwnerReference"`
	// A condition over the object that means success.
	SuccessCondition string `json:"successCondition"`
}

// ManifestFrom is a manifestFrom: where the manifest of a resource comes from.
type ManifestFrom struct {
	Artifact *Artifact `json:"artifact"`
}

// Data is a data template: data that is listed and transformed.
type Data struct {
	Source         *DataSource          `json:"source"`
	Transformation []TransformationStep `json:"transformation"`
}

// DataSource is a data source: what a data template lists.
type DataSource struct {
	ArtifactPaths *ArtifactPaths `json:"artifactPaths"`
}

// TransformationStep is a transformation: one expression over the data.
type TransformationStep struct {
	Expression string `json:"expression"`
}

// SuspendTemplate is a suspend: a wait for time or a person.
type SuspendTemplate struct {
	// How long to wait; seconds, or such as 2m.
	Duration string `json:"duration"`
}

// HTTP is an HTTP template: an HTTP request.
type HTTP struct {
	// The body of the request.
	Body string `json:"body"`
	// The body of the request as bytes.
	BodyFrom *HTTPBodySource `json:"bodyFrom"`
	// Headers of the request.
	Headers []HTTPHeader `json:"headers"`
	// Whether certificates are not checked.
	InsecureSkipVerify bool `json:"insecureSkipVerify"`
	// The method; GET unless set.
	Method string `json:"method"`
	// A condition over the response that means success.
	SuccessCondition string `json:"successCondition"`
	// Seconds to wait for the response.
	TimeoutSeconds int64 `json:"timeoutSeconds"`
	// The address.
	URL string `json:"url"`
}

// HTTPBodySource is an HTTP bodyFrom: the body of a request as bytes.
type HTTPBodySource struct {
	Bytes []byte `json:"bytes"`
}

// HTTPHeader is an HTTP header: a header of a request.
type HTTPHeader struct {
	Name      string            `json:"name"`
	Value     string            `json:"value"`
	ValueFrom *HTTPHeaderSource `json:"valueFrom"`
}

// HTTPHeaderSource is an HTTP header valueFrom: where the value of a header comes from.
type HTTPHeaderSource struct {
	SecretKeyRef *corev1.SecretKeySelector `json:"secretKeyRef"`
}
