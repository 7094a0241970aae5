// Package page serves a read-only web page of promotions: where each candidate
// is, what holds it, and what that is known by.
//
// Whoever looks is who the API server says, and sees the promotions of the
// namespaces in which he may list them; a namespace that he may not see is no
// different from one that is not there. Nothing here can be changed, the page
// needs nothing from elsewhere, and no token is in an address, a page or a log.
package page

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/utils/clock"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/packaging/bundle"
)

// A Source has what the page shows. What it returns is only read, and may be
// shared.
type Source interface {
	// Promotions and Candidates list those of a namespace, or of all for "".
	Promotions(ctx context.Context, namespace string) ([]v1alpha1.Promotion, error)
	Candidates(ctx context.Context, namespace string) ([]v1alpha1.Candidate, error)
	// Package is that of a candidate, its secrets still encrypted.
	Package(ctx context.Context, c *v1alpha1.Candidate) (*bundle.Package, error)
	// Changed returns a channel that gets something after each change; changes
	// that nobody has taken yet count as one. Stop ends that.
	Changed() (changes <-chan struct{}, stop func())
}

// A User is whom the API server takes the bearer of a token for.
type User struct {
	Name, UID string
	Groups    []string
	Extra     map[string][]string
}

// ErrUnknown is the error for a token that the API server does not take.
var ErrUnknown = errors.New("the API server does not know this token, or it is too old")

// Options of New. Source, Authenticate and Authorize must be given.
type Options struct {
	Source Source
	// Authenticate tells whose token it is; the error is ErrUnknown for nobody's,
	// and any other when that cannot be told.
	Authenticate func(ctx context.Context, token string) (User, error)
	// Authorize reports whether the user may list promotions in a namespace, or
	// in all of them for "".
	Authorize func(ctx context.Context, u User, namespace string) (bool, error)
	// ArgoURL is the address of the pages of Argo Workflows, for links to runs;
	// without it there are none.
	ArgoURL string
	// SessionKey has 32 bytes that encrypt the cookies of browsers. Replicas that
	// share them share sessions; without it they are random, and a restart ends
	// all sessions.
	SessionKey []byte
	// Done ends the streams of updates; the contexts of the requests do too.
	Done <-chan struct{}
	// Log has what goes wrong on this side.
	Log logr.Logger
	// Clock is the real one unless given.
	Clock clock.WithTicker
}

// The bounds of requests.
const (
	requestPatience = 15 * time.Second
	mostRequests    = 64 // at once, beside streams
)

type server struct {
	o        *Options
	clock    clock.WithTicker
	access   *access
	sessions *sessions
	streams  streams
	artist   *artist
	pages    *pages
	busy     chan struct{}
}

// New returns the page. It answers for all paths from / on.
func New(o Options) (http.Handler, error) {
	if o.Source == nil || o.Authenticate == nil || o.Authorize == nil {
		return nil, errors.New("a page needs Source, Authenticate and Authorize")
	}
	if o.ArgoURL != "" && web(o.ArgoURL) == "" {
		return nil, errors.New("the address of Argo Workflows begins with https:// or http://, and has no user in it")
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	pages, err := newPages()
	if err != nil {
		return nil, err
	}
	sessions, err := newSessions(o.SessionKey, o.Clock.Now)
	if err != nil {
		return nil, err
	}
	s := &server{
		o: &o, clock: o.Clock, access: newAccess(&o, o.Clock), sessions: sessions,
		artist: newArtist(o.Source, o.Clock), pages: pages, busy: make(chan struct{}, mostRequests),
	}
	return s.routes(), nil
}

func (s *server) routes() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /{$}", s.bounded(s.known(s.board)))
	m.HandleFunc("GET /p/{namespace}/{name}", s.bounded(s.known(s.detail)))
	m.HandleFunc("GET /p/{namespace}/{name}/graph/{candidate}/{environment}/{n}", s.bounded(s.known(s.graph)))
	m.HandleFunc("GET /events", s.known(s.events))
	m.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) {
		s.login(w, r, http.StatusOK, r.FormValue("next"), "")
	})
	m.HandleFunc("POST /login", s.bounded(s.enter))
	m.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		s.sessions.end(w, r)
		http.Redirect(w, r, "/login", http.StatusSeeOther)
	})
	m.HandleFunc("GET /assets/{name}", s.pages.asset)
	// Forms of other pages are refused: by Sec-Fetch-Site, or by Origin.
	return headers(http.NewCrossOriginProtection().Handler(m))
}

// policy lets a browser load nothing but what is here, and nobody frame it.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Frame-Options", "DENY")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// bounded gives a request some time, and refuses those that are too many.
func (s *server) bounded(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case s.busy <- struct{}{}:
			defer func() { <-s.busy }()
		default:
			w.Header().Set("Retry-After", "5")
			http.Error(w, "too many requests at once: try again in a moment", http.StatusServiceUnavailable)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), requestPatience)
		defer cancel()
		next(w, r.WithContext(ctx))
	}
}

// known lets through whom the API server knows, and has others log in.
func (s *server) known(next func(http.ResponseWriter, *http.Request, *viewer)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := s.access.who(r.Context(), s.sessions.token(r))
		switch {
		case errors.Is(err, ErrUnknown):
			w.Header().Set("WWW-Authenticate", `Bearer realm="tiphys"`)
			s.login(w, r, http.StatusUnauthorized, r.URL.RequestURI(), "")
		case err != nil:
			s.broken(w, r, err)
		default:
			next(w, r, v)
		}
	}
}

// login shows the form.
func (s *server) login(w http.ResponseWriter, r *http.Request, code int, next, problem string) {
	s.pages.show(w, code, "login", &frame{Title: "log in", Login: &loginForm{Next: local(next), Problem: problem}})
}

// enter takes the form of login.
func (s *server) enter(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, mostForm)
	if err := r.ParseForm(); err != nil {
		s.login(w, r, http.StatusBadRequest, "/", "the form is larger than any token")
		return
	}
	next, token := local(r.PostForm.Get("next")), strings.TrimSpace(r.PostForm.Get("token"))
	switch {
	case !tokenForm.MatchString(token):
		s.login(w, r, http.StatusUnauthorized, next, "this is no token: it is one word, as kubectl create token prints it")
		return
	case len(token) > mostToken:
		s.login(w, r, http.StatusUnauthorized, next, fmt.Sprintf("this token has %d characters, and a browser keeps at most %d; take one of a service account", len(token), mostToken))
		return
	}
	switch _, err := s.access.who(r.Context(), token); {
	case errors.Is(err, ErrUnknown):
		s.login(w, r, http.StatusUnauthorized, next, ErrUnknown.Error())
	case err != nil:
		s.broken(w, r, err)
	default:
		s.sessions.start(w, r, token)
		http.Redirect(w, r, next, http.StatusSeeOther)
	}
}

func (s *server) board(w http.ResponseWriter, r *http.Request, v *viewer) {
	promotions, candidates, err := s.gather(r.Context(), v, key{})
	if err != nil {
		s.broken(w, r, err)
		return
	}
	t := newTeller(s.clock.Now(), s.o.ArgoURL, candidates)
	b := t.board(promotions, filterOf(r.URL.Query()), r.URL.Query().Get("page"))
	s.pages.show(w, http.StatusOK, "board", &frame{Title: "promotions", User: plain(v.Name), Now: moment{t.now, t.now}, Board: b, Live: streamOf(key{}, promotions, candidates)})
}

var errNotThere = errors.New("there is no such promotion, or you may not see it")

// one is a promotion with its candidates; the error is errNotThere if the
// viewer may not see it, whether it is there or not.
func (s *server) one(ctx context.Context, v *viewer, of key) (*v1alpha1.Promotion, []v1alpha1.Candidate, error) {
	if of.namespace == "" {
		return nil, nil, errNotThere
	}
	if may, err := s.access.sees(ctx, v, of.namespace); err != nil {
		return nil, nil, err
	} else if !may {
		return nil, nil, errNotThere
	}
	promotions, err := s.o.Source.Promotions(ctx, of.namespace)
	if err != nil {
		return nil, nil, err
	}
	for i := range promotions {
		if promotions[i].Name != of.name {
			continue
		}
		all, err := s.o.Source.Candidates(ctx, of.namespace)
		if err != nil {
			return nil, nil, err
		}
		var own []v1alpha1.Candidate
		for j := range all {
			if all[j].Spec.Promotion == of.name {
				own = append(own, all[j])
			}
		}
		return &promotions[i], own, nil
	}
	return nil, nil, errNotThere
}

func asked(r *http.Request) key { return key{r.PathValue("namespace"), r.PathValue("name")} }

func (s *server) detail(w http.ResponseWriter, r *http.Request, v *viewer) {
	p, candidates, err := s.one(r.Context(), v, asked(r))
	if err != nil {
		s.broken(w, r, err)
		return
	}
	t := newTeller(s.clock.Now(), s.o.ArgoURL, candidates)
	d := t.detail(p)
	d.Workflows = t.workflows(r.Context(), s.artist, p, d, r.URL.Query().Get("env"))
	s.pages.show(w, http.StatusOK, "detail", &frame{
		Title: p.Name, User: plain(v.Name), Now: moment{t.now, t.now}, Detail: d, Live: streamOf(asked(r), []*v1alpha1.Promotion{p}, candidates),
	})
}

// graph is a picture of a workflow.
func (s *server) graph(w http.ResponseWriter, r *http.Request, v *viewer) {
	p, candidates, err := s.one(r.Context(), v, asked(r))
	if err != nil {
		s.broken(w, r, err)
		return
	}
	n, err := strconv.Atoi(r.PathValue("n"))
	for i := range candidates {
		if c := &candidates[i]; c.Name == r.PathValue("candidate") && err == nil {
			d := s.artist.draw(r.Context(), c, placeOf(p, c, r.PathValue("environment")))
			if 0 <= n && n < len(d.pictures) {
				w.Header().Set("Content-Type", "image/svg+xml")
				w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'")
				w.Write(d.pictures[n].svg)
				return
			}
		}
	}
	s.broken(w, r, errNotThere)
}

// broken tells what is not there, or that something else went wrong, which only
// the log says more of.
func (s *server) broken(w http.ResponseWriter, r *http.Request, err error) {
	f := &frame{Title: "not there", Problem: errNotThere.Error()}
	code := http.StatusNotFound
	if !errors.Is(err, errNotThere) {
		s.o.Log.Error(err, "show page", "path", r.URL.Path)
		code, f.Title = http.StatusServiceUnavailable, "out of reach"
		f.Problem = "the API server does not answer; what runs keeps running, and this page comes back by itself"
		w.Header().Set("Retry-After", "10")
	}
	s.pages.show(w, code, "problem", f)
}
