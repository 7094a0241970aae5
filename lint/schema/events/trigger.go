package events

import (
	corev1 "k8s.io/api/core/v1"
)

// Trigger is a trigger: what is done, with its parameters and policy.
type Trigger struct {
	AtLeastOnce   bool               `json:"atLeastOnce"`
	DlqTrigger    *Trigger           `json:"dlqTrigger"`
	Parameters    []TriggerParameter `json:"parameters"`
	Policy        *TriggerPolicy     `json:"policy"`
	RateLimit     *RateLimit         `json:"rateLimit"`
	RetryStrategy *Backoff           `json:"retryStrategy"`
	Template      *TriggerTemplate   `json:"template"`
}

// TriggerTemplate is a trigger template: what is done.
type TriggerTemplate struct {
	Name            string                    `json:"name"`
	ArgoWorkflow    *ArgoWorkflowTrigger      `json:"argoWorkflow"`
	AwsLambda       *AWSLambdaTrigger         `json:"awsLambda"`
	AzureEventHubs  *AzureEventHubsTrigger    `json:"azureEventHubs"`
	AzureServiceBus *AzureServiceBusTrigger   `json:"azureServiceBus"`
	Conditions      string                    `json:"conditions"`
	ConditionsReset []ConditionsResetCriteria `json:"conditionsReset"`
	Custom          *CustomTrigger            `json:"custom"`
	Email           *EmailTrigger             `json:"email"`
	HTTP            *HTTPTrigger              `json:"http"`
	K8s             *StandardK8STrigger       `json:"k8s"`
	Kafka           *KafkaTrigger             `json:"kafka"`
	Log             *LogTrigger               `json:"log"`
	NATS            *NATSTrigger              `json:"nats"`
	OpenWhisk       *OpenWhiskTrigger         `json:"openWhisk"`
	Pulsar          *PulsarTrigger            `json:"pulsar"`
	Slack           *SlackTrigger             `json:"slack"`
}

// TriggerParameter is a trigger parameter: a value of the event that is written into the trigger.
type TriggerParameter struct {
	Dest      string                  `json:"dest"`
	Operation ParameterOperation      `json:"operation"`
	Src       *TriggerParameterSource `json:"src"`
}

// TriggerParameterSource is a trigger parameter source: where in the event the value is.
type TriggerParameterSource struct {
	ContextKey      string `json:"contextKey"`
	ContextTemplate string `json:"contextTemplate"`
	DataKey         string `json:"dataKey"`
	DataTemplate    string `json:"dataTemplate"`
	DependencyName  string `json:"dependencyName"`
	UseRawData      bool   `json:"useRawData"`
	Value           string `json:"value"`
}

// TriggerPolicy is a trigger policy: what counts as success.
type TriggerPolicy struct {
	K8s    *K8SResourcePolicy `json:"k8s"`
	Status *StatusPolicy      `json:"status"`
}

// K8SResourcePolicy is a resource policy: the labels that mean success.
type K8SResourcePolicy struct {
	Backoff               *Backoff          `json:"backoff"`
	ErrorOnBackoffTimeout bool              `json:"errorOnBackoffTimeout"`
	Labels                map[string]string `json:"labels"`
}

// StatusPolicy is a status policy: the HTTP status codes that mean success.
type StatusPolicy struct {
	Allow []int32 `json:"allow"`
}

// RateLimit is a rate limit: how often a trigger may run.
type RateLimit struct {
	RequestsPerUnit int32  `json:"requestsPerUnit"`
	Unit            string `json:"unit"`
}

// ConditionsResetCriteria is a conditions reset: when dependencies are forgotten.
type ConditionsResetCriteria struct {
	ByTime *ConditionsResetByTime `json:"byTime"`
}

// ConditionsResetByTime is a conditions reset by time: a cron expression.
type ConditionsResetByTime struct {
	Cron     string `json:"cron"`
	Timezone string `json:"timezone"`
}

// ArgoWorkflowTrigger is an Argo workflow trigger: an operation on a workflow.
type ArgoWorkflowTrigger struct {
	Args       []string           `json:"args"`
	Operation  WorkflowOperation  `json:"operation"`
	Parameters []TriggerParameter `json:"parameters"`
	Source     *ArtifactLocation  `json:"source"`
}

// StandardK8STrigger is a Kubernetes trigger: an operation on a Kubernetes object.
type StandardK8STrigger struct {
	LiveObject    bool               `json:"liveObject"`
	Operation     ResourceOperation  `json:"operation"`
	Parameters    []TriggerParameter `json:"parameters"`
	PatchStrategy string             `json:"patchStrategy"`
	Source        *ArtifactLocation  `json:"source"`
}

// ArtifactLocation is a trigger source: where the object of a trigger comes from.
type ArtifactLocation struct {
	Configmap *corev1.ConfigMapKeySelector `json:"configmap"`
	File      *FileArtifact                `json:"file"`
	Git       *GitArtifact                 `json:"git"`
	Inline    string                       `json:"inline"`
	Resource  K8SResource                  `json:"resource"`
	S3        *S3Artifact                  `json:"s3"`
	URL       *URLArtifact                 `json:"url"`
}

// FileArtifact is a file source: a file of the sensor pod.
type FileArtifact struct {
	Path string `json:"path"`
}

// GitArtifact is a git source: a file of a git repository.
type GitArtifact struct {
	Branch                string                    `json:"branch"`
	CloneDirectory        string                    `json:"cloneDirectory"`
	Creds                 *GitCreds                 `json:"creds"`
	FilePath              string                    `json:"filePath"`
	GithubApp             *GithubAppCreds           `json:"githubApp"`
	InsecureIgnoreHostKey bool                      `json:"insecureIgnoreHostKey"`
	Ref                   string                    `json:"ref"`
	Remote                *GitRemoteConfig          `json:"remote"`
	SSHKeySecret          *corev1.SecretKeySelector `json:"sshKeySecret"`
	Tag                   string                    `json:"tag"`
	URL                   string                    `json:"url"`
}

// GitCreds is git credentials: a user name and a password from Secrets.
type GitCreds struct {
	Password *corev1.SecretKeySelector `json:"password"`
	Username *corev1.SecretKeySelector `json:"username"`
}

// GitRemoteConfig is a git remote: a name and its addresses.
type GitRemoteConfig struct {
	Name string   `json:"name"`
	Urls []string `json:"urls"`
}

// URLArtifact is a URL source: a file behind an address.
type URLArtifact struct {
	Path       string `json:"path"`
	VerifyCert bool   `json:"verifyCert"`
}

// HTTPTrigger is an HTTP trigger: an HTTP request.
type HTTPTrigger struct {
	BasicAuth      *BasicAuth         `json:"basicAuth"`
	DynamicHeaders []TriggerParameter `json:"dynamicHeaders"`
	Headers        map[string]string  `json:"headers"`
	Host           string             `json:"host"`
	Method         string             `json:"method"`
	Parameters     []TriggerParameter `json:"parameters"`
	Payload        []TriggerParameter `json:"payload"`
	SecureHeaders  []SecureHeader     `json:"secureHeaders"`
	Timeout        string             `json:"timeout"`
	TLS            *TLSConfig         `json:"tls"`
	URL            string             `json:"url"`
}

// SecureHeader is a secure header: a header with a value from a Secret or ConfigMap.
type SecureHeader struct {
	Name      string           `json:"name"`
	ValueFrom *ValueFromSource `json:"valueFrom"`
}

// ValueFromSource is a valueFrom: a key of a Secret or ConfigMap.
type ValueFromSource struct {
	ConfigMapKeyRef *corev1.ConfigMapKeySelector `json:"configMapKeyRef"`
	SecretKeyRef    *corev1.SecretKeySelector    `json:"secretKeyRef"`
}

// KafkaTrigger is a Kafka trigger.
type KafkaTrigger struct {
	Compress        bool                  `json:"compress"`
	FlushFrequency  int32                 `json:"flushFrequency"`
	Headers         map[string]string     `json:"headers"`
	Parameters      []TriggerParameter    `json:"parameters"`
	Partition       int32                 `json:"partition"`
	PartitioningKey string                `json:"partitioningKey"`
	Payload         []TriggerParameter    `json:"payload"`
	RequiredAcks    int32                 `json:"requiredAcks"`
	SASL            *SASLConfig           `json:"sasl"`
	SchemaRegistry  *SchemaRegistryConfig `json:"schemaRegistry"`
	SecureHeaders   []SecureHeader        `json:"secureHeaders"`
	TLS             *TLSConfig            `json:"tls"`
	Topic           string                `json:"topic"`
	URL             string                `json:"url"`
	Version         string                `json:"version"`
}

// NATSTrigger is an NATS trigger.
type NATSTrigger struct {
	Auth       *NATSAuth          `json:"auth"`
	Parameters []TriggerParameter `json:"parameters"`
	Payload    []TriggerParameter `json:"payload"`
	Subject    string             `json:"subject"`
	TLS        *TLSConfig         `json:"tls"`
	URL        string             `json:"url"`
}

// PulsarTrigger is a Pulsar trigger.
type PulsarTrigger struct {
	AuthAthenzParams           map[string]string         `json:"authAthenzParams"`
	AuthAthenzSecret           *corev1.SecretKeySelector `json:"authAthenzSecret"`
	AuthTokenSecret            *corev1.SecretKeySelector `json:"authTokenSecret"`
	ConnectionBackoff          *Backoff                  `json:"connectionBackoff"`
	Parameters                 []TriggerParameter        `json:"parameters"`
	Payload                    []TriggerParameter        `json:"payload"`
	TLS                        *TLSConfig                `json:"tls"`
	TLSAllowInsecureConnection bool                      `json:"tlsAllowInsecureConnection"`
	TLSTrustCertsSecret        *corev1.SecretKeySelector `json:"tlsTrustCertsSecret"`
	TLSValidateHostname        bool                      `json:"tlsValidateHostname"`
	Topic                      string                    `json:"topic"`
	URL                        string                    `json:"url"`
}

// AWSLambdaTrigger is an AWSLambda trigger.
type AWSLambdaTrigger struct {
	AccessKey      *corev1.SecretKeySelector `json:"accessKey"`
	FunctionName   string                    `json:"functionName"`
	InvocationType string                    `json:"invocationType"`
	Parameters     []TriggerParameter        `json:"parameters"`
	Payload        []TriggerParameter        `json:"payload"`
	Region         string                    `json:"region"`
	RoleARN        string                    `json:"roleARN"`
	SecretKey      *corev1.SecretKeySelector `json:"secretKey"`
}

// AzureEventHubsTrigger is an AzureEventHubs trigger.
type AzureEventHubsTrigger struct {
	Fqdn                string                    `json:"fqdn"`
	HubName             string                    `json:"hubName"`
	Parameters          []TriggerParameter        `json:"parameters"`
	Payload             []TriggerParameter        `json:"payload"`
	SharedAccessKey     *corev1.SecretKeySelector `json:"sharedAccessKey"`
	SharedAccessKeyName *corev1.SecretKeySelector `json:"sharedAccessKeyName"`
}

// AzureServiceBusTrigger is an AzureServiceBus trigger.
type AzureServiceBusTrigger struct {
	ConnectionString *corev1.SecretKeySelector `json:"connectionString"`
	Parameters       []TriggerParameter        `json:"parameters"`
	Payload          []TriggerParameter        `json:"payload"`
	QueueName        string                    `json:"queueName"`
	SubscriptionName string                    `json:"subscriptionName"`
	TLS              *TLSConfig                `json:"tls"`
	TopicName        string                    `json:"topicName"`
}

// CustomTrigger is a Custom trigger.
type CustomTrigger struct {
	CertSecret         *corev1.SecretKeySelector `json:"certSecret"`
	Parameters         []TriggerParameter        `json:"parameters"`
	Payload            []TriggerParameter        `json:"payload"`
	Secure             bool                      `json:"secure"`
	ServerNameOverride string                    `json:"serverNameOverride"`
	ServerURL          string                    `json:"serverURL"`
	Spec               map[string]string         `json:"spec"`
}

// EmailTrigger is an Email trigger.
type EmailTrigger struct {
	Body         string                    `json:"body"`
	From         string                    `json:"from"`
	Host         string                    `json:"host"`
	Parameters   []TriggerParameter        `json:"parameters"`
	Port         int32                     `json:"port"`
	SMTPPassword *corev1.SecretKeySelector `json:"smtpPassword"`
	Subject      string                    `json:"subject"`
	To           []string                  `json:"to"`
	Username     string                    `json:"username"`
}

// LogTrigger is a Log trigger.
type LogTrigger struct {
	IntervalSeconds uint64 `json:"intervalSeconds"`
}

// OpenWhiskTrigger is an OpenWhisk trigger.
type OpenWhiskTrigger struct {
	ActionName string                    `json:"actionName"`
	AuthToken  *corev1.SecretKeySelector `json:"authToken"`
	Host       string                    `json:"host"`
	Namespace  string                    `json:"namespace"`
	Parameters []TriggerParameter        `json:"parameters"`
	Payload    []TriggerParameter        `json:"payload"`
	Version    string                    `json:"version"`
}

// SlackTrigger is a Slack trigger.
type SlackTrigger struct {
	Attachments string                    `json:"attachments"`
	Blocks      string                    `json:"blocks"`
	Channel     string                    `json:"channel"`
	Message     string                    `json:"message"`
	Parameters  []TriggerParameter        `json:"parameters"`
	Sender      *SlackSender              `json:"sender"`
	SlackToken  *corev1.SecretKeySelector `json:"slackToken"`
	Thread      *SlackThread              `json:"thread"`
}

// SlackSender is a Slack sender: the name and icon of a message.
type SlackSender struct {
	Icon     string `json:"icon"`
	Username string `json:"username"`
}

// SlackThread is a Slack thread: how messages are gathered.
type SlackThread struct {
	BroadcastMessageToChannel bool   `json:"broadcastMessageToChannel"`
	MessageAggregationKey     string `json:"messageAggregationKey"`
}
