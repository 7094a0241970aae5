package events

import (
	corev1 "k8s.io/api/core/v1"
)

// AMQPEventSource is an AMQP event source.
type AMQPEventSource struct {
	Auth              *BasicAuth                 `json:"auth"`
	ConnectionBackoff *Backoff                   `json:"connectionBackoff"`
	Consume           *AMQPConsumeConfig         `json:"consume"`
	ExchangeDeclare   *AMQPExchangeDeclareConfig `json:"exchangeDeclare"`
	ExchangeName      string                     `json:"exchangeName"`
	ExchangeType      string                     `json:"exchangeType"`
	Filter            *EventSourceFilter         `json:"filter"`
	JSONBody          bool                       `json:"jsonBody"`
	Metadata          map[string]string          `json:"metadata"`
	QueueBind         *AMQPQueueBindConfig       `json:"queueBind"`
	QueueDeclare      *AMQPQueueDeclareConfig    `json:"queueDeclare"`
	RoutingKey        string                     `json:"routingKey"`
	TLS               *TLSConfig                 `json:"tls"`
	URL               string                     `json:"url"`
	UrlSecret         *corev1.SecretKeySelector  `json:"urlSecret"`
}

// AMQPConsumeConfig is an AMQP consume config: how messages are consumed.
type AMQPConsumeConfig struct {
	AutoAck     bool   `json:"autoAck"`
	ConsumerTag string `json:"consumerTag"`
	Exclusive   bool   `json:"exclusive"`
	NoLocal     bool   `json:"noLocal"`
	NoWait      bool   `json:"noWait"`
}

// AMQPExchangeDeclareConfig is an AMQP exchange config: how the exchange is declared.
type AMQPExchangeDeclareConfig struct {
	AutoDelete bool `json:"autoDelete"`
	Durable    bool `json:"durable"`
	Internal   bool `json:"internal"`
	NoWait     bool `json:"noWait"`
}

// AMQPQueueBindConfig is an AMQP bind config: how the queue is bound.
type AMQPQueueBindConfig struct {
	NoWait bool `json:"noWait"`
}

// AMQPQueueDeclareConfig is an AMQP queue config: how the queue is declared.
type AMQPQueueDeclareConfig struct {
	Name       string `json:"name"`
	Arguments  string `json:"arguments"`
	AutoDelete bool   `json:"autoDelete"`
	Durable    bool   `json:"durable"`
	Exclusive  bool   `json:"exclusive"`
	NoWait     bool   `json:"noWait"`
}

// AzureEventsHubEventSource is an AzureEventsHub event source.
type AzureEventsHubEventSource struct {
	Filter              *EventSourceFilter        `json:"filter"`
	Fqdn                string                    `json:"fqdn"`
	HubName             string                    `json:"hubName"`
	Metadata            map[string]string         `json:"metadata"`
	SharedAccessKey     *corev1.SecretKeySelector `json:"sharedAccessKey"`
	SharedAccessKeyName *corev1.SecretKeySelector `json:"sharedAccessKeyName"`
}

// AzureQueueStorageEventSource is an AzureQueueStorage event source.
type AzureQueueStorageEventSource struct {
	ConnectionString   *corev1.SecretKeySelector `json:"connectionString"`
	DecodeMessage      bool                      `json:"decodeMessage"`
	DLQ                bool                      `json:"dlq"`
	Filter             *EventSourceFilter        `json:"filter"`
	JSONBody           bool                      `json:"jsonBody"`
	Metadata           map[string]string         `json:"metadata"`
	QueueName          string                    `json:"queueName"`
	StorageAccountName string                    `json:"storageAccountName"`
	WaitTimeInSeconds  int32                     `json:"waitTimeInSeconds"`
}

// AzureServiceBusEventSource is an AzureServiceBus event source.
type AzureServiceBusEventSource struct {
	ConnectionString        *corev1.SecretKeySelector `json:"connectionString"`
	DeferDelete             bool                      `json:"deferDelete"`
	Filter                  *EventSourceFilter        `json:"filter"`
	FullyQualifiedNamespace string                    `json:"fullyQualifiedNamespace"`
	JSONBody                bool                      `json:"jsonBody"`
	Metadata                map[string]string         `json:"metadata"`
	QueueName               string                    `json:"queueName"`
	SubscriptionName        string                    `json:"subscriptionName"`
	TLS                     *TLSConfig                `json:"tls"`
	TopicName               string                    `json:"topicName"`
}

// EmitterEventSource is an Emitter event source.
type EmitterEventSource struct {
	Broker            string                    `json:"broker"`
	ChannelKey        string                    `json:"channelKey"`
	ChannelName       string                    `json:"channelName"`
	ConnectionBackoff *Backoff                  `json:"connectionBackoff"`
	Filter            *EventSourceFilter        `json:"filter"`
	JSONBody          bool                      `json:"jsonBody"`
	Metadata          map[string]string         `json:"metadata"`
	Password          *corev1.SecretKeySelector `json:"password"`
	TLS               *TLSConfig                `json:"tls"`
	Username          *corev1.SecretKeySelector `json:"username"`
}

// KafkaEventSource is a Kafka event source.
type KafkaEventSource struct {
	Config               string                `json:"config"`
	ConnectionBackoff    *Backoff              `json:"connectionBackoff"`
	ConsumerGroup        *KafkaConsumerGroup   `json:"consumerGroup"`
	Filter               *EventSourceFilter    `json:"filter"`
	JSONBody             bool                  `json:"jsonBody"`
	LimitEventsPerSecond int64                 `json:"limitEventsPerSecond"`
	Metadata             map[string]string     `json:"metadata"`
	Partition            string                `json:"partition"`
	SASL                 *SASLConfig           `json:"sasl"`
	SchemaRegistry       *SchemaRegistryConfig `json:"schemaRegistry"`
	TLS                  *TLSConfig            `json:"tls"`
	Topic                string                `json:"topic"`
	URL                  string                `json:"url"`
	Version              string                `json:"version"`
}

// KafkaConsumerGroup is a Kafka consumer group: how messages are shared out.
type KafkaConsumerGroup struct {
	GroupName         string `json:"groupName"`
	Oldest            bool   `json:"oldest"`
	RebalanceStrategy string `json:"rebalanceStrategy"`
}

// MNSEventSource is an MNS event source.
type MNSEventSource struct {
	AccessKey *corev1.SecretKeySelector `json:"accessKey"`
	Endpoint  string                    `json:"endpoint"`
	Filter    *EventSourceFilter        `json:"filter"`
	JSONBody  bool                      `json:"jsonBody"`
	Queue     string                    `json:"queue"`
	SecretKey *corev1.SecretKeySelector `json:"secretKey"`
}

// MQTTEventSource is an MQTT event source.
type MQTTEventSource struct {
	Auth              *BasicAuth         `json:"auth"`
	ClientID          string             `json:"clientId"`
	ConnectionBackoff *Backoff           `json:"connectionBackoff"`
	Filter            *EventSourceFilter `json:"filter"`
	JSONBody          bool               `json:"jsonBody"`
	Metadata          map[string]string  `json:"metadata"`
	TLS               *TLSConfig         `json:"tls"`
	Topic             string             `json:"topic"`
	URL               string             `json:"url"`
}

// NATSEventsSource is an NATS event source.
type NATSEventsSource struct {
	Auth              *NATSAuth          `json:"auth"`
	ConnectionBackoff *Backoff           `json:"connectionBackoff"`
	Filter            *EventSourceFilter `json:"filter"`
	JSONBody          bool               `json:"jsonBody"`
	Metadata          map[string]string  `json:"metadata"`
	Queue             string             `json:"queue"`
	Subject           string             `json:"subject"`
	TLS               *TLSConfig         `json:"tls"`
	URL               string             `json:"url"`
}

// NSQEventSource is an NSQ event source.
type NSQEventSource struct {
	Channel           string             `json:"channel"`
	ConnectionBackoff *Backoff           `json:"connectionBackoff"`
	Filter            *EventSourceFilter `json:"filter"`
	HostAddress       string             `json:"hostAddress"`
	JSONBody          bool               `json:"jsonBody"`
	Metadata          map[string]string  `json:"metadata"`
	TLS               *TLSConfig         `json:"tls"`
	Topic             string             `json:"topic"`
}

// PubSubEventSource is a PubSub event source.
type PubSubEventSource struct {
	CredentialSecret           *corev1.SecretKeySelector `json:"credentialSecret"`
	DeleteSubscriptionOnFinish bool                      `json:"deleteSubscriptionOnFinish"`
	Filter                     *EventSourceFilter        `json:"filter"`
	JSONBody                   bool                      `json:"jsonBody"`
	Metadata                   map[string]string         `json:"metadata"`
	ProjectID                  string                    `json:"projectID"`
	SubscriptionID             string                    `json:"subscriptionID"`
	Topic                      string                    `json:"topic"`
	TopicProjectID             string                    `json:"topicProjectID"`
}

// PulsarEventSource is a Pulsar event source.
type PulsarEventSource struct {
	AuthAthenzParams           map[string]string         `json:"authAthenzParams"`
	AuthAthenzSecret           *corev1.SecretKeySelector `json:"authAthenzSecret"`
	AuthTokenSecret            *corev1.SecretKeySelector `json:"authTokenSecret"`
	ConnectionBackoff          *Backoff                  `json:"connectionBackoff"`
	Filter                     *EventSourceFilter        `json:"filter"`
	JSONBody                   bool                      `json:"jsonBody"`
	Metadata                   map[string]string         `json:"metadata"`
	TLS                        *TLSConfig                `json:"tls"`
	TLSAllowInsecureConnection bool                      `json:"tlsAllowInsecureConnection"`
	TLSTrustCertsSecret        *corev1.SecretKeySelector `json:"tlsTrustCertsSecret"`
	TLSValidateHostname        bool                      `json:"tlsValidateHostname"`
	Topics                     []string                  `json:"topics"`
	Type                       string                    `json:"type"`
	URL                        string                    `json:"url"`
}

// RedisEventSource is a Redis event source.
type RedisEventSource struct {
	Channels    []string                  `json:"channels"`
	Db          int32                     `json:"db"`
	Filter      *EventSourceFilter        `json:"filter"`
	HostAddress string                    `json:"hostAddress"`
	JSONBody    bool                      `json:"jsonBody"`
	Metadata    map[string]string         `json:"metadata"`
	Namespace   string                    `json:"namespace"`
	Password    *corev1.SecretKeySelector `json:"password"`
	TLS         *TLSConfig                `json:"tls"`
	Username    string                    `json:"username"`
}

// RedisStreamEventSource is a RedisStream event source.
type RedisStreamEventSource struct {
	ConsumerGroup      string                    `json:"consumerGroup"`
	Db                 int32                     `json:"db"`
	Filter             *EventSourceFilter        `json:"filter"`
	HostAddress        string                    `json:"hostAddress"`
	MaxMsgCountPerRead int32                     `json:"maxMsgCountPerRead"`
	Metadata           map[string]string         `json:"metadata"`
	Password           *corev1.SecretKeySelector `json:"password"`
	Streams            []string                  `json:"streams"`
	TLS                *TLSConfig                `json:"tls"`
	Username           string                    `json:"username"`
}

// SNSEventSource is an SNS event source.
type SNSEventSource struct {
	AccessKey         *corev1.SecretKeySelector `json:"accessKey"`
	Endpoint          string                    `json:"endpoint"`
	Filter            *EventSourceFilter        `json:"filter"`
	Metadata          map[string]string         `json:"metadata"`
	Region            string                    `json:"region"`
	RoleARN           string                    `json:"roleARN"`
	SecretKey         *corev1.SecretKeySelector `json:"secretKey"`
	TopicArn          string                    `json:"topicArn"`
	ValidateSignature bool                      `json:"validateSignature"`
	Webhook           *WebhookContext           `json:"webhook"`
}

// SQSEventSource is an SQS event source.
type SQSEventSource struct {
	AccessKey       *corev1.SecretKeySelector `json:"accessKey"`
	DLQ             bool                      `json:"dlq"`
	Endpoint        string                    `json:"endpoint"`
	Filter          *EventSourceFilter        `json:"filter"`
	JSONBody        bool                      `json:"jsonBody"`
	Metadata        map[string]string         `json:"metadata"`
	Queue           string                    `json:"queue"`
	QueueAccountID  string                    `json:"queueAccountId"`
	Region          string                    `json:"region"`
	RoleARN         string                    `json:"roleARN"`
	SecretKey       *corev1.SecretKeySelector `json:"secretKey"`
	SessionToken    *corev1.SecretKeySelector `json:"sessionToken"`
	WaitTimeSeconds int64                     `json:"waitTimeSeconds"`
}
