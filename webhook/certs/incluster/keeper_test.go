package incluster_test

import (
	"context"
	"crypto/x509"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	admission "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/webhook/certs"
	"github.com/tiphys-dev/tiphys/webhook/certs/incluster"
)

const (
	space  = "tiphys"
	secret = "tiphys-webhook-certificate"
	config = "tiphys-webhook"
	host   = "tiphys-webhook.tiphys.svc"
)

func client(t *testing.T) kubernetes.Interface {
	t.Helper()
	rest, err := clientcmd.BuildConfigFromFlags("", cluster.Start(t).Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	rest.QPS = -1
	c, err := kubernetes.NewForConfig(rest)
	if err != nil {
		t.Fatal(err)
	}
	ns := &corev1.Namespace{}
	ns.Name = space
	if _, err := c.CoreV1().Namespaces().Create(t.Context(), ns, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return c
}

// configure makes the webhook configurations, which match nothing here.
func configure(t *testing.T, c kubernetes.Interface) {
	t.Helper()
	none, path := admission.SideEffectClassNone, "/validate"
	to := admission.WebhookClientConfig{Service: &admission.ServiceReference{Namespace: space, Name: "tiphys-webhook", Path: &path}}
	rules := []admission.RuleWithOperations{{Operations: []admission.OperationType{admission.Create}, Rule: admission.Rule{APIGroups: []string{"argoproj.io"}, APIVersions: []string{"*"}, Resources: []string{"workflows"}}}}
	v := &admission.ValidatingWebhookConfiguration{}
	v.Name = config
	for _, name := range []string{"validate.tiphys.dev", "runs.tiphys.dev"} {
		v.Webhooks = append(v.Webhooks, admission.ValidatingWebhook{Name: name, ClientConfig: to, Rules: rules, SideEffects: &none, AdmissionReviewVersions: []string{"v1"}})
	}
	m := &admission.MutatingWebhookConfiguration{}
	m.Name = config
	m.Webhooks = []admission.MutatingWebhook{{Name: "mutate.tiphys.dev", ClientConfig: to, Rules: rules, SideEffects: &none, AdmissionReviewVersions: []string{"v1"}}}
	if _, err := c.AdmissionregistrationV1().ValidatingWebhookConfigurations().Create(t.Context(), v, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.AdmissionregistrationV1().MutatingWebhookConfigurations().Create(t.Context(), m, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// bundles returns the caBundle of every webhook.
func bundles(t *testing.T, c kubernetes.Interface) [][]byte {
	t.Helper()
	var all [][]byte
	v, err := c.AdmissionregistrationV1().ValidatingWebhookConfigurations().Get(t.Context(), config, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range v.Webhooks {
		all = append(all, w.ClientConfig.CABundle)
	}
	m, err := c.AdmissionregistrationV1().MutatingWebhookConfigurations().Get(t.Context(), config, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range m.Webhooks {
		all = append(all, w.ClientConfig.CABundle)
	}
	return all
}

// agreed fails where a webhook would not trust what a replica serves.
func agreed(t *testing.T, c kubernetes.Interface, now time.Time, replicas []*incluster.Keeper) {
	t.Helper()
	for i, b := range bundles(t, c) {
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(b)
		for n, r := range replicas {
			if _, err := r.Certificate().Leaf.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: now, DNSName: host}); err != nil {
				t.Fatalf("at %s: webhook %d, replica %d: %v", now, i, n, err)
			}
		}
	}
}

// TestReplicas: three replicas that start at once and go on for two lives of an
// authority agree at all times with what the webhooks trust.
func TestReplicas(t *testing.T) {
	c := client(t)
	configure(t, c)
	var clock atomic.Int64
	clock.Store(time.Now().UnixNano())
	now := func() time.Time { return time.Unix(0, clock.Load()) }
	var replicas []*incluster.Keeper
	for range 3 {
		replicas = append(replicas, incluster.New(incluster.Options{
			Client: c, Namespace: space, Secret: secret, Validating: []string{config, "absent"}, Mutating: []string{config}, Names: []string{host},
			Lifetimes: certs.Lifetimes{Authority: 30 * 24 * time.Hour, Leaf: 6 * 24 * time.Hour}, Now: now,
		}))
	}
	all := func() {
		var group sync.WaitGroup
		errs := make(chan error, len(replicas))
		for _, r := range replicas {
			group.Go(func() {
				if _, err := r.Sync(t.Context()); err != nil {
					errs <- err
				}
			})
		}
		group.Wait()
		close(errs)
		for err := range errs {
			t.Fatal(err)
		}
	}
	seen := map[string]bool{}
	for end := now().Add(55 * 24 * time.Hour); now().Before(end); {
		all()
		all() // those that went first have now seen what the last one did
		agreed(t, c, now(), replicas)
		for _, ca := range certs.Certificates(bundles(t, c)[0]) {
			seen[ca.Subject.CommonName] = true
		}
		next, err := replicas[0].Sync(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		clock.Store(next.UnixNano())
		agreed(t, c, now(), replicas)
	}
	if len(seen) < 3 {
		t.Errorf("only %d authorities in the life of two", len(seen))
	}
	s, err := c.CoreV1().Secrets(space).Get(t.Context(), secret, metav1.GetOptions{})
	if err != nil || s.Type != corev1.SecretTypeTLS || len(s.Data["ca.crt"]) == 0 {
		t.Errorf("the Secret: %v of type %s with %d bytes of authorities", err, s.Type, len(s.Data["ca.crt"]))
	}
}

// TestRun: a running keeper mends what others undo, and serves on while the
// Secret is gone.
func TestRun(t *testing.T) {
	c := client(t)
	k := incluster.New(incluster.Options{Client: c, Namespace: space, Secret: secret, Validating: []string{config}, Mutating: []string{config}, Names: []string{host}})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- k.Run(ctx) }()
	until(t, func() bool { return k.Certificate() != nil })
	configure(t, c) // after it has begun
	trusts := func() bool {
		for _, b := range bundles(t, c) {
			pool := x509.NewCertPool()
			pool.AppendCertsFromPEM(b)
			if _, err := k.Certificate().Leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: host}); err != nil {
				return false
			}
		}
		return true
	}
	until(t, trusts)
	for what, damage := range map[string]string{
		"the Secret is damaged": `{"data": {"authorities.json": "e30="}}`,
		"the Secret is emptied": `{"data": {"authorities.json": null, "tls.crt": "", "tls.key": ""}}`,
	} {
		before := k.Certificate()
		if _, err := c.CoreV1().Secrets(space).Patch(t.Context(), secret, "application/merge-patch+json", []byte(damage), metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
		until(t, func() bool { return k.Certificate() != before && trusts() })
		t.Log(what)
	}
	if _, err := c.AdmissionregistrationV1().MutatingWebhookConfigurations().Patch(t.Context(), config, "application/json-patch+json",
		[]byte(`[{"op": "remove", "path": "/webhooks/0/clientConfig/caBundle"}]`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	until(t, trusts)
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if k.Authority().Before(time.Now()) {
		t.Error("no authority")
	}
}

// until waits for what must come soon.
func until(t *testing.T, come func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !come(); {
		if time.Now().After(end) {
			t.Fatal("it does not come")
		}
		<-time.After(20 * time.Millisecond)
	}
}
