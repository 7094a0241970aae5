package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/tiphys-dev/tiphys/webhook"
)

// handler serves the three endpoints, and the probes.
func (s *service) handler() http.Handler {
	mux := http.NewServeMux()
	for _, e := range []webhook.Endpoint{webhook.Validate, webhook.Mutate, webhook.Runs} {
		mux.HandleFunc("/"+e.String(), func(w http.ResponseWriter, r *http.Request) { s.admit(w, r, e) })
	}
	s.probes(mux)
	return mux
}

// admit answers one request of the API server.
func (s *service) admit(w http.ResponseWriter, r *http.Request, e webhook.Endpoint) {
	start := time.Now()
	s.metrics.inFlight.Inc()
	defer s.metrics.inFlight.Dec()
	s.open.Add(1)
	defer s.open.Add(-1)
	if s.draining.Load() {
		// Over HTTP/2 this is a GOAWAY: whoever still holds a connection is to
		// find another replica while there is time.
		w.Header().Set("Connection", "close")
	}
	ctx, cancel := context.WithTimeoutCause(r.Context(), s.limit(r), errDeadline)
	defer cancel()
	response, err := s.answer(ctx, w, r, e)
	var body []byte
	if err == nil {
		body, err = response.JSON()
	}
	s.tell(e, &response, err, time.Since(start))
	if err != nil {
		http.Error(w, clip(err.Error(), errorBytes), statusOf(err))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // who does not wait for the answer gets none
}

var errDeadline = errors.New("no answer within the deadline")

// limit is how long an answer may take: less than the API server waits, so that
// it still hears why there is none.
func (s *service) limit(r *http.Request) time.Duration {
	d, err := time.ParseDuration(r.URL.Query().Get("timeout"))
	if err != nil || d <= 0 {
		return s.Deadline
	}
	margin := min(max(d/10, 100*time.Millisecond), time.Second)
	return min(max(d-margin, d/2), s.Deadline)
}

// answer reads the body and has it reviewed.
func (s *service) answer(ctx context.Context, w http.ResponseWriter, r *http.Request, e webhook.Endpoint) (webhook.Response, error) {
	none := webhook.Response{}
	if s.Clients != nil && (r.TLS == nil || len(r.TLS.VerifiedChains) == 0) {
		return none, refusal(http.StatusUnauthorized, "the client shows no certificate that the authority of clients has signed: only API servers that have one are answered")
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return none, refusal(http.StatusMethodNotAllowed, "the method is %s: only POST is served here", r.Method)
	}
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return none, refusal(http.StatusUnsupportedMediaType, "the Content-Type is %q: it must be application/json", r.Header.Get("Content-Type"))
	}
	held, err := s.hold(r.ContentLength)
	if err != nil {
		return none, err
	}
	body, err := s.read(ctx, w, r)
	if err != nil {
		s.bytes.Add(-held)
		return none, err
	}
	s.metrics.body.Observe(float64(len(body)))
	state := s.State()
	if state == nil {
		s.bytes.Add(-held)
		return none, refusal(http.StatusServiceUnavailable, "the policies are not loaded yet")
	}
	leave, ok := s.enter(ctx, len(body))
	if !ok {
		s.bytes.Add(-held)
		return none, refusal(http.StatusServiceUnavailable, "%d reviews are running already, and none ended in time", s.Reviews)
	}
	return s.review(ctx, e, body, state, func() {
		leave()
		s.bytes.Add(-held)
	})
}

// largeBody is the size from which bodies are reviewed one after the other: a
// review takes up to a hundred times the memory of its body.
const largeBody = 256 << 10

// enter waits for the places that the review of a body takes, and returns what
// gives them back. A large body waits for the others of its size first, so that
// it keeps no place from the small ones.
func (s *service) enter(ctx context.Context, size int) (leave func(), ok bool) {
	places := []chan struct{}{s.slots}
	if size >= largeBody {
		places = []chan struct{}{s.large, s.slots}
	}
	for i, p := range places {
		select {
		case p <- struct{}{}:
		case <-ctx.Done():
			for _, p := range places[:i] {
				<-p
			}
			return nil, false
		}
	}
	return func() {
		for _, p := range places {
			<-p
		}
	}, true
}

// mostHeld is how many bodies of full size are held at once.
const mostHeld = 16

// hold takes note of the memory that a body takes, or refuses to.
func (s *service) hold(length int64) (int64, error) {
	if length > s.Body {
		return 0, s.tooLarge()
	}
	if length < 0 {
		length = s.Body // it may be anything
	}
	if s.bytes.Add(length) > mostHeld*s.Body {
		s.bytes.Add(-length)
		return 0, refusal(http.StatusServiceUnavailable, "more requests are waiting than memory is set aside for")
	}
	return length, nil
}

func (s *service) tooLarge() error {
	return refusal(http.StatusRequestEntityTooLarge, "the request is larger than %d bytes: an object and what it was before must fit in that", s.Body)
}

func (s *service) read(ctx context.Context, w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if d, ok := ctx.Deadline(); ok {
		_ = http.NewResponseController(w).SetReadDeadline(d) // without it, ReadTimeout bounds it
	}
	body := make([]byte, 0, max(r.ContentLength, 0)+1)
	limited := http.MaxBytesReader(w, r.Body, s.Body)
	for {
		n, err := limited.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		var large *http.MaxBytesError
		switch {
		case errors.Is(err, io.EOF):
			return body, nil
		case errors.As(err, &large):
			return nil, s.tooLarge()
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil, refusal(http.StatusRequestTimeout, "the body did not come to its end in time")
		case err != nil:
			return nil, refusal(http.StatusBadRequest, "read the body: %w", err)
		}
		if len(body) == cap(body) {
			body = append(body, 0)[:len(body)]
		}
	}
}

// review runs a review in its own goroutine, so that there is an answer at the
// deadline whatever it does. It calls release once the review has ended.
func (s *service) review(ctx context.Context, e webhook.Endpoint, body []byte, state *webhook.State, release func()) (webhook.Response, error) {
	type outcome struct {
		response webhook.Response
		err      error
	}
	done := make(chan outcome, 1)
	go func() {
		defer release()
		r, err := webhook.Review(ctx, e, body, state)
		done <- outcome{r, err}
	}()
	select {
	case o := <-done:
		return o.response, o.err
	case <-ctx.Done():
		return webhook.Response{}, refusal(http.StatusGatewayTimeout, "review the object: %w", context.Cause(ctx))
	}
}

func refusal(status int, format string, args ...any) error {
	return &webhook.CallError{Status: status, Err: fmt.Errorf(format, args...)}
}

func statusOf(err error) int {
	var call *webhook.CallError
	if errors.As(err, &call) {
		return call.Status
	}
	return http.StatusInternalServerError
}
