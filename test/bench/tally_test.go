package bench

import (
	"fmt"
	"net/http"
	"sort"
	"strings"
	"sync"
)

// A tally counts requests, by verb and by what they are about.
type tally struct {
	mu  sync.Mutex
	all map[string]int

	seen int // by who waits for calm
}

func (t *tally) wrap(next http.RoundTripper) http.RoundTripper { return &counting{next, t} }

type counting struct {
	next http.RoundTripper
	*tally
}

func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	if c.all == nil {
		c.all = map[string]int{}
	}
	c.all[nameOf(r)]++
	c.mu.Unlock()
	return c.next.RoundTrip(r)
}

// WrappedRoundTripper lets client-go find the transport below.
func (c *counting) WrappedRoundTripper() http.RoundTripper { return c.next }

// nameOf is a verb and a resource, as "get secrets".
func nameOf(r *http.Request) string {
	verb := strings.ToLower(r.Method)
	if r.URL.Query().Get("watch") != "" {
		verb = "watch"
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case parts[0] == "api" && len(parts) > 2:
		parts = parts[2:]
	case parts[0] == "apis" && len(parts) > 3:
		parts = parts[3:]
	default:
		return verb + " discovery" // also of versions and OpenAPI
	}
	if parts[0] == "namespaces" && len(parts) > 2 {
		parts = parts[2:]
	}
	if verb == "get" && len(parts) == 1 {
		verb = "list"
	}
	if len(parts) == 3 {
		parts[0] += "/" + parts[2]
	}
	return verb + " " + parts[0]
}

// take returns what was counted, and begins anew.
func (t *tally) take() map[string]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := t.all
	t.all = nil
	return all
}

// sum is how many there are but for watches.
func sum(all map[string]int) (n, watches int) {
	for name, count := range all {
		if strings.HasPrefix(name, "watch ") {
			watches += count
		} else {
			n += count
		}
	}
	return n, watches
}

// most tells the most frequent ones.
func most(all map[string]int, per, n int) string {
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	sort.Slice(names, func(i, j int) bool {
		return all[names[i]] > all[names[j]] || all[names[i]] == all[names[j]] && names[i] < names[j]
	})
	var text []string
	for _, name := range names[:min(n, len(names))] {
		text = append(text, fmt.Sprintf("%s %.2f", name, float64(all[name])/float64(per)))
	}
	return strings.Join(text, ", ")
}
