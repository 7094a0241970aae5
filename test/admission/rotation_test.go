package admission

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/tiphys-dev/tiphys/lint/rules"
	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/webhook"
	"github.com/tiphys-dev/tiphys/webhook/certs"
	"github.com/tiphys-dev/tiphys/webhook/certs/incluster"
	"github.com/tiphys-dev/tiphys/webhook/server"
)

// rotation serves a webhook of its own whose certificates live for seconds, and
// whose authority is replaced twice while objects come in. It goes by the real
// clock, because the API server does.
func rotation(t *testing.T, n *installation, space string) {
	const own = "rolling"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	k := incluster.New(incluster.Options{
		Client: n.core, Namespace: home, Secret: own, Validating: []string{own}, Names: []string{own + "." + home + ".svc"},
		Lifetimes: certs.Lifetimes{Authority: 10 * time.Second, Leaf: 5 * time.Second, Settle: time.Second},
	})
	state := &webhook.State{Rules: rules.All()}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	running.Go(func() { k.Run(ctx) })
	running.Go(func() {
		if err := server.Run(ctx, server.Options{Listener: l, State: func() *webhook.State { return state }, Certificate: k.Certificate, Drain: -1}); err != nil {
			t.Error(err)
		}
	})
	n.rolling(t, own, space, l.Addr().(*net.TCPAddr).Port)

	var done atomic.Int64
	var load sync.WaitGroup
	loading, stop := context.WithCancel(ctx)
	defer load.Wait()
	defer stop()
	load.Go(func() { // through the API server
		o := object(t, flow("rolling", space, ""))
		for loading.Err() == nil {
			if _, err := n.argo("workflows", space).Create(ctx, o, metav1.CreateOptions{DryRun: []string{"All"}}); err != nil {
				t.Error(err)
				return
			}
			done.Add(1)
		}
	})
	load.Go(func() { // and by what the API server trusts, with a connection each
		for loading.Err() == nil {
			if err := dial(ctx, n.core, own, l.Addr().String()); err != nil {
				t.Error(err)
				return
			}
			done.Add(1)
		}
	})
	leaves, authorities := map[string]bool{}, map[string]bool{}
	for end := time.After(40 * time.Second); len(authorities) < 3 || len(leaves) < 3; {
		if c := k.Certificate(); c != nil {
			leaves[c.Leaf.SerialNumber.String()] = true
			authorities[string(c.Leaf.AuthorityKeyId)] = true
		}
		select {
		case <-end:
			t.Fatalf("there were %d certificates of %d authorities only", len(leaves), len(authorities))
		case <-time.After(20 * time.Millisecond):
		}
	}
	stop()
	load.Wait()
	t.Logf("%d requests while %d certificates of %d authorities were served", done.Load(), len(leaves), len(authorities))
	if done.Load() < 100 {
		t.Errorf("there were %d requests only", done.Load())
	}
}

// rolling has the API server call that webhook for one namespace.
func (n *installation) rolling(t *testing.T, own, space string, port int) {
	t.Helper()
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: own, Namespace: home}, Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "localhost"}}
	if _, err := n.core.CoreV1().Services(home).Create(t.Context(), service, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	out, err := n.kubectl(t, fmt.Sprintf(`apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: %[1]s}
webhooks:
  - name: rolling.tiphys.dev
    admissionReviewVersions: [v1]
    sideEffects: None
    failurePolicy: Ignore
    clientConfig: {service: {name: %[1]s, namespace: %[2]s, path: /validate, port: %[3]d}}
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: %[4]s}}
    rules: [{apiGroups: [argoproj.io], apiVersions: ["*"], operations: [CREATE], resources: [workflows]}]
`, own, home, port, space), "apply", "-f", "-")
	if err != nil {
		t.Fatal(out)
	}
	t.Cleanup(func() { n.kubectl(t, "", "delete", "validatingwebhookconfiguration", own) })
	bad := strings.Replace(flow("bad", space, ""), "entrypoint: main", "entrypoint: mian", 1)
	cluster.Until(t, func() error {
		out, err := n.kubectl(t, bad, "apply", "--dry-run=server", "-f", "-")
		if err == nil || !strings.Contains(out, "rolling.tiphys.dev") {
			return fmt.Errorf("the webhook is not called yet: %s", out)
		}
		return nil
	})
	if out, err := n.kubectl(t, "", "patch", "validatingwebhookconfiguration", own, "--type=json", "-p", `[{"op":"replace","path":"/webhooks/0/failurePolicy","value":"Fail"}]`); err != nil {
		t.Fatal(out)
	}
}

// dial connects as an API server does that has read the configuration.
func dial(ctx context.Context, core *kubernetes.Clientset, own, address string) error {
	c, err := core.AdmissionregistrationV1().ValidatingWebhookConfigurations().Get(ctx, own, metav1.GetOptions{})
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(c.Webhooks[0].ClientConfig.CABundle)
	d := tls.Dialer{Config: &tls.Config{RootCAs: pool, ServerName: own + "." + home + ".svc"}}
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("dial with what is trusted: %w", err)
	}
	return conn.Close()
}
