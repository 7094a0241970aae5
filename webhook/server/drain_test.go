package server_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tiphys-dev/tiphys/lint/rules"
	"github.com/tiphys-dev/tiphys/webhook"
	"github.com/tiphys-dev/tiphys/webhook/certs"
	"github.com/tiphys-dev/tiphys/webhook/server"
)

// probe returns the text of /readyz, over the port of the metrics.
func probe(address string) string {
	resp, err := http.Get("http://" + address + "/readyz")
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return string(b)
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestReady(t *testing.T) {
	now := time.Now()
	current, _ := issued(t, now)
	expired, _ := issued(t, now.Add(-60*24*time.Hour))
	early, _ := issued(t, now.Add(24*time.Hour))
	var certificate atomic.Pointer[tls.Certificate]
	var state atomic.Pointer[webhook.State]
	var cache atomic.Pointer[error]
	side := listen(t)
	r := start(t, server.Options{
		Metrics: side, Certificate: certificate.Load, State: state.Load,
		Checks: []server.Check{{Name: "caches", Err: func() error {
			if e := cache.Load(); e != nil {
				return *e
			}
			return nil
		}}},
	})
	is := func(want string) {
		t.Helper()
		if got := probe(side.Addr().String()); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	is("policies: they are not loaded yet\ncertificate: there is no certificate yet\n")
	certificate.Store(current)
	unsynced := errors.New("Secrets are not synced yet")
	cache.Store(&unsynced)
	is("policies: they are not loaded yet\ncaches: Secrets are not synced yet\n")
	cache.Store(nil)
	state.Store(&webhook.State{Rules: rules.All()})
	is("ready\n")
	certificate.Store(expired)
	is("certificate: it expired at " + expired.Leaf.NotAfter.UTC().Format(time.RFC3339) + "\n")
	certificate.Store(early)
	is("certificate: it is not valid before " + early.Leaf.NotBefore.UTC().Format(time.RFC3339) + "\n")
	certificate.Store(current)
	is("ready\n")
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
}

// TestReadyAsksItself: a port that does not answer with the certificate that it
// should is not ready, whatever all else says.
func TestReadyAsksItself(t *testing.T) {
	other := httptest.NewUnstartedServer(http.NotFoundHandler())
	other.Config.ErrorLog = log.New(io.Discard, "", 0)
	other.StartTLS()
	defer other.Close()
	side := listen(t)
	l := elsewhere{listen(t), other.Listener.Addr()}
	start(t, server.Options{Listener: l, Metrics: side, Certificate: certificateOf(t)})
	if got := probe(side.Addr().String()); !strings.Contains(got, "endpoint: dial it: another certificate is served") {
		t.Errorf("got %q", got)
	}
	other.Close()
	if got := probe(side.Addr().String()); !strings.Contains(got, "endpoint: dial it: ") || !strings.Contains(got, "refused") {
		t.Errorf("got %q", got)
	}
}

// elsewhere is a listener whose address leads to another.
type elsewhere struct {
	net.Listener
	address net.Addr
}

func (e elsewhere) Addr() net.Addr { return e.address }

func certificateOf(t *testing.T) func() *tls.Certificate {
	c, _ := issued(t, time.Now())
	return func() *tls.Certificate { return c }
}

// A balancer passes connections on to those replicas that are ready, as a
// Service does: new ones only, old ones stay where they are.
type balancer struct {
	net.Listener
	mu       sync.Mutex
	replicas []replica
	ready    []string // addresses
	next     int
}

type replica struct{ address, side string }

func (b *balancer) add(r replica) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.replicas = append(b.replicas, r)
}

func (b *balancer) all() []replica {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.replicas)
}

// follow asks for readiness until ctx ends.
func (b *balancer) follow(ctx context.Context) {
	for ctx.Err() == nil {
		var ready []string
		for _, r := range b.all() {
			if probe(r.side) == "ready\n" {
				ready = append(ready, r.address)
			}
		}
		b.mu.Lock()
		b.ready = ready
		b.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// pick returns the address of a replica that is ready, and how many are.
func (b *balancer) pick() (string, int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.ready) == 0 {
		return "", 0
	}
	b.next++
	return b.ready[b.next%len(b.ready)], len(b.ready)
}

func (b *balancer) serve() {
	for {
		conn, err := b.Accept()
		if err != nil {
			return
		}
		go b.pass(conn)
	}
}

func (b *balancer) pass(conn net.Conn) {
	defer conn.Close()
	address, _ := b.pick()
	to, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer to.Close()
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{conn, to}, {to, conn}} {
		both.Go(func() {
			_, _ = io.Copy(way[0], way[1])
			_ = way[0].(*net.TCPConn).CloseWrite()
		})
	}
	both.Wait()
}

// A load asks until its context ends.
type load struct {
	asked  []atomic.Int64 // by each worker
	failed []error
}

func newLoad(workers int) *load { return &load{asked: make([]atomic.Int64, workers)} }

func (l *load) run(ctx context.Context, ask func() error) {
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range l.asked {
		all.Go(func() {
			for ctx.Err() == nil {
				if err := ask(); err != nil {
					mu.Lock()
					l.failed = append(l.failed, err)
					mu.Unlock()
				}
				l.asked[i].Add(1)
			}
		})
	}
	all.Wait()
}

// more waits until each worker has asked so many times more.
func (l *load) more(t *testing.T, n int64) {
	t.Helper()
	for i := range l.asked {
		from := l.asked[i].Load()
		until(t, func() bool { return l.asked[i].Load() >= from+n })
	}
}

func (l *load) report(t *testing.T) {
	t.Helper()
	n := int64(0)
	for i := range l.asked {
		n += l.asked[i].Load()
	}
	if len(l.failed) > 0 {
		t.Errorf("%d of %d requests failed, the first: %v", len(l.failed), n, l.failed[0])
	}
	t.Logf("%d requests, %d failed", n, len(l.failed))
}

// TestDrain: two replicas end one after the other and are replaced under load,
// as in a rolling update, and no request fails.
func TestDrain(t *testing.T) {
	cert, pool := issued(t, time.Now())
	b := &balancer{Listener: listen(t)}
	up := func() *running {
		side := listen(t)
		r := start(t, server.Options{Metrics: side, Certificate: func() *tls.Certificate { return cert }, Drain: 400 * time.Millisecond})
		b.add(replica{r.address, side.Addr().String()})
		return r
	}
	first, second := up(), up()
	ctx, cancel := context.WithCancel(t.Context())
	var behind sync.WaitGroup
	behind.Go(func() { b.follow(ctx) })
	behind.Go(b.serve)
	ready := func(n int) {
		until(t, func() bool { _, is := b.pick(); return is == n })
	}
	ready(2)

	// HTTP/2 as API servers speak it, and HTTP/1.1.
	transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{ServerName: "localhost", RootCAs: pool}}
	client := &http.Client{Transport: transport}
	l := newLoad(8)
	loaded, stop := context.WithCancel(ctx)
	go func() {
		defer stop()
		l.more(t, 20)
		for _, r := range []*running{first, second} {
			if err := r.stop(); err != nil {
				t.Errorf("end a replica: %v", err)
			}
			l.more(t, 5)
			up()
			ready(2)
			l.more(t, 5)
		}
	}()
	l.run(loaded, func() error { return askThrough(client, b.Addr().String()) })
	transport.CloseIdleConnections()
	_ = b.Close()
	cancel()
	behind.Wait()
	l.report(t)
}

func askThrough(client *http.Client, address string) error {
	resp, err := client.Post("https://"+address+"/validate?timeout=10s", "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && !bytes.Contains(text, []byte(`"allowed":true`)) {
		err = fmt.Errorf("%s: %s", resp.Status, text)
	}
	return err
}

// until waits for what must come soon.
func until(t *testing.T, come func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !come(); {
		if time.Now().After(end) {
			t.Error("it does not come")
			return
		}
		<-time.After(5 * time.Millisecond)
	}
}

// A rotation is the state of certificates at a time of its own.
type rotation struct {
	now     time.Time
	bundle  *certs.Bundle
	served  atomic.Pointer[tls.Certificate]
	trusted atomic.Pointer[x509.VerifyOptions]
}

// step publishes, serves and takes the next step, or lets time pass up to it.
func (r *rotation) step(t *testing.T) certs.Action {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(r.bundle.Trust())
	r.trusted.Store(&x509.VerifyOptions{Roots: pool, CurrentTime: r.now, DNSName: "localhost"})
	r.served.Store(r.bundle.TLS())
	o := certs.Observation{Now: r.now, Names: []string{"localhost"}, Trusted: func(*x509.Certificate) bool { return true }}
	s := certs.Plan(r.bundle, o, certs.Lifetimes{})
	if s.Action == certs.Wait {
		r.now = s.Again
		return s.Action
	}
	next, err := certs.Apply(r.bundle, s, o, certs.Lifetimes{})
	if err != nil {
		t.Error(err)
		return s.Action
	}
	r.bundle = next
	return s.Action
}

// verify is what an API server makes of a connection.
func (r *rotation) verify(c tls.ConnectionState) error {
	_, err := c.PeerCertificates[0].Verify(*r.trusted.Load())
	return err
}

// TestRotation: the authority and with it the certificate roll twice under load,
// with a handshake for each request, and no request fails. The clock is that of
// the plan; the load is real.
func TestRotation(t *testing.T) {
	state := &rotation{now: time.Now(), bundle: &certs.Bundle{}}
	state.step(t)
	state.step(t)
	r := start(t, server.Options{Certificate: state.served.Load})
	l := newLoad(4)
	loaded, stop := context.WithCancel(t.Context())
	go func() {
		defer stop()
		for dropped := 0; dropped < 2 && !t.Failed(); {
			if state.step(t) == certs.Drop {
				dropped++
			}
			l.more(t, 1)
		}
	}()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true, VerifyConnection: state.verify}}}
	l.run(loaded, func() error { return askThrough(client, r.address) })
	l.report(t)
}
