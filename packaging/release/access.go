package release

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strings"
	"syscall"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/tiphys-dev/tiphys/lint/near"
)

// Access is how a cluster is reached.
type Access struct {
	Config *rest.Config
	Loader clientcmd.ClientConfig
	// Namespace is the one to work in, Context that of the kubeconfig, "" in a pod.
	Namespace, Context string
}

// Reach reads the kubeconfig. It asks nothing of the cluster yet.
func Reach(t Target) (*Access, error) {
	quiet()
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = t.Kubeconfig
	over := &clientcmd.ConfigOverrides{CurrentContext: t.Context}
	over.Context.Namespace = t.Namespace
	over.AuthInfo.Impersonate, over.AuthInfo.ImpersonateGroups = t.As, t.AsGroups
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, over)

	raw, err := loader.RawConfig()
	if err != nil {
		return nil, refuse("read kubeconfig: %w", err)
	}
	current := t.Context
	if current == "" {
		current = raw.CurrentContext
	}
	if _, ok := raw.Contexts[current]; !ok && current != "" {
		names := make([]string, 0, len(raw.Contexts))
		for name := range raw.Contexts {
			names = append(names, name)
		}
		slices.Sort(names)
		return nil, refuse("the kubeconfig has no context %q%s; it has %s", current, near.Hint(current, names), orNone(names))
	}
	config, err := loader.ClientConfig()
	if clientcmd.IsEmptyConfig(err) {
		return nil, refuse("there is no cluster to talk to: KUBECONFIG and ~/.kube/config name none")
	} else if err != nil {
		return nil, refuse("read kubeconfig: %w", err)
	}
	namespace, _, err := loader.Namespace()
	if err != nil {
		return nil, refuse("read kubeconfig: %w", err)
	}
	config.UserAgent = "tiphys"
	return &Access{Config: config, Loader: loader, Namespace: namespace, Context: current}, nil
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// Hint says what to do about an error of a cluster that cannot be reached, or
// that does not believe who asks; "" for any other. Text is what err says.
func (a *Access) Hint(err error, text string) string {
	var dns *net.DNSError
	var urlError *url.Error
	where := a.Config.Host
	if a.Context != "" {
		where += fmt.Sprintf(" (context %q)", a.Context)
	}
	switch {
	case errors.Is(err, context.Canceled):
		return ""
	case apierrors.IsUnauthorized(err) || strings.Contains(text, "Unauthorized"):
		return "the cluster at " + where + " does not accept these credentials: log in again"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing answers at " + where + ": is the cluster up, and is it the right one?"
	case errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET):
		return "the cluster at " + where + " closed the connection: is it being started anew?"
	case errors.As(err, &dns):
		return "the cluster at " + where + " has no address: is it the right name, and is the network or VPN up?"
	case strings.Contains(text, "x509: ") || strings.Contains(text, "tls: "):
		return "the cluster at " + where + " cannot be trusted: is the certificate in the kubeconfig the right one?"
	case errors.As(err, &urlError) && urlError.Timeout() || errors.Is(err, context.DeadlineExceeded) || apierrors.IsTimeout(err) || apierrors.IsServerTimeout(err):
		return "the cluster at " + where + " did not answer in time: is the network or VPN up?"
	}
	return ""
}
