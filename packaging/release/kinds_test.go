package release

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// An asking counts the requests for what a cluster serves.
type asking struct {
	next http.RoundTripper
	n    *atomic.Int64
}

func (a *asking) RoundTrip(r *http.Request) (*http.Response, error) {
	switch p := r.URL.Path; {
	case p == "/api", p == "/apis", p == "/version", strings.HasPrefix(p, "/openapi/"):
		a.n.Add(1)
	}
	return a.next.RoundTrip(r)
}

func testKinds(t *testing.T, e *env) {
	n, k := &atomic.Int64{}, &Kinds{}
	client := func() *Client {
		c := e.client(t)
		c.config.Wrap(func(next http.RoundTripper) http.RoundTripper { return &asking{next, n} })
		return c.Remember(k)
	}
	for range 3 {
		if _, err := client().Prepare(t.Context(), "etl"); err != nil {
			t.Fatal(err)
		}
	}
	if n.Load() != 3 {
		t.Errorf("it was asked for by %d requests, and not by one for each of /version, /api and /apis", n.Load())
	}
	s := newKind(t, e)
	if _, err := client().Upgrade(t.Context(), s, Options{}); err != nil {
		t.Errorf("a kind that is new: %v", err)
	}
	e.deployed(t, "etl", 1)
	if _, err := client().Upgrade(t.Context(), s, Options{}); err != nil {
		t.Error(err)
	}
	before := n.Load()
	if _, err := client().Upgrade(t.Context(), s, Options{}); err != nil {
		t.Error(err)
	}
	if asked := n.Load() - before; asked > 3 { // it may have become too old meanwhile
		t.Errorf("to deploy what was deployed before took %d requests for what the cluster serves", asked)
	}
	if other := k.of(e.client(t).config); other != k.of(client().config) {
		t.Error("the same credentials are remembered twice")
	}
	stranger := e.client(t).config
	stranger.BearerToken = "another"
	if k.of(stranger) == k.of(client().config) {
		t.Error("what one is told is told to who has other credentials")
	}
}
