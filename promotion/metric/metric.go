// Package metric asks Prometheus for one value.
package metric

import (
	"context"
	"net/http"
	"time"

	"github.com/tiphys-dev/tiphys/promotion/gate"
)

// Options are those of a query.
type Options struct {
	// Transport does the requests; http.DefaultTransport unless given.
	Transport http.RoundTripper
	// Timeout bounds a query; 10 s unless given.
	Timeout time.Duration
	// Token is a bearer token to show; none unless given.
	Token string
	// Now is the clock; time.Now unless given.
	Now func() time.Time
}

// Query asks the Prometheus at url for the value of a query. What goes wrong is
// the Problem of the answer.
func Query(ctx context.Context, url, query string, o Options) gate.Metric {
	return gate.Metric{Problem: "nobody asks yet"}
}
