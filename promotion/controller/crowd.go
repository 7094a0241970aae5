package controller

import (
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// slow is how long a look at a source takes at most where others may look at the
// same server meanwhile.
const slow = 10 * time.Second

// A crowd keeps those whose server does not answer from taking all who look at
// sources: at one that was slow last time, one looks at a time.
type crowd struct {
	mu   sync.Mutex
	all  map[string]int  // who looks, by server
	slow map[string]bool // servers
}

// enter reports whether a look at a server may begin at t. Whoever may calls left
// when it is over.
func (c *crowd) enter(server string, t time.Time) (left func(time.Time), ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil {
		c.all, c.slow = map[string]int{}, map[string]bool{}
	}
	if c.slow[server] && c.all[server] > 0 {
		return nil, false
	}
	c.all[server]++
	return func(end time.Time) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.all[server]--; c.all[server] == 0 {
			delete(c.all, server)
		}
		if delete(c.slow, server); end.Sub(t) > slow {
			c.slow[server] = true
		}
	}, true
}

// serverOf is where a source is, as far as it tells.
func serverOf(s v1alpha1.Source) string {
	address := ""
	switch {
	case s.Git != nil:
		address = s.Git.URL
	case s.OCI != nil:
		address = s.OCI.URL
	case s.Helm != nil:
		address = s.Helm.URL
	}
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		return u.Host
	}
	host, _, _ := strings.Cut(address, ":") // user@host:path
	return host[strings.LastIndex(host, "@")+1:]
}
