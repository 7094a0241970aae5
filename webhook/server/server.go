// Package server serves the webhook over HTTPS, and its metrics.
//
// A request is answered within the deadline or refused; a review that runs on
// after its deadline keeps its slot until it ends, so there are never more of
// them than slots. When the server is told to end, it stops being ready at once,
// but answers on until nobody sends it anything any more.
package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tiphys-dev/tiphys/webhook"
)

// Options configure a server. State and Certificate must be there.
type Options struct {
	// Listener takes the requests of the API server, Metrics those of Prometheus
	// and of the kubelet; nil for none.
	Listener, Metrics net.Listener
	// State returns what reviews depend on, nil while it is not known.
	State func() *webhook.State
	// Certificate returns the certificate to serve, with its Leaf; nil while
	// there is none.
	Certificate func() *tls.Certificate
	// Clients returns the authorities one of which must have signed the certificate
	// of whoever asks for a review; nil demands none. Probes never need one.
	Clients func() *x509.CertPool
	// Checks are what readiness depends on beside those two.
	Checks []Check
	// Deadline is the longest that an answer takes, whatever the API server
	// allows; 0 is 9 s.
	Deadline time.Duration
	// Drain is how long the server goes on serving when it is told to end, so
	// that all learn that it is not ready; 0 is 15 s, below 0 is not at all.
	Drain time.Duration
	// Body is the most bytes of a request; 0 is 8 MiB.
	Body int64
	// Reviews is how many there are at once; 0 is twice GOMAXPROCS.
	Reviews int
	// Registry holds the metrics; nil is one of the server's own.
	Registry *prometheus.Registry
	// Facts are what is told in metrics beside requests.
	Facts Facts
	// Log is where to tell of requests; nil is nowhere.
	Log *slog.Logger
}

// A Check is a part of readiness: its name, and why it is not ready.
type Check struct {
	Name string
	Err  func() error
}

// A service is a running server.
type service struct {
	Options
	metrics  *metrics
	slots    chan struct{} // one for each review that may run
	large    chan struct{} // the one that a large body takes as well
	bytes    atomic.Int64  // of bodies that are held
	open     atomic.Int64  // requests without an answer
	draining atomic.Bool
}

// Bounds that nobody needs to change.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 15 * time.Second
	writeTimeout  = 45 * time.Second
	idleTimeout   = 2 * time.Minute
	headerBytes   = 64 << 10
	lastCall      = 20 * time.Second // for requests that are under way when the drain is over
	atRest        = 2 * time.Second  // without a request, when the drain is over
)

func newService(o Options) *service {
	if o.Deadline == 0 {
		o.Deadline = 9 * time.Second
	}
	if o.Drain == 0 {
		o.Drain = 15 * time.Second
	}
	if o.Body == 0 {
		o.Body = 8 << 20
	}
	if o.Reviews == 0 {
		o.Reviews = 2 * runtime.GOMAXPROCS(0)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	s := &service{Options: o, slots: make(chan struct{}, o.Reviews), large: make(chan struct{}, 1)}
	s.metrics = newMetrics(s)
	return s
}

// Run serves until ctx ends and all requests are answered.
func Run(ctx context.Context, o Options) error {
	s := newService(o)
	failed := make(chan error, 2)
	main := s.server(s.handler())
	main.TLSConfig = s.tls()
	go func() { failed <- main.ServeTLS(s.Listener, "", "") }()
	if s.Metrics != nil {
		side := s.server(s.side())
		go func() { failed <- side.Serve(s.Metrics) }()
		defer side.Close()
	}
	s.Log.Info("serving", "address", s.Listener.Addr().String())
	select {
	case err := <-failed:
		main.Close()
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	return s.drain(main)
}

// drain ends a server without losing a request.
func (s *service) drain(main *http.Server) error {
	s.draining.Store(true)
	s.Log.Info("draining: not ready any more, but still serving", "for", s.Drain.String())
	if s.Drain > 0 {
		<-time.After(s.Drain)
	}
	ctx, cancel := context.WithTimeout(context.Background(), lastCall)
	defer cancel()
	go s.rest(ctx, cancel)
	err := main.Shutdown(ctx)
	if err != nil {
		main.Close()
	}
	if n := s.open.Load(); n > 0 {
		return fmt.Errorf("end the server with %d requests under way: %w", n, err)
	}
	s.Log.Info("all requests are answered")
	return nil
}

// rest ends the wait for connections on which nothing is asked any more: now and
// then one of HTTP/2 stays for no reason that it tells.
func (s *service) rest(ctx context.Context, end func()) {
	for at := time.Now(); time.Since(at) < atRest; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(atRest / 20):
		}
		if s.open.Load() > 0 {
			at = time.Now()
		}
	}
	end()
}

func (s *service) server(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: headerBytes, ErrorLog: slog.NewLogLogger(quiet{s.Log.Handler()}, slog.LevelWarn),
	}
}

// tls is how connections are made. A client without a certificate may connect, as
// the kubelet does; what it may ask is known only then.
func (s *service) tls() *tls.Config {
	c := &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: s.certificate, NextProtos: []string{"h2", "http/1.1"}}
	if s.Clients == nil {
		return c
	}
	c.ClientAuth = tls.VerifyClientCertIfGiven
	c.SessionTicketsDisabled = true // a session that is resumed would be trusted as it was then
	c.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		now := c.Clone()
		if now.ClientCAs = s.Clients(); now.ClientCAs == nil {
			now.ClientCAs = x509.NewCertPool() // nobody, where nil were the system's
		}
		return now, nil
	}
	return c
}

var errNoCertificate = errors.New("there is no certificate yet")

func (s *service) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if c := s.Certificate(); c != nil {
		return c, nil
	}
	return nil, errNoCertificate
}
