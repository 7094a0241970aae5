package events

import (
	corev1 "k8s.io/api/core/v1"
)

// Template is a pod template: the pod of a Sensor or EventSource.
type Template struct {
	Affinity           *corev1.Affinity              `json:"affinity"`
	Container          *Container                    `json:"container"`
	ImagePullSecrets   []corev1.LocalObjectReference `json:"imagePullSecrets"`
	Metadata           *Metadata                     `json:"metadata"`
	NodeSelector       map[string]string             `json:"nodeSelector"`
	Priority           int32                         `json:"priority"`
	PriorityClassName  string                        `json:"priorityClassName"`
	SecurityContext    *corev1.PodSecurityContext    `json:"securityContext"`
	ServiceAccountName string                        `json:"serviceAccountName"`
	Tolerations        []corev1.Toleration           `json:"tolerations"`
	Volumes            []corev1.Volume               `json:"volumes"`
}

// Container is a container of a pod template: what may be changed of the container.
type Container struct {
	Env             []corev1.EnvVar              `json:"env"`
	EnvFrom         []corev1.EnvFromSource       `json:"envFrom"`
	ImagePullPolicy corev1.PullPolicy            `json:"imagePullPolicy"`
	Resources       *corev1.ResourceRequirements `json:"resources"`
	SecurityContext *corev1.SecurityContext      `json:"securityContext"`
	VolumeMounts    []corev1.VolumeMount         `json:"volumeMounts"`
}

// Metadata is pod metadata: labels and annotations.
type Metadata struct {
	Annotations map[string]string `json:"annotations"`
	Labels      map[string]string `json:"labels"`
}

// Service is a service: the Service in front of an EventSource.
type Service struct {
	ClusterIP string               `json:"clusterIP"`
	Metadata  *Metadata            `json:"metadata"`
	Ports     []corev1.ServicePort `json:"ports"`
}

// Backoff is a backoff: the wait between tries.
type Backoff struct {
	Duration Int64OrString `json:"duration"`
	Factor   Amount        `json:"factor"`
	Jitter   Amount        `json:"jitter"`
	Steps    int32         `json:"steps"`
}

// BasicAuth is a basic auth: a user name and a password from Secrets.
type BasicAuth struct {
	Password *corev1.SecretKeySelector `json:"password"`
	Username *corev1.SecretKeySelector `json:"username"`
}

// TLSConfig is a TLS config: certificates from Secrets.
type TLSConfig struct {
	CaCertSecret       *corev1.SecretKeySelector `json:"caCertSecret"`
	ClientCertSecret   *corev1.SecretKeySelector `json:"clientCertSecret"`
	ClientKeySecret    *corev1.SecretKeySelector `json:"clientKeySecret"`
	Enabled            bool                      `json:"enabled"`
	InsecureSkipVerify bool                      `json:"insecureSkipVerify"`
}

// SASLConfig is a SASL config: how to log in to Kafka.
type SASLConfig struct {
	Mechanism      string                    `json:"mechanism"`
	PasswordSecret *corev1.SecretKeySelector `json:"passwordSecret"`
	UserSecret     *corev1.SecretKeySelector `json:"userSecret"`
}

// SchemaRegistryConfig is a schema registry config: the registry of Avro schemas.
type SchemaRegistryConfig struct {
	Auth     *BasicAuth `json:"auth"`
	SchemaID int32      `json:"schemaId"`
	URL      string     `json:"url"`
}

// NATSAuth is a NATS auth: how to log in to NATS.
type NATSAuth struct {
	Basic      *BasicAuth                `json:"basic"`
	Credential *corev1.SecretKeySelector `json:"credential"`
	Nkey       *corev1.SecretKeySelector `json:"nkey"`
	Token      *corev1.SecretKeySelector `json:"token"`
}

// S3Artifact is an S3 source: a bucket and what to watch or read there.
type S3Artifact struct {
	AccessKey     *corev1.SecretKeySelector `json:"accessKey"`
	Bucket        *S3Bucket                 `json:"bucket"`
	CaCertificate *corev1.SecretKeySelector `json:"caCertificate"`
	Endpoint      string                    `json:"endpoint"`
	Events        []string                  `json:"events"`
	Filter        *S3Filter                 `json:"filter"`
	Insecure      bool                      `json:"insecure"`
	Metadata      map[string]string         `json:"metadata"`
	Region        string                    `json:"region"`
	SecretKey     *corev1.SecretKeySelector `json:"secretKey"`
}

// S3Bucket is an S3 bucket: a bucket and a key.
type S3Bucket struct {
	Name string `json:"name"`
	Key  string `json:"key"`
}

// S3Filter is an S3 filter: which objects count.
type S3Filter struct {
	Prefix string `json:"prefix"`
	Suffix string `json:"suffix"`
}
