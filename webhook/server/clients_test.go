package server_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tiphys-dev/tiphys/webhook/server"
)

// An authority signs certificates of clients.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func (a *authority) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.certificate)
	return p
}

// signed makes a certificate, of an authority by itself where signer is nil.
func signed(t *testing.T, signer *authority, c *x509.Certificate) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c.SerialNumber, c.Subject = big.NewInt(time.Now().UnixNano()), pkix.Name{CommonName: "of " + t.Name()}
	c.NotBefore = time.Now().Add(-time.Hour)
	if c.NotAfter.IsZero() {
		c.NotAfter = time.Now().Add(time.Hour)
	}
	if signer == nil {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
		signer = &authority{c, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, c, signer.certificate, &key.PublicKey, signer.key)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return &authority{c, key}
}

// client is one with a certificate, on a connection of its own; it shows it
// whatever authorities the server names.
func (r *running) client(t *testing.T, c *authority) *http.Client {
	config := r.Transport.(*http.Transport).TLSClientConfig.Clone()
	config.ClientSessionCache = tls.NewLRUClientSessionCache(0)
	if c != nil {
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return &tls.Certificate{Certificate: [][]byte{c.certificate.Raw}, PrivateKey: c.key}, nil
		}
	}
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// TestClients: only who shows a certificate of the authority has objects reviewed.
func TestClients(t *testing.T) {
	ours, other := signed(t, nil, &x509.Certificate{}), signed(t, nil, &x509.Certificate{})
	forClients := []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	var trusted atomic.Pointer[x509.CertPool]
	trusted.Store(ours.pool())
	r := start(t, server.Options{Clients: trusted.Load})
	apiserver := signed(t, ours, &x509.Certificate{ExtKeyUsage: forClients})
	for name, test := range map[string]struct {
		certificate *authority
		status      int // 0: there is no connection
	}{
		"of the authority":        {apiserver, 200},
		"none":                    {nil, 401},
		"of another authority":    {signed(t, other, &x509.Certificate{ExtKeyUsage: forClients}), 0},
		"expired":                 {signed(t, ours, &x509.Certificate{ExtKeyUsage: forClients, NotAfter: time.Now().Add(-time.Minute)}), 0},
		"for servers":             {signed(t, ours, &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}), 0},
		"of itself":               {other, 0},
		"of one that is a client": {signed(t, apiserver, &x509.Certificate{ExtKeyUsage: forClients}), 0},
	} {
		t.Run(name, func(t *testing.T) {
			client := r.client(t, test.certificate)
			for _, path := range []string{"/validate", "/mutate", "/runs"} {
				status, text := 0, ""
				resp, err := client.Post("https://"+r.address+path, "application/json", bytes.NewReader(body))
				if err == nil {
					b, _ := io.ReadAll(resp.Body)
					resp.Body.Close()
					status, text = resp.StatusCode, string(b)
				}
				if status != test.status || strings.Contains(text, "allowed") != (status == 200) {
					t.Errorf("%s: got %d %s %v, want %d", path, status, text, err, test.status)
				}
			}
		})
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if resp, err := r.client(t, nil).Get("https://" + r.address + path); err != nil || resp.StatusCode != 200 {
			t.Errorf("the kubelet asks %s: %v %v", path, resp, err)
		}
	}
	client := r.client(t, apiserver)
	ask := func() error {
		resp, err := client.Post("https://"+r.address+"/validate", "application/json", bytes.NewReader(body))
		if err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
		client.CloseIdleConnections()
		return err
	}
	if err := ask(); err != nil {
		t.Fatal(err)
	}
	for name, pool := range map[string]*x509.CertPool{"another authority": other.pool(), "no authority": nil} {
		trusted.Store(pool)
		if ask() == nil {
			t.Errorf("%s is in its place, and the certificate is still taken", name)
		}
	}
}

// TestOldTLS: with authorities of clients as without, no TLS before 1.2 is spoken.
func TestOldTLS(t *testing.T) {
	for name, clients := range map[string]func() *x509.CertPool{"anybody": nil, "clients": x509.NewCertPool} {
		r := start(t, server.Options{Clients: clients})
		config := r.Transport.(*http.Transport).TLSClientConfig.Clone()
		config.MinVersion, config.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
		if conn, err := tls.Dial("tcp", r.address, config); err == nil {
			conn.Close()
			t.Errorf("%s: TLS 1.1 is spoken", name)
		}
	}
}
