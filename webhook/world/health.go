package world

import (
	"fmt"
	"time"
)

// A Health tells how much a cache knows.
type Health struct {
	Kind string
	// Off is set where the kind is not watched.
	Off bool
	// Synced is set once the cache has been filled.
	Synced bool
	// Forbidden is set where the API server refuses to tell.
	Forbidden bool
	// Age is for how long the cache has been cut off; zero while it is not.
	Age time.Duration
	// Objects is how many there are.
	Objects int
	// Err is why the cache is cut off, if that is known.
	Err error
}

// Health tells how much each cache knows.
func (w *World) Health() []Health {
	var out []Health
	for _, c := range w.caches {
		count, filled := c.store.size()
		h := Health{Kind: c.kind.name, Off: c.off, Synced: filled, Forbidden: c.forbidden(), Age: c.age(), Objects: count}
		c.mu.Lock()
		h.Err = c.err
		c.mu.Unlock()
		out = append(out, h)
	}
	return out
}

// Ready returns nil once every cache is filled that can be: one that is switched
// off or forbidden is not waited for. Once it was ready, a world stays so.
func (w *World) Ready() error {
	for _, h := range w.Health() {
		if !h.Off && !h.Synced && !h.Forbidden {
			return fmt.Errorf("the cache of %ss is not filled yet", h.Kind)
		}
	}
	return nil
}
