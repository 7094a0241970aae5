package page_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	testclock "k8s.io/utils/clock/testing"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/promotion/page"
)

var breakfast = time.Date(2026, 3, 3, 8, 30, 0, 0, time.UTC)

func handler(t testing.TB, o page.Options) http.Handler {
	t.Helper()
	if o.Clock == nil {
		o.Clock = testclock.NewFakeClock(breakfast)
	}
	h, err := page.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// get asks for a path with a token, "" for none.
func get(h http.Handler, path, token string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", path, nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestGolden(t *testing.T) {
	s := morning(breakfast)
	s.pack = etl(t)
	h := handler(t, options(s))
	for name, path := range map[string]string{
		"board": "/", "filtered": "/?namespace=data&q=jonas&only=blocked", "detail": "/p/data/nightly-etl?env=qa", "failed": "/p/ml/churn-model", "login": "/login?next=/p/data/ingest",
	} {
		w := get(h, path, "admin-token")
		if w.Code != http.StatusOK {
			t.Errorf("%s: %d", path, w.Code)
		}
		golden := filepath.Join("testdata", name+".html")
		if *update {
			if err := os.WriteFile(golden, w.Body.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(versions(string(want)), versions(w.Body.String())); diff != "" {
			t.Errorf("%s (-want +got; go test ./promotion/page -update rewrites it):\n%s", golden, diff)
		}
	}
}

// versions takes the hashes of assets out, which change with a colour.
func versions(s string) string {
	parts := strings.Split(s, "?v=")
	for i := range parts[1:] {
		_, parts[i+1], _ = strings.Cut(parts[i+1], `"`)
	}
	return strings.Join(parts, `"`)
}

func TestWhoSeesWhat(t *testing.T) {
	h := handler(t, options(morning(breakfast)))
	for name, c := range map[string]struct {
		path, token string
		code        int
		has, hasNot []string
	}{
		"nobody":                      {"/", "", 401, []string{"Log in"}, []string{"nightly-etl"}},
		"nobody, below":               {"/p/data/nightly-etl", "", 401, []string{"Log in"}, []string{"Jonas"}},
		"a token that nobody has":     {"/", "guess", 401, []string{"Log in"}, []string{"nightly-etl"}},
		"who sees all":                {"/", "admin-token", 200, []string{"nightly-etl", "month-end"}, nil},
		"who sees one namespace":      {"/", "data-token", 200, []string{"nightly-etl", "all <b>3</b>"}, []string{"month-end", "finance", "churn"}},
		"who sees none":               {"/", "none-token", 200, []string{"no promotion in the namespaces"}, []string{"nightly-etl", "data/", ">data"}},
		"his namespace":               {"/p/data/ingest", "data-token", 200, []string{"Follow redirects"}, nil},
		"another namespace":           {"/p/finance/month-end", "data-token", 404, []string{"or you may not see it"}, []string{"Ida"}},
		"a filter by another":         {"/?namespace=finance", "data-token", 200, []string{"No promotion is like that"}, []string{"month-end"}},
		"a picture of another":        {"/p/ml/churn-model/graph/churn-model-d02012345678/prod/0", "data-token", 404, nil, []string{"<svg xmlns"}},
		"a picture for nobody":        {"/p/ml/churn-model/graph/churn-model-d02012345678/prod/0", "", 401, nil, nil},
		"a stream for nobody":         {"/events", "", 401, nil, nil},
		"what is not there":           {"/p/data/none", "data-token", 404, nil, nil},
		"a path that is no promotion": {"/p/data", "data-token", 404, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := get(h, c.path, c.token)
			if w.Code != c.code {
				t.Errorf("code %d, want %d", w.Code, c.code)
			}
			for _, has := range c.has {
				if !strings.Contains(w.Body.String(), has) {
					t.Errorf("the page has no %q", has)
				}
			}
			for _, not := range c.hasNot {
				if strings.Contains(w.Body.String(), not) {
					t.Errorf("the page has %q", not)
				}
			}
		})
	}
	hidden, absent := get(h, "/p/finance/month-end", "data-token"), get(h, "/p/nowhere/month-end", "data-token")
	if hidden.Body.String() != absent.Body.String() || hidden.Code != absent.Code {
		t.Error("a namespace that one may not see differs from one that is not there")
	}
}

// What comes from outside stays text, and no credential gets in.
func TestHostile(t *testing.T) {
	evil := `</bdi><script>alert(1)</script><img src=x onerror=alert(1)>" onmouseover="alert(1)` + "\u202egnp.exe\x00\xff"
	s := morning(breakfast)
	s.pack = etl(t)
	p, c := &s.promotions[0], &s.candidates[0]
	p.Spec.Source.Git.Path, p.Spec.Source.Git.Ref = evil, evil
	p.Spec.Environments[0].Freeze = &v1alpha1.Freeze{Reason: evil}
	p.Status.Conditions = []metav1.Condition{{Type: "Stalled", Status: "True", Message: evil + strings.Repeat("x", 1<<20)}}
	c.Spec.Subject, c.Spec.Author, c.Spec.Version = evil, evil, evil
	e := &c.Status.Environments[0]
	e.Message, e.Unhealthy, e.Deployment.PullRequest = evil, evil, "javascript:alert(1)"
	e.Gates[0].Message, e.Gates[0].Evidence = evil, []string{evil}
	e.Approvals = []v1alpha1.ApprovalRecord{{User: evil, Reason: evil}}
	e.Runs[0].Name, e.Runs[0].Message, e.Runs[0].Phase = evil, evil, evil
	h := handler(t, options(s))
	for _, path := range []string{"/", "/p/data/nightly-etl?env=dev", "/?q=" + url.QueryEscape(evil) + "&only=" + url.QueryEscape(evil), "/login?next=" + url.QueryEscape(evil)} {
		w := get(h, path, "admin-token")
		body := w.Body.String()
		for _, bad := range []string{"<script>alert", "<img src=x", `" onmouseover`, "\u202e", "\x00", "hunter2", `href="javascript:`} {
			if strings.Contains(body, bad) {
				t.Errorf("%s has %q", path, bad)
			}
		}
		if w.Code != 200 || len(body) > 200<<10 {
			t.Errorf("%s: %d, %d bytes", path, w.Code, len(body))
		}
		for k, v := range map[string]string{"X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"} {
			if w.Header().Get(k) != v {
				t.Errorf("%s: %s is %q", path, k, w.Header().Get(k))
			}
		}
		if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy %q", path, csp)
		}
	}
}

func TestReadOnly(t *testing.T) {
	h := handler(t, options(morning(breakfast)))
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
		for _, path := range []string{"/", "/p/data/ingest", "/events"} {
			r := httptest.NewRequest(method, path, nil)
			r.Header.Set("Authorization", "Bearer admin-token")
			w := httptest.NewRecorder()
			if h.ServeHTTP(w, r); w.Code != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: %d", method, path, w.Code)
			}
		}
	}
}

// post sends a form as a browser does that is on a page of origin.
func post(h http.Handler, path, origin string, form url.Values, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "http://page.example.com"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", origin)
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const home = "http://page.example.com"

func TestSession(t *testing.T) {
	clock := testclock.NewFakeClock(breakfast)
	var logged strings.Builder
	o := options(morning(breakfast))
	o.Clock, o.Log = clock, funcr.New(func(_, args string) { logged.WriteString(args) }, funcr.Options{})
	h := handler(t, o)
	w := post(h, "/login", home, url.Values{"token": {" data-token\n"}, "next": {"/p/data/ingest"}})
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/p/data/ingest" {
		t.Fatalf("%d to %q", w.Code, w.Header().Get("Location"))
	}
	set := w.Header().Get("Set-Cookie")
	cookie := w.Result().Cookies()[0]
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Secure || cookie.MaxAge != 0 || strings.Contains(set, "data-token") {
		t.Errorf("cookie %s", set)
	}
	with := func(c *http.Cookie) int {
		r := httptest.NewRequest("GET", "/", nil)
		r.AddCookie(c)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if strings.Contains(w.Body.String(), "data-token") {
			t.Error("the page has the token")
		}
		return w.Code
	}
	if code := with(cookie); code != 200 {
		t.Errorf("with the cookie: %d", code)
	}
	broken := *cookie
	broken.Value = "A" + cookie.Value[1:]
	if cookie.Value[0] == 'A' {
		broken.Value = "B" + cookie.Value[1:]
	}
	if code := with(&broken); code != 401 {
		t.Errorf("with a cookie that was changed: %d", code)
	}
	if code := func() int { h = handler(t, o); return with(cookie) }(); code != 401 {
		t.Errorf("with the cookie of another key: %d", code)
	}
	o.SessionKey = []byte(strings.Repeat("k", 32))
	h = handler(t, o)
	cookie = post(h, "/login", home, url.Values{"token": {"data-token"}}).Result().Cookies()[0]
	h = handler(t, o)
	if code := with(cookie); code != 200 {
		t.Errorf("on another replica: %d", code)
	}
	clock.Step(13 * time.Hour)
	if code := with(cookie); code != 401 {
		t.Errorf("after a day: %d", code)
	}
	w = post(h, "/logout", home, nil)
	if c := w.Result().Cookies()[0]; c.MaxAge >= 0 || c.Value != "" {
		t.Errorf("log out: %v", c)
	}
	if logged.Len() > 0 {
		t.Errorf("logged %s", logged.String())
	}
}

func TestLogin(t *testing.T) {
	h := handler(t, options(morning(breakfast)))
	for name, c := range map[string]struct {
		token, next, origin string
		code                int
		to                  string
	}{
		"a token that nobody has":    {"guess", "/", home, 401, ""},
		"no token":                   {"", "/", home, 401, ""},
		"something else":             {"a b\nc", "/", home, 401, ""},
		"too long":                   {strings.Repeat("x", 5000), "/", home, 401, ""},
		"far too long":               {strings.Repeat("x", 50000), "/", home, 400, ""},
		"from elsewhere":             {"data-token", "/", "https://evil.example.com", 403, ""},
		"to elsewhere":               {"data-token", "https://evil.example.com/", home, 303, "/"},
		"to elsewhere, without http": {"data-token", "//evil.example.com/", home, 303, "/"},
		"to elsewhere, backwards":    {"data-token", `/\evil.example.com/`, home, 303, "/"},
		"to a place here":            {"data-token", "/?only=blocked", home, 303, "/?only=blocked"},
	} {
		t.Run(name, func(t *testing.T) {
			w := post(h, "/login", c.origin, url.Values{"token": {c.token}, "next": {c.next}})
			if w.Code != c.code || w.Header().Get("Location") != c.to {
				t.Errorf("%d to %q", w.Code, w.Header().Get("Location"))
			}
			if c.token != "" && strings.Contains(w.Body.String(), c.token) {
				t.Error("the page has what was typed")
			}
			if w.Code >= 400 && w.Header().Get("Set-Cookie") != "" {
				t.Error("there is a cookie")
			}
		})
	}
	w := post(h, "/login", "https://page.example.com", url.Values{"token": {"data-token"}}, func(r *http.Request) { r.Header.Set("X-Forwarded-Proto", "https") })
	if c := w.Result().Cookies(); len(c) != 1 || !c[0].Secure || !strings.HasPrefix(c[0].Name, "__Host-") {
		t.Errorf("behind TLS: %v", c)
	}
}

// The word of the API server counts for a minute, and not when it is away.
func TestTrust(t *testing.T) {
	clock, asked, rights := testclock.NewFakeClock(breakfast), 0, 0
	away := false
	o := options(morning(breakfast))
	o.Clock = clock
	o.Authenticate = func(ctx context.Context, token string) (page.User, error) {
		if asked++; away {
			return page.User{}, errors.New("connection refused to https://10.0.0.1")
		}
		return authenticate(ctx, token)
	}
	o.Authorize = func(ctx context.Context, u page.User, n string) (bool, error) {
		rights++
		return authorize(ctx, u, n)
	}
	h := handler(t, o)
	for range 3 {
		get(h, "/", "data-token")
	}
	if asked != 1 || rights != 4 { // all namespaces, and three by name
		t.Errorf("asked %d times who it is, and %d times what he may", asked, rights)
	}
	clock.Step(61 * time.Second)
	get(h, "/", "data-token")
	if asked != 2 || rights != 8 {
		t.Errorf("after a minute asked %d times who it is, and %d times what he may", asked, rights)
	}
	clock.Step(61 * time.Second)
	away = true
	if w := get(h, "/", "data-token"); w.Code != 503 || strings.Contains(w.Body.String(), "10.0.0.1") || strings.Contains(w.Body.String(), "nightly") {
		t.Errorf("with the API server away: %d %s", w.Code, w.Body)
	}
}

func TestGraph(t *testing.T) {
	s := morning(breakfast)
	s.pack = etl(t)
	h := handler(t, options(s))
	body := get(h, "/p/data/nightly-etl?env=prod", "admin-token").Body.String()
	_, path, ok := strings.Cut(body, `<img src="`)
	path, _, _ = strings.Cut(path, `"`)
	if !ok || !strings.Contains(path, "/graph/") {
		t.Fatalf("there is no picture: %s", body)
	}
	for range 3 {
		w := get(h, path, "admin-token")
		if w.Code != 200 || w.Header().Get("Content-Type") != "image/svg+xml" || !strings.HasPrefix(w.Body.String(), "<svg ") {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "sandbox") {
			t.Errorf("policy %q", csp)
		}
	}
	if s.packages != 1 {
		t.Errorf("the package was read %d times", s.packages)
	}
	for _, n := range []string{"99", "-1", "x"} {
		if w := get(h, path[:strings.LastIndex(path, "/")+1]+n, "admin-token"); w.Code != 404 {
			t.Errorf("picture %s: %d", n, w.Code)
		}
	}
	s.pack = nil
	if body := get(h, "/p/ml/churn-model", "admin-token").Body.String(); !strings.Contains(body, "the package cannot be read: it is gone") {
		t.Error("there is no note on a package that is gone")
	}
}

// events reads the events of a stream until it ends.
func events(t *testing.T, body io.Reader) <-chan string {
	t.Helper()
	all := make(chan string, 16)
	go func() {
		defer close(all)
		for lines := bufio.NewScanner(body); lines.Scan(); {
			switch name, ok := strings.CutPrefix(lines.Text(), "event: "); {
			case ok:
				all <- name
			case name == ": watching":
				all <- "watching"
			}
		}
	}()
	return all
}

func next(t *testing.T, all <-chan string) string {
	t.Helper()
	select {
	case e, ok := <-all:
		if !ok {
			return "end"
		}
		return e
	case <-time.After(20 * time.Second):
		t.Fatal("nothing comes")
		return ""
	}
}

func stream(t *testing.T, server, path, token string) (*http.Response, <-chan string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", server+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Body.Close() })
	return w, events(t, w.Body)
}

func TestEvents(t *testing.T) {
	s, clock, done := morning(breakfast), testclock.NewFakeClock(breakfast), make(chan struct{})
	o := options(s)
	o.Clock, o.Done = clock, done
	server := httptest.NewServer(handler(t, o))
	defer func() { server.CloseClientConnections(); server.Close() }()
	_, mine := stream(t, server.URL, "/events", "data-token")
	_, one := stream(t, server.URL, "/events?namespace=data&name=ingest", "data-token")
	next(t, mine)
	next(t, one)
	settle := func(timers int) {
		until(t, func() bool { return clock.Waiters() >= timers })
		clock.Step(time.Second)
	}
	if _, late := stream(t, server.URL, "/events?since=1-1-0", "admin-token"); next(t, late) != "watching" || next(t, late) != "change" {
		t.Error("who comes late is not told")
	}
	touch := func(i int) { s.change(func() { s.promotions[i].ResourceVersion += "1" }) }
	touch(1)  // finance: not his
	settle(9) // of three streams: a heartbeat, an end, and a pause each
	touch(0)  // data/nightly-etl
	settle(9)
	if e := next(t, mine); e != "change" {
		t.Errorf("event %q", e)
	}
	touch(3) // data/ingest
	settle(9)
	if a, b := next(t, mine), next(t, one); a != "change" || b != "change" {
		t.Errorf("events %q and %q", a, b)
	}
	if len(mine) > 0 || len(one) > 0 {
		t.Error("there are events of what one may not see")
	}
	for range 10 {
		w, all := stream(t, server.URL, "/events", "data-token")
		if w.StatusCode != 200 {
			t.Fatalf("one more stream: %d", w.StatusCode)
		}
		next(t, all)
	}
	if w, _ := stream(t, server.URL, "/events", "data-token"); w.StatusCode != http.StatusTooManyRequests {
		t.Errorf("too many streams: %d", w.StatusCode)
	}
	if w, _ := stream(t, server.URL, "/events", "admin-token"); w.StatusCode != 200 {
		t.Errorf("a stream of somebody else: %d", w.StatusCode)
	}
	close(done)
	for _, all := range []<-chan string{mine, one} {
		if e := next(t, all); e != "end" {
			t.Errorf("after the end: %q", e)
		}
	}
}
