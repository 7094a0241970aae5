package world

import (
	"context"
	"sync"

	"github.com/tiphys-dev/tiphys/lint/resolve"
)

// Memory returns the same world for what need not be up to the moment, such as an
// audit: nothing is asked, and what a cache that is up to date does not have is
// Absent.
func (w *World) Memory() resolve.World { return memory{w} }

type memory struct{ *World }

// Library implements resolve.World.
func (m memory) Library(namespace, name string, cluster bool) (*resolve.Library, resolve.State) {
	r, state := m.find(libraryKind(cluster), namespace, name)
	if state == resolve.Known && r.library == nil {
		return nil, resolve.Unknown
	}
	return r.library, state
}

// Object implements resolve.World.
func (m memory) Object(kind, namespace, name string) resolve.State {
	_, state := m.find(kind, namespace, name)
	return state
}

func (m memory) find(kind, namespace, name string) (record, resolve.State) {
	c, r, state := m.look(kind, namespace, name)
	if state == resolve.Unknown && c != nil && !kept(kind, name) && c.fresh() {
		state = resolve.Absent
	}
	return r, state
}

// Within returns the same world for one request: together, its questions to
// the API server take no longer than ctx allows, are not more than a few dozen,
// and none is asked twice.
func (w *World) Within(ctx context.Context) resolve.World { return &request{World: w, ctx: ctx} }

// mostAsked bounds what one request may ask the API server: an object with so
// many mistakes is denied for the first of them.
const mostAsked = 32

type request struct {
	*World
	ctx   context.Context
	mu    sync.Mutex
	asked map[question]answer
}

type question struct{ kind, namespace, name string }

type answer struct {
	record record
	state  resolve.State
}

// Library implements resolve.World.
func (q *request) Library(namespace, name string, cluster bool) (*resolve.Library, resolve.State) {
	r, state := q.find(libraryKind(cluster), namespace, name)
	if state == resolve.Known && r.library == nil {
		return nil, resolve.Unknown // it exists, but what is in it is still on its way
	}
	return r.library, state
}

// Object implements resolve.World.
func (q *request) Object(kind, namespace, name string) resolve.State {
	_, state := q.find(kind, namespace, name)
	return state
}

func (q *request) find(kind, namespace, name string) (record, resolve.State) {
	c, r, state := q.look(kind, namespace, name)
	if state == resolve.Known || c == nil || kept(kind, name) {
		return r, state
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	key := question{kind, c.space(namespace), name}
	a, ok := q.asked[key]
	if !ok && len(q.asked) < mostAsked {
		a.record, a.state = q.confirm.ask(q.ctx, c, key.namespace, name)
		if q.asked == nil {
			q.asked = map[question]answer{}
		}
		q.asked[key] = a
	}
	return a.record, a.state
}
