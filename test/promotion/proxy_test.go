package promotion

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"k8s.io/client-go/tools/clientcmd"
)

// A counter stands between the controller and the API server, and does something
// when the n-th write has reached it and nobody has heard of that yet.
type counter struct {
	kubeconfig string

	mu    sync.Mutex
	count int
	at    int
	do    func()
}

// counter starts one in front of the API server.
func (s *stage) counter() *counter {
	s.Helper()
	config := s.api.Config(s)
	target, err := url.Parse(config.Host)
	if err != nil {
		s.Fatal(err)
	}
	ca, err := os.ReadFile(config.CAFile)
	if err != nil {
		ca = config.CAData
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	c := &counter{}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, MaxIdleConnsPerHost: 64}
	proxy.FlushInterval = -1 // watches
	proxy.ErrorLog = quiet
	proxy.ModifyResponse = func(r *http.Response) error {
		c.wrote(r.Request)
		return nil
	}
	server := httptest.NewUnstartedServer(proxy)
	server.Config.ErrorLog = quiet
	server.StartTLS()
	s.Cleanup(func() { server.CloseClientConnections(); server.Close() })

	k, err := clientcmd.LoadFromFile(s.kubeconfig)
	if err != nil {
		s.Fatal(err)
	}
	for _, one := range k.Clusters {
		one.Server, one.CertificateAuthority = server.URL, ""
		one.CertificateAuthorityData = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	}
	c.kubeconfig = filepath.Join(s.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*k, c.kubeconfig); err != nil {
		s.Fatal(err)
	}
	return c
}

// arm has do be called once, at the n-th write from now on.
func (c *counter) arm(n int, do func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count, c.at, c.do = 0, n, do
}

// writes is how many there were since it was armed.
func (c *counter) writes() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count
}

// wrote counts what changes something; Events and questions about rights do not.
func (c *counter) wrote(r *http.Request) {
	if r.Method == http.MethodGet || strings.Contains(r.URL.Path, "/events") || strings.Contains(r.URL.Path, "/authorization.k8s.io/") ||
		r.URL.Query().Get("dryRun") != "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count++
	if c.count == c.at {
		c.do()
	}
}
