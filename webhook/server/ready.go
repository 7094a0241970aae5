package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// side serves what is not for the API server.
func (s *service) side() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(s.Registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: readTimeout}))
	s.probes(mux)
	return mux
}

func (s *service) probes(mux *http.ServeMux) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "alive") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if why := s.unready(r.Context()); len(why) > 0 {
			http.Error(w, strings.Join(why, "\n"), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ready")
	})
}

// unready returns all reasons for which no requests should come here.
func (s *service) unready(ctx context.Context) []string {
	var why []string
	if s.draining.Load() {
		why = append(why, "server: it is about to end")
	}
	if s.State() == nil {
		why = append(why, "policies: they are not loaded yet")
	}
	for _, c := range s.Checks {
		if err := c.Err(); err != nil {
			why = append(why, c.Name+": "+err.Error())
		}
	}
	c := s.Certificate()
	if err := valid(c, time.Now()); err != nil {
		return append(why, "certificate: "+err.Error())
	}
	if err := s.dial(ctx); err != nil {
		why = append(why, "endpoint: "+err.Error())
	}
	return why
}

// valid tells why a certificate is of no use now. It goes by the wall clock: a
// machine that slept has lost that time too.
func valid(c *tls.Certificate, now time.Time) error {
	switch {
	case c == nil || c.Leaf == nil:
		return errNoCertificate
	case now.After(c.Leaf.NotAfter):
		return fmt.Errorf("it expired at %s", c.Leaf.NotAfter.UTC().Format(time.RFC3339))
	case now.Before(c.Leaf.NotBefore):
		return fmt.Errorf("it is not valid before %s", c.Leaf.NotBefore.UTC().Format(time.RFC3339))
	}
	return nil
}

// dial asks the server itself over the network: it must answer, and with the
// certificate that it is meant to serve.
func (s *service) dial(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	config := &tls.Config{
		// It is compared with the very certificate, which says more than a chain.
		InsecureSkipVerify: true,
		VerifyConnection: func(c tls.ConnectionState) error {
			served := c.PeerCertificates[0].Raw
			if now := s.Certificate(); now == nil || !bytes.Equal(served, now.Certificate[0]) {
				return errors.New("another certificate is served")
			}
			return nil
		},
	}
	d := tls.Dialer{Config: config}
	conn, err := d.DialContext(ctx, "tcp", reachable(s.Listener.Addr()))
	if err != nil {
		return fmt.Errorf("dial it: %w", err)
	}
	defer conn.Close()
	if t, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(t)
	}
	if _, err := fmt.Fprintf(conn, "GET /healthz HTTP/1.0\r\n\r\n"); err != nil {
		return fmt.Errorf("ask it: %w", err)
	}
	answer := make([]byte, len("HTTP/1.0 200"))
	if _, err := conn.Read(answer); err != nil {
		return fmt.Errorf("hear its answer: %w", err)
	}
	if !bytes.HasSuffix(answer, []byte(" 200")) {
		return fmt.Errorf("it answers %q", answer)
	}
	return nil
}

// reachable is where a listener can be dialled from here.
func reachable(a net.Addr) string {
	t, ok := a.(*net.TCPAddr)
	if !ok || !t.IP.IsUnspecified() {
		return a.String()
	}
	return net.JoinHostPort("localhost", fmt.Sprint(t.Port))
}
