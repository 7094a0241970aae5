package argo

import (
	corev1 "k8s.io/api/core/v1"
)

// Artifact is an artifact: a file or folder that is passed between templates.
type Artifact struct {
	ArtifactLocation `json:",inline"`
	// The name.
	Name string `json:"name"`
	// How the artifact is packed.
	Archive *ArchiveStrategy `json:"archive"`
	// When the artifact is deleted.
	ArtifactGC *ArtifactGC `json:"artifactGC"`
	// Whether the artifact has been deleted; set by the engine.
	Deleted bool `json:"deleted"`
	// A reference to an artifact of a call or an input.
	From string `json:"from"`
	// An expression that gives the artifact.
	FromExpression string `json:"fromExpression"`
	// The name under which the whole workflow sees an output.
	GlobalName string `json:"globalName"`
	// Permission bits of the file, such as 0755.
	Mode int32 `json:"mode"`
	// Whether the artifact may be missing.
	Optional bool `json:"optional"`
	// The path in the container.
	Path string `json:"path"`
	// Whether mode goes for all files of a folder.
	RecurseMode bool `json:"recurseMode"`
	// A path in the artifact that is taken alone.
	SubPath string `json:"subPath"`
}

// ArtifactLocation is an artifact location: where an artifact is stored.
type ArtifactLocation struct {
	ArchiveLogs bool                 `json:"archiveLogs"`
	Artifactory *ArtifactoryArtifact `json:"artifactory"`
	Azure       *AzureArtifact       `json:"azure"`
	GCS         *GCSArtifact         `json:"gcs"`
	Git         *GitArtifact         `json:"git"`
	HDFS        *HDFSArtifact        `json:"hdfs"`
	HTTP        *HTTPArtifact        `json:"http"`
	OSS         *OSSArtifact         `json:"oss"`
	Plugin      *PluginArtifact      `json:"plugin"`
	Raw         *RawArtifact         `json:"raw"`
	S3          *S3Artifact          `json:"s3"`
}

// ArchiveStrategy is an archive strategy: how an artifact is packed.
type ArchiveStrategy struct {
	None *NoneStrategy `json:"none"`
	Tar  *TarStrategy  `json:"tar"`
	Zip  *ZipStrategy  `json:"zip"`
}

// ArtifactGC is an artifact garbage collection: when artifacts are deleted.
type ArtifactGC struct {
	PodMetadata        *Metadata `json:"podMetadata"`
	ServiceAccountName string    `json:"serviceAccountName"`
	// When artifacts are deleted.
	Strategy ArtifactGCStrategy `json:"strategy"`
}

// ArtifactPaths is artifact paths: an artifact whose file names are the data.
type ArtifactPaths struct {
	Artifact `json:",inline"`
}

// ArtifactoryArtifact is an Artifactory artifact: an artifact in Artifactory.
type ArtifactoryArtifact struct {
	PasswordSecret *corev1.SecretKeySelector `json:"passwordSecret"`
	URL            string                    `json:"url"`
	UsernameSecret *corev1.SecretKeySelector `json:"usernameSecret"`
}

// AzureArtifact is an Azure artifact: an artifact in Azure Blob Storage.
type AzureArtifact struct {
	AccountKeySecret *corev1.SecretKeySelector `json:"accountKeySecret"`
	Blob             string                    `json:"blob"`
	Container        string                    `json:"container"`
	Endpoint         string                    `json:"endpoint"`
	UseSDKCreds      bool                      `json:"useSDKCreds"`
}

// BasicAuth is a basic auth: a user name and a password from Secrets.
type BasicAuth struct {
	PasswordSecret *corev1.SecretKeySelector `json:"passwordSecret"`
	UsernameSecret *corev1.SecretKeySelector `json:"usernameSecret"`
}

// ClientCertAuth is a client certificate auth: a certificate and its key from Secrets.
type ClientCertAuth struct {
	ClientCertSecret *corev1.SecretKeySelector `json:"clientCertSecret"`
	ClientKeySecret  *corev1.SecretKeySelector `json:"clientKeySecret"`
}

// CreateS3BucketOptions is S3 bucket options: how a missing bucket is made.
type CreateS3BucketOptions struct {
	ObjectLocking bool `json:"objectLocking"`
}

// GCSArtifact is a GCS artifact: an artifact in Google Cloud Storage.
type GCSArtifact struct {
	// The bucket.
	Bucket string `json:"bucket"`
	// The object in the bucket.
	Key string `json:"key"`
	// The Secret with the service account key.
	ServiceAccountKeySecret *corev1.SecretKeySelector `json:"serviceAccountKeySecret"`
}

// GitArtifact is a git artifact: a git checkout.
type GitArtifact struct {
	// The branch to fetch.
	Branch string `json:"branch"`
	// How many commits to fetch.
	Depth                 uint64                    `json:"depth"`
	DisableSubmodules     bool                      `json:"disableSubmodules"`
	Fetch                 []string                  `json:"fetch"`
	InsecureIgnoreHostKey bool                      `json:"insecureIgnoreHostKey"`
	InsecureSkipTLS       bool                      `json:"insecureSkipTLS"`
	PasswordSecret        *corev1.SecretKeySelector `json:"passwordSecret"`
	// The address of the repository.
	Repo string `json:"repo"`
	// The commit, branch or tag to check out.
	Revision            string                    `json:"revision"`
	SingleBranch        bool                      `json:"singleBranch"`
	SSHPrivateKeySecret *corev1.SecretKeySelector `json:"sshPrivateKeySecret"`
	UsernameSecret      *corev1.SecretKeySelector `json:"usernameSecret"`
}

// HDFSArtifact is an HDFS artifact: an artifact in HDFS.
type HDFSArtifact struct {
	Addresses               []string                     `json:"addresses"`
	DataTransferProtection  string                       `json:"dataTransferProtection"`
	Force                   bool                         `json:"force"`
	HdfsUser                string                       `json:"hdfsUser"`
	KrbCCacheSecret         *corev1.SecretKeySelector    `json:"krbCCacheSecret"`
	KrbConfigConfigMap      *corev1.ConfigMapKeySelector `json:"krbConfigConfigMap"`
	KrbKeytabSecret         *corev1.SecretKeySelector    `json:"krbKeytabSecret"`
	KrbRealm                string                       `json:"krbRealm"`
	KrbServicePrincipalName string                       `json:"krbServicePrincipalName"`
	KrbUsername             string                       `json:"krbUsername"`
	Path                    string                       `json:"path"`
}

// HTTPArtifact is an HTTP artifact: an artifact that is fetched or put over HTTP.
type HTTPArtifact struct {
	// How to log in.
	Auth *HTTPAuth `json:"auth"`
	// Headers of the request.
	Headers           []Header `json:"headers"`
	SaveStreamViaFile bool     `json:"saveStreamViaFile" since:"4.1"`
	// The address.
	URL string `json:"url"`
}

// HTTPAuth is an HTTP auth: how to log in to the server of an artifact.
type HTTPAuth struct {
	BasicAuth  *BasicAuth      `json:"basicAuth"`
	ClientCert *ClientCertAuth `json:"clientCert"`
	OAuth2     *OAuth2Auth     `json:"oauth2"`
}

// Header is an HTTP header: a header of an artifact request.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// NoneStrategy is an archive.none: no packing.
type NoneStrategy struct {
}

// OAuth2Auth is an OAuth2 auth: OAuth2 client credentials.
type OAuth2Auth struct {
	ClientIDSecret     *corev1.SecretKeySelector `json:"clientIDSecret"`
	ClientSecretSecret *corev1.SecretKeySelector `json:"clientSecretSecret"`
	EndpointParams     []OAuth2EndpointParam     `json:"endpointParams"`
	Scopes             []string                  `json:"scopes"`
	TokenURLSecret     *corev1.SecretKeySelector `json:"tokenURLSecret"`
}

// OAuth2EndpointParam is an OAuth2 endpoint parameter: one parameter of the token request.
type OAuth2EndpointParam struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// OSSArtifact is an OSS artifact: an artifact in Alibaba Cloud OSS.
type OSSArtifact struct {
	AccessKeySecret          *corev1.SecretKeySelector `json:"accessKeySecret"`
	Bucket                   string                    `json:"bucket"`
	CreateBucketIfNotPresent bool                      `json:"createBucketIfNotPresent"`
	Endpoint                 string                    `json:"endpoint"`
	Key                      string                    `json:"key"`
	LifecycleRule            *OSSLifecycleRule         `json:"lifecycleRule"`
	SecretKeySecret          *corev1.SecretKeySelector `json:"secretKeySecret"`
	SecurityToken            string                    `json:"securityToken"`
	UseSDKCreds              bool                      `json:"useSDKCreds"`
}

// OSSLifecycleRule is an OSS lifecycle rule: when OSS expires objects.
type OSSLifecycleRule struct {
	MarkDeletionAfterDays         int32 `json:"markDeletionAfterDays"`
	MarkInfrequentAccessAfterDays int32 `json:"markInfrequentAccessAfterDays"`
}

// PluginArtifact is a plugin artifact: an artifact that a driver plugin handles.
type PluginArtifact struct {
	Name                     string `json:"name"`
	Configuration            string `json:"configuration"`
	ConnectionTimeoutSeconds int32  `json:"connectionTimeoutSeconds"`
	Key                      string `json:"key"`
}

// RawArtifact is a raw artifact: an artifact whose content is given in place.
type RawArtifact struct {
	// The content.
	Data string `json:"data"`
}

// S3Artifact is an S3 artifact: an artifact in S3 or what speaks like it.
type S3Artifact struct {
	// The Secret with the access key.
	AccessKeySecret *corev1.SecretKeySelector `json:"accessKeySecret"`
	AddressingStyle AddressingStyle           `json:"addressingStyle" since:"4.1"`
	// The bucket.
	Bucket                   string                    `json:"bucket"`
	CaSecret                 *corev1.SecretKeySelector `json:"caSecret"`
	CreateBucketIfNotPresent *CreateS3BucketOptions    `json:"createBucketIfNotPresent"`
	EncryptionOptions        *S3EncryptionOptions      `json:"encryptionOptions"`
	// Host and port of the server.
	Endpoint string `json:"endpoint"`
	// Whether to speak HTTP rather than HTTPS.
	Insecure bool `json:"insecure"`
	// The object in the bucket.
	Key string `json:"key"`
	// The region of the bucket.
	Region string `json:"region"`
	// The role to assume.
	RoleARN string `json:"roleARN"`
	// The Secret with the secret key.
	SecretKeySecret    *corev1.SecretKeySelector `json:"secretKeySecret"`
	SessionTokenSecret *corev1.SecretKeySelector `json:"sessionTokenSecret"`
	// Whether credentials come from the environment of the pod.
	UseSDKCreds bool `json:"useSDKCreds"`
}

// S3EncryptionOptions is S3 encryption options: how objects are encrypted.
type S3EncryptionOptions struct {
	EnableEncryption            bool                      `json:"enableEncryption"`
	KmsEncryptionContext        string                    `json:"kmsEncryptionContext"`
	KmsKeyID                    string                    `json:"kmsKeyId"`
	ServerSideCustomerKeySecret *corev1.SecretKeySelector `json:"serverSideCustomerKeySecret"`
}

// TarStrategy is an archive.tar: packing as tar, compressed.
type TarStrategy struct {
	CompressionLevel int32 `json:"compressionLevel"`
}

// WorkflowLevelArtifactGC is an artifact garbage collection: when the artifacts of a workflow are deleted.
type WorkflowLevelArtifactGC struct {
	// Whether the workflow may go although its artifacts could not be deleted.
	ForceFinalizerRemoval bool      `json:"forceFinalizerRemoval"`
	PodMetadata           *Metadata `json:"podMetadata"`
	PodSpecPatch          string    `json:"podSpecPatch"`
	ServiceAccountName    string    `json:"serviceAccountName"`
	// When artifacts are deleted.
	Strategy ArtifactGCStrategy `json:"strategy"`
}

// ZipStrategy is an archive.zip: packing as zip.
type ZipStrategy struct {
}
