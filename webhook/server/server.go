// Package server serves the webhook over HTTPS, and its metrics.
package server

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"time"

	"github.com/tiphys-dev/tiphys/webhook"
)

// Options configure a server. The zero value serves nothing: State and
// Certificate must be there.
type Options struct {
	// Listener takes the requests of the API server, Metrics those of
	// Prometheus; nil for no metrics.
	Listener, Metrics net.Listener
	// State returns what reviews depend on, nil while it is not known.
	State func() *webhook.State
	// Certificate returns the certificate to serve, nil while there is none.
	Certificate func() *tls.Certificate
	// Checks are what readiness depends on beside those two.
	Checks []Check
	// Deadline is the longest that a review takes, whatever the API server
	// allows; 0 is 8 s.
	Deadline time.Duration
	// Drain is how long the server goes on serving when it is told to end, so
	// that all learn that it is not ready; 0 is 15 s, below 0 is not at all.
	Drain time.Duration
	// Body is the most bytes of a request; 0 is 8 MiB.
	Body int64
	// Reviews is how many there are at once; 0 is twice GOMAXPROCS.
	Reviews int
	Log     *slog.Logger
}

// A Check is a part of readiness: its name, and why it is not ready.
type Check struct {
	Name string
	Err  func() error
}

// Run serves until ctx ends and all requests are answered.
func Run(ctx context.Context, o Options) error {
	return errors.New("serve: not built yet")
}
