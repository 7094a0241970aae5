package page

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
)

// The bounds of streams.
const (
	streamsOfUser = 12
	streamsOfAll  = 256
	streamLasts   = time.Hour // a browser comes back by itself
	heartbeat     = 20 * time.Second
	settles       = time.Second // changes within it are told once
	writePatience = 10 * time.Second
)

// streams counts those that are open.
type streams struct {
	mu     sync.Mutex
	all    int
	byUser map[string]int
}

func (s *streams) open(user string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= streamsOfAll || s.byUser[user] >= streamsOfUser {
		return false
	}
	if s.byUser == nil {
		s.byUser = map[string]int{}
	}
	s.all++
	s.byUser[user]++
	return true
}

func (s *streams) close(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.byUser[user]--; s.byUser[user] == 0 {
		delete(s.byUser, user)
	}
}

// events is a stream of server-sent events: "change" when something that the
// viewer may see has changed, "gone" when he may look no more. It never says
// what changed; the browser asks for the page anew.
func (s *server) events(w http.ResponseWriter, r *http.Request, v *viewer) {
	of := key{r.FormValue("namespace"), r.FormValue("name")}
	if !s.streams.open(v.Name) {
		w.Header().Set("Retry-After", "60")
		http.Error(w, "too many streams are open: close some windows", http.StatusTooManyRequests)
		return
	}
	defer s.streams.close(v.Name)
	changes, stop := s.o.Source.Changed()
	defer stop()
	now, err := s.mark(r.Context(), v, of)
	if err != nil {
		s.broken(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	st := &stream{w: w, control: http.NewResponseController(w)}
	st.send("retry: 5000\n: watching\n\n")
	last := r.FormValue("since") // what the page was made of
	if last != now && last != "" {
		st.send("event: change\ndata:\n\n")
	}
	last = now
	beat, end := s.clock.NewTicker(heartbeat), s.clock.NewTimer(streamLasts)
	defer beat.Stop()
	defer end.Stop()
	for st.err == nil {
		select {
		case <-r.Context().Done():
			return
		case <-s.o.Done:
			return
		case <-end.C():
			return
		case <-beat.C():
			st.send(": still here\n\n")
		case <-changes:
			if !s.settle(r.Context()) {
				return
			}
		}
		now, err := s.stillSees(r, of)
		switch {
		case errors.Is(err, ErrUnknown):
			st.send("event: gone\ndata:\n\n")
			return
		case err != nil: // the API server is away: what is shown stays
		case now != last:
			last = now
			st.send("event: change\ndata:\n\n")
		}
	}
}

// settle waits for what comes together.
func (s *server) settle(ctx context.Context) bool {
	t := s.clock.NewTimer(settles)
	defer t.Stop()
	select {
	case <-t.C():
		return true
	case <-ctx.Done():
	case <-s.o.Done:
	}
	return false
}

// stillSees asks anew who it is that looks, and what he sees.
func (s *server) stillSees(r *http.Request, of key) (string, error) {
	ctx, cancel := context.WithTimeout(r.Context(), requestPatience)
	defer cancel()
	v, err := s.access.who(ctx, s.sessions.token(r))
	if err != nil {
		return "", err
	}
	return s.mark(ctx, v, of)
}

// mark is different when something that the viewer sees is: all promotions, or
// one.
func (s *server) mark(ctx context.Context, v *viewer, of key) (string, error) {
	promotions, candidates, err := s.gather(ctx, v, of)
	if err != nil && !errors.Is(err, errNotThere) {
		return "", err
	}
	return markOf(promotions, candidates), nil
}

func markOf(promotions []*v1alpha1.Promotion, candidates []v1alpha1.Candidate) string {
	var sum uint64 // in any order
	add := func(kind, namespace, name, version string) {
		h := fnv.New64a()
		fmt.Fprint(h, kind, "\x00", namespace, "\x00", name, "\x00", version)
		sum += h.Sum64()
	}
	for _, p := range promotions {
		add("p", p.Namespace, p.Name, p.ResourceVersion)
	}
	for i := range candidates {
		c := &candidates[i]
		add("c", c.Namespace, c.Name, c.ResourceVersion)
	}
	return fmt.Sprintf("%d-%d-%x", len(promotions), len(candidates), sum)
}

// streamOf is the address of the events of a page that was made of these.
func streamOf(of key, promotions []*v1alpha1.Promotion, candidates []v1alpha1.Candidate) string {
	q := url.Values{"since": {markOf(promotions, candidates)}}
	if of.name != "" {
		q.Set("namespace", of.namespace)
		q.Set("name", of.name)
	}
	return "/events?" + q.Encode()
}

// gather are the promotions that the viewer may see, or the one that is asked
// for, with their candidates.
func (s *server) gather(ctx context.Context, v *viewer, of key) ([]*v1alpha1.Promotion, []v1alpha1.Candidate, error) {
	if of.name != "" {
		p, candidates, err := s.one(ctx, v, of)
		if err != nil {
			return nil, nil, err
		}
		return []*v1alpha1.Promotion{p}, candidates, nil
	}
	promotions, err := s.access.visible(ctx, v, s.o.Source)
	if err != nil {
		return nil, nil, err
	}
	seen := map[string]bool{}
	for _, p := range promotions {
		seen[p.Namespace] = true
	}
	all, err := s.o.Source.Candidates(ctx, "")
	if err != nil {
		return nil, nil, err
	}
	var candidates []v1alpha1.Candidate
	for i := range all {
		if seen[all[i].Namespace] {
			candidates = append(candidates, all[i])
		}
	}
	return promotions, candidates, nil
}

// A stream remembers the first error of writing.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	err     error
}

func (s *stream) send(text string) {
	if s.err != nil {
		return
	}
	s.control.SetWriteDeadline(time.Now().Add(writePatience)) // where there is a connection
	if _, s.err = fmt.Fprint(s.w, text); s.err == nil {
		s.err = s.control.Flush()
	}
}
