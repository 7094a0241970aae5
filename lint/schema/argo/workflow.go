package argo

import (
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// WorkflowSpec is a workflow spec: what to run and how.
type WorkflowSpec struct {
	// Seconds that the workflow may run before it is stopped.
	ActiveDeadlineSeconds int64 `json:"activeDeadlineSeconds"`
	// Node and pod affinity of all pods.
	Affinity *corev1.Affinity `json:"affinity"`
	// Whether the logs of all containers are kept as artifacts.
	ArchiveLogs bool `json:"archiveLogs"`
	// The values that the entrypoint and all templates see as workflow.parameters.
	Arguments *Arguments `json:"arguments"`
	// When output artifacts are deleted.
	ArtifactGC *WorkflowLevelArtifactGC `json:"artifactGC"`
	// The ConfigMap entry that names the artifact repository.
	ArtifactRepositoryRef *ArtifactRepositoryRef `json:"artifactRepositoryRef"`
	// Whether the pods get a token of their service account.
	AutomountServiceAccountToken bool `json:"automountServiceAccountToken"`
	// DNS settings of the pods.
	DNSConfig *corev1.PodDNSConfig `json:"dnsConfig"`
	// DNS policy of the pods.
	DNSPolicy corev1.DNSPolicy `json:"dnsPolicy"`
	// The name of the template that the workflow starts with.
	Entrypoint string `json:"entrypoint"`
	// The service account of the executor.
	Executor *ExecutorConfig `json:"executor"`
	// Plugins that are run for this workflow.
	ExecutorPlugins []ExecutorPlugin `json:"executorPlugins" since:"4.1"`
	// Templates that are run when the workflow gets into a state; the key "exit" is run at the end.
	Hooks map[string]LifecycleHook `json:"hooks"`
	// Lines of /etc/hosts of the pods.
	HostAliases []corev1.HostAlias `json:"hostAliases"`
	// Whether the pods use the network of their node.
	HostNetwork bool `json:"hostNetwork"`
	// Secrets with which images are pulled.
	ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets"`
	// Metrics of the workflow as a whole.
	Metrics *Metrics `json:"metrics"`
	// Labels that the node of each pod must have.
	NodeSelector map[string]string `json:"nodeSelector"`
	// The name of the template that is run when the workflow ends, well or badly.
	OnExit string `json:"onExit"`
	// How many pods may run at once.
	Parallelism int64 `json:"parallelism"`
	// A budget that protects the pods from eviction.
	PodDisruptionBudget *policyv1.PodDisruptionBudgetSpec `json:"podDisruptionBudget"`
	// When pods are deleted.
	PodGC *PodGC `json:"podGC"`
	// Labels and annotations of all pods.
	PodMetadata *Metadata `json:"podMetadata"`
	// The PriorityClass of all pods.
	PodPriorityClassName string `json:"podPriorityClassName"`
	// Resources of each pod as a whole.
	PodResources *corev1.ResourceRequirements `json:"podResources" since:"4.1"`
	// A patch of the pod spec, as YAML or JSON text.
	PodSpecPatch string `json:"podSpecPatch"`
	// Which workflow the controller takes up first: higher goes before lower.
	Priority int32 `json:"priority"`
	// Devices that the pods claim.
	ResourceClaims []corev1.PodResourceClaim `json:"resourceClaims"`
	// How every template is tried again.
	RetryStrategy *RetryStrategy `json:"retryStrategy"`
	// The scheduler of the pods.
	SchedulerName string `json:"schedulerName"`
	// Security settings of the pods.
	SecurityContext *corev1.PodSecurityContext `json:"securityContext"`
	// The service account that the pods run as.
	ServiceAccountName string `json:"serviceAccountName"`
	// Stops the workflow: with or without its exit handlers.
	Shutdown ShutdownStrategy `json:"shutdown"`
	// Whether the workflow waits before its next step.
	Suspend bool `json:"suspend"`
	// Locks that the workflow holds while it runs.
	Synchronization *Synchronization `json:"synchronization"`
	// Fields that every template has unless it says otherwise.
	TemplateDefaults *Template `json:"templateDefaults"`
	// The templates of the workflow.
	Templates []Template `json:"templates"`
	// Taints that the pods tolerate.
	Tolerations []corev1.Toleration `json:"tolerations"`
	// How long the workflow is kept once it has ended.
	TTLStrategy *TTLStrategy `json:"ttlStrategy"`
	// When the volume claims are deleted.
	VolumeClaimGC *VolumeClaimGC `json:"volumeClaimGC"`
	// Volume claims that live as long as the workflow.
	VolumeClaimTemplates []corev1.PersistentVolumeClaim `json:"volumeClaimTemplates"`
	// Volumes that containers may mount.
	Volumes []corev1.Volume `json:"volumes"`
	// Labels and annotations that the workflow gets.
	WorkflowMetadata *WorkflowMetadata `json:"workflowMetadata"`
	// The WorkflowTemplate whose spec is run.
	WorkflowTemplateRef *WorkflowTemplateRef `json:"workflowTemplateRef"`
	PodPriority         int32                `json:"podPriority" until:"4.0" use:"podPriorityClassName"`
}

// WorkflowTemplateRef is a workflow template reference: the WorkflowTemplate that a workflow runs.
type WorkflowTemplateRef struct {
	// The name of the WorkflowTemplate.
	Name string `json:"name"`
	// Whether the object is a ClusterWorkflowTemplate.
	ClusterScope bool `json:"clusterScope"`
}

// WorkflowMetadata is workflow metadata: labels and annotations of a workflow.
type WorkflowMetadata struct {
	Annotations map[string]string         `json:"annotations"`
	Labels      map[string]string         `json:"labels"`
	LabelsFrom  map[string]LabelValueFrom `json:"labelsFrom"`
}

// LabelValueFrom is a labelsFrom: a label whose value is an expression.
type LabelValueFrom struct {
	Expression string `json:"expression"`
}

// Metadata is pod metadata: labels and annotations of pods.
type Metadata struct {
	Annotations map[string]string `json:"annotations"`
	Labels      map[string]string `json:"labels"`
}

// PodGC is a podGC: when pods are deleted.
type PodGC struct {
	// How long pods are kept after that, such as 30s.
	DeleteDelayDuration string `json:"deleteDelayDuration"`
	// Which pods; all unless set.
	LabelSelector *metav1.LabelSelector `json:"labelSelector"`
	// When pods are deleted.
	Strategy PodGCStrategy `json:"strategy"`
}

// VolumeClaimGC is a volumeClaimGC: when volume claims are deleted.
type VolumeClaimGC struct {
	// When volume claims are deleted.
	Strategy VolumeClaimGCStrategy `json:"strategy"`
}

// TTLStrategy is a ttlStrategy: how long a finished workflow is kept.
type TTLStrategy struct {
	// Seconds that a workflow is kept after its end.
	SecondsAfterCompletion int32 `json:"secondsAfterCompletion"`
	// Seconds that a failed workflow is kept.
	SecondsAfterFailure int32 `json:"secondsAfterFailure"`
	// Seconds that a successful workflow is kept.
	SecondsAfterSuccess int32 `json:"secondsAfterSuccess"`
}

// ArtifactRepositoryRef is an artifact repository reference: the ConfigMap entry with the artifact repository.
type ArtifactRepositoryRef struct {
	ConfigMap string `json:"configMap"`
	Key       string `json:"key"`
}

// ExecutorConfig is an executor config: the service account of the executor.
type ExecutorConfig struct {
	ServiceAccountName string `json:"serviceAccountName"`
}

// ExecutorPlugin is an executor plugin: a plugin that a workflow brings along.
type ExecutorPlugin struct {
	Metadata *metav1.ObjectMeta  `json:"metadata"`
	Spec     *ExecutorPluginSpec `json:"spec"`
}

// ExecutorPluginSpec is an executor plugin spec: the sidecar of a plugin.
type ExecutorPluginSpec struct {
	Sidecar *ExecutorPluginSidecar `json:"sidecar"`
}

// ExecutorPluginSidecar is an executor plugin sidecar: the container of a plugin.
type ExecutorPluginSidecar struct {
	AutomountServiceAccountToken bool              `json:"automountServiceAccountToken"`
	Container                    *corev1.Container `json:"container"`
}

// Synchronization is a synchronization: the locks that must be held.
type Synchronization struct {
	// Locks with one holder.
	Mutexes []Mutex `json:"mutexes" since:"3.6"`
	// Locks with several holders.
	Semaphores []SemaphoreRef `json:"semaphores" since:"3.6"`
	Mutex      *Mutex         `json:"mutex" until:"4.0" use:"mutexes"`
	Semaphore  *SemaphoreRef  `json:"semaphore" until:"4.0" use:"semaphores"`
}

// SemaphoreRef is a semaphore: a lock with a number of holders.
type SemaphoreRef struct {
	// The ConfigMap key with the number of holders.
	ConfigMapKeyRef *corev1.ConfigMapKeySelector `json:"configMapKeyRef"`
	// The database row with the number of holders.
	Database *SyncDatabaseRef `json:"database"`
	// The namespace of the lock; that of the workflow unless set.
	Namespace string `json:"namespace"`
}

// SyncDatabaseRef is a semaphore in a database: the row with the limit.
type SyncDatabaseRef struct {
	Key string `json:"key"`
}

// Mutex is a mutex: a lock with one holder.
type Mutex struct {
	// The name of the lock.
	Name string `json:"name"`
	// Whether the lock is in the database.
	Database bool `json:"database"`
	// The namespace of the lock; that of the workflow unless set.
	Namespace string `json:"namespace"`
}

// Metrics is metrics: what is counted.
type Metrics struct {
	Prometheus []Prometheus `json:"prometheus"`
}

// Prometheus is a metric: one Prometheus metric.
type Prometheus struct {
	// The name of the metric.
	Name string `json:"name"`
	// Counts up.
	Counter *Counter `json:"counter"`
	// A value that goes up and down.
	Gauge *Gauge `json:"gauge"`
	// What the metric says.
	Help string `json:"help"`
	// Counts values in buckets.
	Histogram *Histogram `json:"histogram"`
	// Labels of the metric.
	Labels []MetricLabel `json:"labels"`
	// The condition under which it is written.
	When string `json:"when"`
}

// MetricLabel is a metric label: a label of a metric.
type MetricLabel struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Gauge is a gauge: a metric that goes up and down.
type Gauge struct {
	Operation GaugeOperation `json:"operation"`
	Realtime  bool           `json:"realtime"`
	Value     string         `json:"value"`
}

// Histogram is a histogram: a metric that counts in buckets.
type Histogram struct {
	Buckets []Amount `json:"buckets"`
	Value   string   `json:"value"`
}

// Counter is a counter: a metric that goes up.
type Counter struct {
	Value string `json:"value"`
}
