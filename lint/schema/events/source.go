package events

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// EventSource is an EventSource: where events come from.
type EventSource struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        *metav1.ObjectMeta `json:"metadata"`
	Spec            *EventSourceSpec   `json:"spec"`
	Status          Free               `json:"status"`
}

// EventSourceSpec is an event source spec: events by type and name.
type EventSourceSpec struct {
	AMQP              map[string]AMQPEventSource              `json:"amqp"`
	AzureEventsHub    map[string]AzureEventsHubEventSource    `json:"azureEventsHub"`
	AzureQueueStorage map[string]AzureQueueStorageEventSource `json:"azureQueueStorage"`
	AzureServiceBus   map[string]AzureServiceBusEventSource   `json:"azureServiceBus"`
	Bitbucket         map[string]BitbucketEventSource         `json:"bitbucket"`
	Bitbucketserver   map[string]BitbucketServerEventSource   `json:"bitbucketserver"`
	Calendar          map[string]CalendarEventSource          `json:"calendar"`
	Emitter           map[string]EmitterEventSource           `json:"emitter"`
	EventBusName      string                                  `json:"eventBusName"`
	File              map[string]FileEventSource              `json:"file"`
	Generic           map[string]GenericEventSource           `json:"generic"`
	Gerrit            map[string]GerritEventSource            `json:"gerrit"`
	Github            map[string]GithubEventSource            `json:"github"`
	Gitlab            map[string]GitlabEventSource            `json:"gitlab"`
	HDFS              map[string]HDFSEventSource              `json:"hdfs"`
	Kafka             map[string]KafkaEventSource             `json:"kafka"`
	Minio             map[string]S3Artifact                   `json:"minio"`
	MNS               map[string]MNSEventSource               `json:"mns"`
	MQTT              map[string]MQTTEventSource              `json:"mqtt"`
	NATS              map[string]NATSEventsSource             `json:"nats"`
	NSQ               map[string]NSQEventSource               `json:"nsq"`
	PubSub            map[string]PubSubEventSource            `json:"pubSub"`
	Pulsar            map[string]PulsarEventSource            `json:"pulsar"`
	Redis             map[string]RedisEventSource             `json:"redis"`
	RedisStream       map[string]RedisStreamEventSource       `json:"redisStream"`
	Replicas          int32                                   `json:"replicas"`
	Resource          map[string]ResourceEventSource          `json:"resource"`
	Service           *Service                                `json:"service"`
	SFTP              map[string]SFTPEventSource              `json:"sftp"`
	Slack             map[string]SlackEventSource             `json:"slack"`
	SNS               map[string]SNSEventSource               `json:"sns"`
	SQS               map[string]SQSEventSource               `json:"sqs"`
	StorageGrid       map[string]StorageGridEventSource       `json:"storageGrid"`
	Stripe            map[string]StripeEventSource            `json:"stripe"`
	Template          *Template                               `json:"template"`
	Webhook           map[string]WebhookEventSource           `json:"webhook"`
}

// CalendarEventSource is a Calendar event source.
type CalendarEventSource struct {
	ExclusionDates []string           `json:"exclusionDates"`
	Filter         *EventSourceFilter `json:"filter"`
	Interval       string             `json:"interval"`
	Metadata       map[string]string  `json:"metadata"`
	Persistence    *EventPersistence  `json:"persistence"`
	Schedule       string             `json:"schedule"`
	Timezone       string             `json:"timezone"`
}

// CatchupConfiguration is a catchup: whether missed schedules are made up for.
type CatchupConfiguration struct {
	Enabled     bool   `json:"enabled"`
	MaxDuration string `json:"maxDuration"`
}

// ConfigMapPersistence is a ConfigMap persistence: the ConfigMap that remembers.
type ConfigMapPersistence struct {
	Name             string `json:"name"`
	CreateIfNotExist bool   `json:"createIfNotExist"`
}

// EventPersistence is an event persistence: how the last event is remembered.
type EventPersistence struct {
	Catchup   *CatchupConfiguration `json:"catchup"`
	ConfigMap *ConfigMapPersistence `json:"configMap"`
}

// EventSourceFilter is an event source filter: an expression over the event.
type EventSourceFilter struct {
	Expression string `json:"expression"`
}

// FileEventSource is a File event source.
type FileEventSource struct {
	EventType       string             `json:"eventType"`
	Filter          *EventSourceFilter `json:"filter"`
	Metadata        map[string]string  `json:"metadata"`
	Polling         bool               `json:"polling"`
	WatchPathConfig *WatchPathConfig   `json:"watchPathConfig"`
}

// GenericEventSource is a Generic event source.
type GenericEventSource struct {
	AuthSecret *corev1.SecretKeySelector `json:"authSecret"`
	Config     string                    `json:"config"`
	Filter     *EventSourceFilter        `json:"filter"`
	Insecure   bool                      `json:"insecure"`
	JSONBody   bool                      `json:"jsonBody"`
	Metadata   map[string]string         `json:"metadata"`
	URL        string                    `json:"url"`
}

// HDFSEventSource is an HDFS event source.
type HDFSEventSource struct {
	WatchPathConfig         `json:",inline"`
	Addresses               []string                     `json:"addresses"`
	CheckInterval           string                       `json:"checkInterval"`
	Filter                  *EventSourceFilter           `json:"filter"`
	HdfsUser                string                       `json:"hdfsUser"`
	KrbCCacheSecret         *corev1.SecretKeySelector    `json:"krbCCacheSecret"`
	KrbConfigConfigMap      *corev1.ConfigMapKeySelector `json:"krbConfigConfigMap"`
	KrbKeytabSecret         *corev1.SecretKeySelector    `json:"krbKeytabSecret"`
	KrbRealm                string                       `json:"krbRealm"`
	KrbServicePrincipalName string                       `json:"krbServicePrincipalName"`
	KrbUsername             string                       `json:"krbUsername"`
	Metadata                map[string]string            `json:"metadata"`
	Type                    string                       `json:"type"`
}

// ResourceEventSource is a Resource event source.
type ResourceEventSource struct {
	metav1.GroupVersionResource `json:",inline"`
	EventTypes                  []string          `json:"eventTypes"`
	Filter                      *ResourceFilter   `json:"filter"`
	Metadata                    map[string]string `json:"metadata"`
	Namespace                   string            `json:"namespace"`
}

// ResourceFilter is a resource filter: which objects count.
type ResourceFilter struct {
	AfterStart bool         `json:"afterStart"`
	CreatedBy  *metav1.Time `json:"createdBy"`
	Fields     []Selector   `json:"fields"`
	Labels     []Selector   `json:"labels"`
	Prefix     string       `json:"prefix"`
}

// SFTPEventSource is an SFTP event source.
type SFTPEventSource struct {
	Address              *corev1.SecretKeySelector `json:"address"`
	EventType            string                    `json:"eventType"`
	Filter               *EventSourceFilter        `json:"filter"`
	Metadata             map[string]string         `json:"metadata"`
	Password             *corev1.SecretKeySelector `json:"password"`
	PollIntervalDuration string                    `json:"pollIntervalDuration"`
	SSHKeySecret         *corev1.SecretKeySelector `json:"sshKeySecret"`
	Username             *corev1.SecretKeySelector `json:"username"`
	WatchPathConfig      *WatchPathConfig          `json:"watchPathConfig"`
}

// Selector is a selector: a condition on a label or field.
type Selector struct {
	Key       string `json:"key"`
	Operation string `json:"operation"`
	Value     string `json:"value"`
}

// WatchPathConfig is a watch path: the folder and files that are watched.
type WatchPathConfig struct {
	Directory  string `json:"directory"`
	Path       string `json:"path"`
	PathRegexp string `json:"pathRegexp"`
}
