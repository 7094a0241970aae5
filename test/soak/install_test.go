package soak

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	authentication "k8s.io/api/authentication/v1"
	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/tiphys-dev/tiphys/test/chart"
	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/test/testbin"
)

const (
	home    = chart.Namespace
	webhook = "tiphys-webhook"
	engine  = "system:serviceaccount:argo:argo" // whom the chart takes for Argo's controller
)

func argo(plural string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: plural}
}

func own(plural string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "tiphys.dev", Version: "v1alpha1", Resource: plural}
}

// A soak is everything that runs.
type soak struct {
	*testing.T
	ctx  context.Context // of what is installed
	load context.Context // of what is asked, which ends before
	dir  string          // of logs, kubeconfigs and repositories
	plan plan

	api    *cluster.Cluster
	config *rest.Config // of the administrator
	core   *kubernetes.Clientset
	admin  dynamic.Interface

	roads       map[string]*cluster.Proxy // between the programs and the API server, by service account
	balancer    *balancer
	webhooks    []*pod
	controllers []*pod
	teams       []*team

	kubectl    string
	book       *book
	door, road window // faults of what answers, and of what promotes
	churn      *churn
	// pushing is closed when nothing more is to be promoted.
	pushing chan struct{}

	mu        sync.Mutex
	processes []*process
}

// wait waits, but not longer than things are asked.
func (s *soak) wait(d time.Duration) {
	select {
	case <-s.load.Done():
	case <-time.After(d):
	}
}

func (s *soak) started(c *process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.processes = append(s.processes, c)
}

func (s *soak) must(_ any, err error) {
	s.Helper()
	if err != nil && !apierrors.IsAlreadyExists(err) {
		s.Fatal(err)
	}
}

// install has the API server hold what the chart renders, and starts what its
// Deployments would.
func (s *soak) install() {
	s.Helper()
	s.api = cluster.Start(s)
	s.config = s.api.Config(s)
	s.config.QPS, s.config.WarningHandler = -1, rest.NoWarnings{}
	s.core, s.admin = kubernetes.NewForConfigOrDie(s.config), dynamic.NewForConfigOrDie(s.config)
	objects := chart.Render(s, "controller.enabled=true", "drainSeconds=2")
	s.api.InstallCRDs(s)
	objects.Apply(s, s.api, append(append([]string(nil), chart.Rights...), chart.Policies...)...)
	// Nobody routes to a cluster IP here, so the Service is a name for this machine.
	service := &core.Service{ObjectMeta: metav1.ObjectMeta{Name: webhook, Namespace: home}, Spec: core.ServiceSpec{Type: core.ServiceTypeExternalName, ExternalName: "localhost"}}
	s.must(s.core.CoreV1().Services(home).Create(s.ctx, service, metav1.CreateOptions{}))

	s.roads = map[string]*cluster.Proxy{webhook: s.api.Proxy(s), chart.Controller: s.api.Proxy(s)}
	for account := range s.roads {
		s.kubeconfig(account)
		s.must(nil, s.token(account, "first"))
	}
	var err error
	if s.balancer, err = newBalancer(); err != nil {
		s.Fatal(err)
	}
	life := s.plan.lifetimes
	more := []string{"--certificate-lifetime=" + life.Leaf.String(), "--authority-lifetime=" + life.Authority.String(), "--authority-settle=" + life.Settle.String(), "--audit=30s"}
	for i := range 2 {
		s.webhooks = append(s.webhooks, &pod{soak: s, name: fmt.Sprint("webhook-", i+1), program: testbin.Webhook(s),
			args: s.arguments(objects, webhook, more...)})
		s.controllers = append(s.controllers, &pod{soak: s, name: fmt.Sprint("controller-", i+1), program: testbin.Controller(s),
			args: s.arguments(objects, chart.Controller, "--allow-local-sources", "--page-address=")})
	}
	s.balancer.pods = s.webhooks
	for _, p := range append(append([]*pod(nil), s.webhooks...), s.controllers...) {
		go p.run()
	}
	s.Cleanup(s.killAll)
	go s.balancer.run(s)
	cluster.Until(s, func() error {
		if n := len(s.balancer.ready()); n != 2 {
			return fmt.Errorf("%d of 2 webhooks are ready", n)
		}
		for _, p := range s.controllers {
			if c := p.now(); c == nil || !c.isReady() {
				return fmt.Errorf("%s is not ready", p.name)
			}
		}
		return nil
	})
	for _, kind := range []string{"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"} {
		o := chart.Object(s, regexp.MustCompile(`port: 443\b`).ReplaceAllString(objects.Manifest(s, kind+"/"+webhook), fmt.Sprint("port: ", s.balancer.port())))
		objects[kind+"/"+webhook] = o
		objects.Apply(s, s.api, kind)
	}
}

// arguments are those of a container of the chart, but for what this machine is.
func (s *soak) arguments(objects chart.Objects, deployment string, more ...string) func() []string {
	args := append(objects.Arguments(s, deployment), "--kubeconfig="+s.path(deployment+".kubeconfig"))
	return func() []string { return append(append([]string(nil), args...), more...) }
}

func (s *soak) path(name string) string { return filepath.Join(s.dir, name) }

// killAll ends every process, whatever pod it is of.
func (s *soak) killAll() {
	for _, p := range append(append([]*pod(nil), s.webhooks...), s.controllers...) {
		p.stop()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.processes {
		c.kill()
	}
}

// kubeconfig writes one that goes through the road of a service account, with a
// token in a file, as pods have it.
func (s *soak) kubeconfig(account string) {
	s.Helper()
	k, err := clientcmd.LoadFromFile(s.api.Kubeconfig)
	if err != nil {
		s.Fatal(err)
	}
	for _, c := range k.Clusters {
		c.Server = "https://" + s.roads[account].String()
	}
	for _, a := range k.AuthInfos {
		a.ClientCertificate, a.ClientCertificateData, a.ClientKey, a.ClientKeyData, a.Token = "", nil, "", nil, ""
		a.TokenFile = s.path(account + ".token")
	}
	s.must(nil, clientcmd.WriteToFile(*k, s.path(account+".kubeconfig")))
}

// token gives a service account a token that lasts as long as a Secret does,
// where its programs find it.
func (s *soak) token(account, secret string) error {
	name := account + "-" + secret
	o, err := s.core.CoreV1().Secrets(home).Create(s.ctx, &core.Secret{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("make a Secret for a token: %w", err)
	}
	bound := &authentication.BoundObjectReference{APIVersion: "v1", Kind: "Secret", Name: name, UID: o.UID}
	r, err := s.core.CoreV1().ServiceAccounts(home).CreateToken(s.ctx, account, &authentication.TokenRequest{Spec: authentication.TokenRequestSpec{BoundObjectRef: bound}}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("make a token: %w", err)
	}
	fresh := s.path(account + ".token.new")
	if err := os.WriteFile(fresh, []byte(r.Status.Token), 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, s.path(account+".token"))
}

// as is a client of a user with the rights of everybody who is named.
func (s *soak) as(user string, groups ...string) dynamic.Interface {
	config := rest.CopyConfig(s.config)
	config.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: groups}
	return dynamic.NewForConfigOrDie(config)
}

func (s *soak) space(name string) {
	s.Helper()
	s.must(s.core.CoreV1().Namespaces().Create(s.ctx, &core.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{}))
}
