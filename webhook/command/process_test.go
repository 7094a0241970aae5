package command_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"

	"github.com/tiphys-dev/tiphys/test/cluster"
	"github.com/tiphys-dev/tiphys/test/testbin"
	"github.com/tiphys-dev/tiphys/webhook/certs"
	"github.com/tiphys-dev/tiphys/webhook/command"
	"github.com/tiphys-dev/tiphys/webhook/webhooktest"
)

var body = webhooktest.Request{Object: `{apiVersion: argoproj.io/v1alpha1, kind: Workflow, metadata: {name: a, namespace: data}, spec: {entrypoint: main, templates: [{name: main, container: {image: "a:1"}}]}}`}.Body()

func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func get(address string) string {
	resp, err := http.Get("http://" + address + "/readyz")
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return string(b)
}

// until waits for what must come soon.
func until(t *testing.T, come func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !come(); {
		if time.Now().After(end) {
			t.Error("it does not come")
			return
		}
		<-time.After(10 * time.Millisecond)
	}
}

// certificate writes a certificate for localhost and returns who trusts it.
func certificate(t *testing.T) (dir string, pool *x509.CertPool) {
	t.Helper()
	b, err := certs.Apply(&certs.Bundle{}, certs.Step{Action: certs.Begin}, certs.Observation{Now: time.Now(), Names: []string{"localhost"}}, certs.Lifetimes{})
	if err != nil {
		t.Fatal(err)
	}
	data, err := b.Encode()
	if err != nil {
		t.Fatal(err)
	}
	dir, pool = t.TempDir(), x509.NewCertPool()
	for name, text := range data {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool.AppendCertsFromPEM(b.Trust())
	return dir, pool
}

// A replica is a process of its own.
type replica struct {
	address, side string
	process       *exec.Cmd
	log           bytes.Buffer
}

func begin(t *testing.T, dir string) *replica {
	t.Helper()
	r := &replica{address: free(t), side: free(t)}
	r.process = exec.Command(testbin.Webhook(t), "--standalone", "--policy", "baseline", "--cert-dir", dir, "--address", r.address, "--metrics-address", r.side, "--drain", "500ms")
	r.process.Stderr = &r.log
	if err := r.process.Start(); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return get(r.side) == "ready\n" })
	return r
}

// TestSignals: of two processes under load one is told to end, and then the
// other with a third in its place: no request fails, and both end well.
func TestSignals(t *testing.T) {
	dir, pool := certificate(t)
	var mu sync.Mutex
	replicas := []*replica{begin(t, dir), begin(t, dir)}
	all := func() []*replica { mu.Lock(); defer mu.Unlock(); return append([]*replica(nil), replicas...) }
	var turn atomic.Int64
	transport := &http.Transport{
		ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{ServerName: "localhost", RootCAs: pool},
		// New connections go to those that are ready, as a Service does it.
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			at, first := all(), int(turn.Add(1))
			for i := range at {
				if r := at[(first+i)%len(at)]; get(r.side) == "ready\n" {
					return (&net.Dialer{}).DialContext(ctx, "tcp", r.address)
				}
			}
			return nil, fmt.Errorf("no replica is ready")
		},
	}
	client := &http.Client{Transport: transport}
	ctx, stop := context.WithCancel(t.Context())
	var asked, failed atomic.Int64
	go func() {
		defer stop()
		for _, r := range all() {
			from := asked.Load()
			until(t, func() bool { return asked.Load() > from+50 })
			if err := r.process.Process.Signal(syscall.SIGTERM); err != nil {
				t.Error(err)
			}
			if err := r.process.Wait(); err != nil {
				t.Errorf("it does not end well: %v\n%s", err, r.log.String())
			}
			next := begin(t, dir)
			mu.Lock()
			replicas = append(replicas, next)
			mu.Unlock()
		}
	}()
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for ctx.Err() == nil {
				resp, err := client.Post("https://webhook/validate?timeout=10s", "application/json", bytes.NewReader(body))
				if err == nil {
					var text []byte
					text, err = io.ReadAll(resp.Body)
					resp.Body.Close()
					if err == nil && !bytes.Contains(text, []byte(`"allowed":`)) {
						err = fmt.Errorf("%s %s", resp.Status, text)
					}
				}
				if err != nil && failed.Add(1) == 1 {
					t.Error(err)
				}
				asked.Add(1)
			}
		})
	}
	workers.Wait()
	transport.CloseIdleConnections()
	for _, r := range all()[2:] {
		_ = r.process.Process.Signal(syscall.SIGINT)
		_ = r.process.Process.Signal(syscall.SIGINT) // the second ends it at once
		_ = r.process.Wait()
	}
	t.Logf("%d requests, %d failed", asked.Load(), failed.Load())
}

// TestClientCA: a client without a certificate gets no answer, and a replica that
// cannot tell clients apart does not start.
func TestClientCA(t *testing.T) {
	dir, pool := certificate(t)
	address, side := free(t), free(t)
	args := []string{"--standalone", "--cert-dir", dir, "--address", address, "--metrics-address", side, "--drain", "0s", "--client-ca"}
	var log bytes.Buffer
	if code := command.Main(t.Context(), append(args, filepath.Join(dir, "none")), command.Streams{Out: io.Discard, Err: &log}); code != 3 {
		t.Errorf("without the file: exit code %d\n%s", code, &log)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() {
		ended <- command.Main(ctx, append(args, filepath.Join(dir, "ca.crt")), command.Streams{Out: io.Discard, Err: io.Discard})
	}()
	until(t, func() bool { return get(side) == "ready\n" })
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{ServerName: "localhost", RootCAs: pool}}}
	resp, err := client.Post("https://"+address+"/validate", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 401 {
		t.Errorf("status %d", resp.StatusCode)
	}
	cancel()
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestCluster: with a cluster, the command makes its certificate, reads the
// policies and becomes ready.
func TestCluster(t *testing.T) {
	kubeconfig := cluster.Start(t).Kubeconfig
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	install(t, dynamic.NewForConfigOrDie(config))
	c := kubernetes.NewForConfigOrDie(config)
	ns := &corev1.Namespace{}
	ns.Name = "tiphys"
	if _, err := c.CoreV1().Namespaces().Create(t.Context(), ns, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	address, side := free(t), free(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	var log bytes.Buffer
	go func() {
		ended <- command.Main(ctx, []string{"--kubeconfig", kubeconfig, "--address", address, "--metrics-address", side, "--drain", "0s", "--unwatched", "PersistentVolumeClaim"}, command.Streams{Out: io.Discard, Err: &log})
	}()
	until(t, func() bool { return get(side) == "ready\n" })
	s, err := c.CoreV1().Secrets("tiphys").Get(t.Context(), "tiphys-webhook-certificate", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(s.Data["ca.crt"])
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{ServerName: "tiphys-webhook.tiphys.svc", RootCAs: pool}}}
	resp, err := client.Post("https://"+address+"/validate?timeout=10s", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil || !strings.Contains(string(text), `"allowed":true`) {
		t.Errorf("%s: %v", text, err)
	}
	cancel()
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d:\n%s", code, log.String())
	}
}

// install makes our kind of object known to a cluster.
func install(t *testing.T, c dynamic.Interface) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(testbin.Root(), "charts/tiphys/files/crds/*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no CRDs: %v", err)
	}
	kinds := c.Resource(schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"})
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		u := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(text, &u.Object); err != nil {
			t.Fatal(err)
		}
		if _, err := kinds.Create(t.Context(), u, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}
