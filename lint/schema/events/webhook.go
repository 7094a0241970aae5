package events

import (
	corev1 "k8s.io/api/core/v1"
)

// WebhookEventSource is a Webhook event source.
type WebhookEventSource struct {
	WebhookContext `json:",inline"`
	Filter         *EventSourceFilter `json:"filter"`
}

// WebhookContext is a webhook: the address that is served.
type WebhookContext struct {
	AuthSecret       *corev1.SecretKeySelector `json:"authSecret"`
	Endpoint         string                    `json:"endpoint"`
	MaxPayloadSize   int64                     `json:"maxPayloadSize"`
	Metadata         map[string]string         `json:"metadata"`
	Method           string                    `json:"method"`
	Port             string                    `json:"port"`
	ServerCertSecret *corev1.SecretKeySelector `json:"serverCertSecret"`
	ServerKeySecret  *corev1.SecretKeySelector `json:"serverKeySecret"`
	URL              string                    `json:"url"`
}

// BitbucketEventSource is a Bitbucket event source.
type BitbucketEventSource struct {
	Auth               *BitbucketAuth        `json:"auth"`
	DeleteHookOnFinish bool                  `json:"deleteHookOnFinish"`
	Events             []string              `json:"events"`
	Filter             *EventSourceFilter    `json:"filter"`
	Metadata           map[string]string     `json:"metadata"`
	Owner              string                `json:"owner"`
	ProjectKey         string                `json:"projectKey"`
	Repositories       []BitbucketRepository `json:"repositories"`
	RepositorySlug     string                `json:"repositorySlug"`
	Webhook            *WebhookContext       `json:"webhook"`
}

// BitbucketAuth is a Bitbucket auth: how to log in to Bitbucket.
type BitbucketAuth struct {
	Basic      *BitbucketBasicAuth       `json:"basic"`
	OAuthToken *corev1.SecretKeySelector `json:"oauthToken"`
}

// BitbucketBasicAuth is a Bitbucket basic auth: a user name and a password from Secrets.
type BitbucketBasicAuth struct {
	Password *corev1.SecretKeySelector `json:"password"`
	Username *corev1.SecretKeySelector `json:"username"`
}

// BitbucketRepository is a Bitbucket repository: an owner and a repository.
type BitbucketRepository struct {
	Owner          string `json:"owner"`
	RepositorySlug string `json:"repositorySlug"`
}

// BitbucketServerEventSource is a BitbucketServer event source.
type BitbucketServerEventSource struct {
	AccessToken                   *corev1.SecretKeySelector   `json:"accessToken"`
	BitbucketserverBaseURL        string                      `json:"bitbucketserverBaseURL"`
	CheckInterval                 string                      `json:"checkInterval"`
	DeleteHookOnFinish            bool                        `json:"deleteHookOnFinish"`
	Events                        []string                    `json:"events"`
	Filter                        *EventSourceFilter          `json:"filter"`
	Metadata                      map[string]string           `json:"metadata"`
	OneEventPerChange             bool                        `json:"oneEventPerChange"`
	ProjectKey                    string                      `json:"projectKey"`
	Projects                      []string                    `json:"projects"`
	Repositories                  []BitbucketServerRepository `json:"repositories"`
	RepositorySlug                string                      `json:"repositorySlug"`
	SkipBranchRefsChangedOnOpenPR bool                        `json:"skipBranchRefsChangedOnOpenPR"`
	TLS                           *TLSConfig                  `json:"tls"`
	Webhook                       *WebhookContext             `json:"webhook"`
	WebhookSecret                 *corev1.SecretKeySelector   `json:"webhookSecret"`
}

// BitbucketServerRepository is a Bitbucket Server repository: a project and a repository.
type BitbucketServerRepository struct {
	ProjectKey     string `json:"projectKey"`
	RepositorySlug string `json:"repositorySlug"`
}

// GerritEventSource is a Gerrit event source.
type GerritEventSource struct {
	Auth               *BasicAuth         `json:"auth"`
	DeleteHookOnFinish bool               `json:"deleteHookOnFinish"`
	Events             []string           `json:"events"`
	Filter             *EventSourceFilter `json:"filter"`
	GerritBaseURL      string             `json:"gerritBaseURL"`
	HookName           string             `json:"hookName"`
	MaxTries           string             `json:"maxTries"`
	Metadata           map[string]string  `json:"metadata"`
	Projects           []string           `json:"projects"`
	SSLVerify          bool               `json:"sslVerify"`
	Webhook            *WebhookContext    `json:"webhook"`
}

// GithubEventSource is a Github event source.
type GithubEventSource struct {
	Active             bool                      `json:"active"`
	APIToken           *corev1.SecretKeySelector `json:"apiToken"`
	ContentType        string                    `json:"contentType"`
	DeleteHookOnFinish bool                      `json:"deleteHookOnFinish"`
	Events             []string                  `json:"events"`
	Filter             *EventSourceFilter        `json:"filter"`
	GithubApp          *GithubAppCreds           `json:"githubApp"`
	GithubBaseURL      string                    `json:"githubBaseURL"`
	GithubUploadURL    string                    `json:"githubUploadURL"`
	ID                 int64                     `json:"id"`
	Insecure           bool                      `json:"insecure"`
	Metadata           map[string]string         `json:"metadata"`
	Organizations      []string                  `json:"organizations"`
	Owner              string                    `json:"owner"`
	Repositories       []OwnedRepositories       `json:"repositories"`
	Repository         string                    `json:"repository"`
	Webhook            *WebhookContext           `json:"webhook"`
	WebhookSecret      *corev1.SecretKeySelector `json:"webhookSecret"`
}

// GithubAppCreds is GitHub app credentials: an app and its key.
type GithubAppCreds struct {
	AppID          int64                     `json:"appID"`
	InstallationID int64                     `json:"installationID"`
	PrivateKey     *corev1.SecretKeySelector `json:"privateKey"`
}

// OwnedRepositories is an owner of repositories: repositories by name.
type OwnedRepositories struct {
	Names []string `json:"names"`
	Owner string   `json:"owner"`
}

// GitlabEventSource is a Gitlab event source.
type GitlabEventSource struct {
	AccessToken           *corev1.SecretKeySelector `json:"accessToken"`
	DeleteHookOnFinish    bool                      `json:"deleteHookOnFinish"`
	EnableSSLVerification bool                      `json:"enableSSLVerification"`
	Events                []string                  `json:"events"`
	Filter                *EventSourceFilter        `json:"filter"`
	GitlabBaseURL         string                    `json:"gitlabBaseURL"`
	Groups                []string                  `json:"groups"`
	Metadata              map[string]string         `json:"metadata"`
	ProjectID             string                    `json:"projectID"`
	Projects              []string                  `json:"projects"`
	SecretToken           *corev1.SecretKeySelector `json:"secretToken"`
	Webhook               *WebhookContext           `json:"webhook"`
}

// SlackEventSource is a Slack event source.
type SlackEventSource struct {
	Filter        *EventSourceFilter        `json:"filter"`
	Metadata      map[string]string         `json:"metadata"`
	SigningSecret *corev1.SecretKeySelector `json:"signingSecret"`
	Token         *corev1.SecretKeySelector `json:"token"`
	Webhook       *WebhookContext           `json:"webhook"`
}

// StorageGridEventSource is a StorageGrid event source.
type StorageGridEventSource struct {
	APIURL    string                    `json:"apiURL"`
	AuthToken *corev1.SecretKeySelector `json:"authToken"`
	Bucket    string                    `json:"bucket"`
	Events    []string                  `json:"events"`
	Filter    *StorageGridFilter        `json:"filter"`
	Metadata  map[string]string         `json:"metadata"`
	Region    string                    `json:"region"`
	TLS       *TLSConfig                `json:"tls"`
	TopicArn  string                    `json:"topicArn"`
	Webhook   *WebhookContext           `json:"webhook"`
}

// StorageGridFilter is a StorageGrid filter: which objects count.
type StorageGridFilter struct {
	Prefix string `json:"prefix"`
	Suffix string `json:"suffix"`
}

// StripeEventSource is a Stripe event source.
type StripeEventSource struct {
	APIKey        *corev1.SecretKeySelector `json:"apiKey"`
	CreateWebhook bool                      `json:"createWebhook"`
	EventFilter   []string                  `json:"eventFilter"`
	Metadata      map[string]string         `json:"metadata"`
	Webhook       *WebhookContext           `json:"webhook"`
}
