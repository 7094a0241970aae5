package controller

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/runs"
)

// A target is an environment's cluster, as whoever acts there.
type target struct {
	cluster runs.Key
	// config acts as the environment's service account.
	config *rest.Config
}

// secret reads a Secret of the namespace of a promotion, and of no other.
func (c *Controller) secret(ctx context.Context, namespace, name string) (map[string][]byte, error) {
	var s core.Secret
	if err := c.direct.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, &s); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, &fault{"SecretMissing", fmt.Errorf("there is no Secret %q in namespace %s", name, namespace)}
		}
		return nil, fmt.Errorf("read Secret %s: %w", name, err)
	}
	return s.Data, nil
}

func (c *Controller) secretKey(ctx context.Context, namespace string, k v1alpha1.SecretKey, otherwise string) ([]byte, error) {
	name := k.Key
	if name == "" {
		name = otherwise
	}
	data, err := c.secret(ctx, namespace, k.Name)
	if err != nil {
		return nil, err
	}
	if len(data[name]) == 0 {
		return nil, &fault{"SecretMissing", fmt.Errorf("the Secret %q in namespace %s has no key %q", k.Name, namespace, name)}
	}
	return data[name], nil
}

// target tells how an environment is reached. Who acts there is a service
// account of the namespace of the promotion: were it one of the namespace that
// is deployed to, whoever may write promotions could act as anybody.
func (c *Controller) target(ctx context.Context, p *v1alpha1.Promotion, env *v1alpha1.Environment) (*target, error) {
	t := &target{cluster: runs.Local, config: rest.CopyConfig(c.options.Config)}
	account := env.ServiceAccount
	if env.Kubeconfig != nil {
		text, err := c.secretKey(ctx, p.Namespace, *env.Kubeconfig, "kubeconfig")
		if err != nil {
			return nil, err
		}
		if t.config, err = remote(text); err != nil {
			return nil, &fault{"KubeconfigRefused", fmt.Errorf("kubeconfig of Secret %q: %w", env.Kubeconfig.Name, err)}
		}
		t.cluster = runs.KeyOf(p.Namespace, env.Kubeconfig.Name, text)
	} else if account == "" {
		account = "default"
	}
	if account != "" {
		// Without groups: the API server adds those of service accounts itself, and
		// naming them would take the right to act as any group.
		t.config.Impersonate.UserName = serviceAccountPrefix + p.Namespace + ":" + account
	}
	t.config.UserAgent = Manager
	return t, nil
}

const serviceAccountPrefix = "system:serviceaccount:"

// groups are those that an API server puts a service account into; nil for
// nobody.
func groups(user string) []string {
	name, ok := strings.CutPrefix(user, serviceAccountPrefix)
	if !ok {
		return nil
	}
	namespace, _, _ := strings.Cut(name, ":")
	return []string{"system:serviceaccounts", "system:serviceaccounts:" + namespace, "system:authenticated"}
}

// remote reads a kubeconfig that somebody else wrote: nothing in it may have this
// process run a program or read a file of this machine.
func remote(text []byte) (*rest.Config, error) {
	k, err := clientcmd.Load(text)
	if err != nil {
		return nil, errors.New("it cannot be read") // the cause would repeat parts of it
	}
	name := k.CurrentContext
	chosen := k.Contexts[name]
	if chosen == nil {
		return nil, fmt.Errorf("its current-context %q is not there", name)
	}
	if err := harmless(k.Clusters[chosen.Cluster], k.AuthInfos[chosen.AuthInfo]); err != nil {
		return nil, err
	}
	config, err := clientcmd.NewDefaultClientConfig(*k, &clientcmd.ConfigOverrides{}).ClientConfig()
	if err != nil {
		return nil, errors.New("it does not say how a cluster is reached")
	}
	config.QPS = -1
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return stranger{next} })
	return config, nil
}

func harmless(cluster *clientcmdapi.Cluster, user *clientcmdapi.AuthInfo) error {
	switch {
	case cluster == nil || cluster.Server == "":
		return errors.New("it names no server")
	case cluster.CertificateAuthority != "":
		return errors.New("certificate-authority is a file: give certificate-authority-data")
	case cluster.ProxyURL != "":
		return errors.New("proxy-url is not followed")
	case user == nil:
		return nil
	case user.Exec != nil:
		return errors.New("exec would run a program here: give a token")
	case user.AuthProvider != nil:
		return errors.New("auth-provider would run here: give a token")
	case user.TokenFile != "":
		return errors.New("tokenFile is a file: give token")
	case user.ClientCertificate != "" || user.ClientKey != "":
		return errors.New("client-certificate and client-key are files: give client-certificate-data and client-key-data")
	case user.Impersonate != "" || len(user.ImpersonateGroups) > 0 || len(user.ImpersonateUserExtra) > 0:
		return errors.New("whom to act as is for serviceAccount of the environment to say")
	}
	return nil
}

// keys are those that open the secrets of a promotion.
func (c *Controller) keys(ctx context.Context, p *v1alpha1.Promotion) (all [][]byte, err error) {
	for _, ref := range p.Spec.Decryption {
		data, err := c.secret(ctx, p.Namespace, ref.Name)
		if err != nil {
			var f *fault
			if errors.As(err, &f) {
				f.reason = "KeyMissing"
			}
			return nil, err
		}
		for _, name := range sortedKeys(data) {
			all = append(all, data[name])
		}
	}
	return all, nil
}
