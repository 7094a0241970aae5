package server_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/rules"
	"github.com/tiphys-dev/tiphys/webhook"
	"github.com/tiphys-dev/tiphys/webhook/certs"
	"github.com/tiphys-dev/tiphys/webhook/server"
	"github.com/tiphys-dev/tiphys/webhook/webhooktest"
)

const (
	good = `{apiVersion: argoproj.io/v1alpha1, kind: Workflow, metadata: {name: a, namespace: data}, spec: {entrypoint: main, templates: [{name: main, container: {image: "a:1"}}]}}`
	bad  = `{apiVersion: argoproj.io/v1alpha1, kind: Workflow, metadata: {name: a, namespace: data}, spec: {entrypoint: mian, templates: [{name: main, container: {image: "a:1"}}]}}`
)

var body = webhooktest.Request{Object: good}.Body()

// issued returns a certificate for localhost and who trusts it.
func issued(t testing.TB, now time.Time) (*tls.Certificate, *x509.CertPool) {
	t.Helper()
	o := certs.Observation{Now: now, Names: []string{"localhost"}}
	b, err := certs.Apply(&certs.Bundle{}, certs.Step{Action: certs.Begin}, o, certs.Lifetimes{})
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(b.Trust())
	return b.TLS(), pool
}

// A running server, with a client that trusts it.
type running struct {
	*http.Client
	address string
	log     *logged
	stop    func() error // tells it to end and waits until it has
}

// A logged is a log that may be read while it is written.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// start runs a server on the loopback, or on o.Listener.
func start(t testing.TB, o server.Options) *running {
	t.Helper()
	r := &running{log: &logged{}}
	transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{ServerName: "localhost"}}
	if o.Listener == nil {
		l, err := net.Listen("tcp", "localhost:0")
		if err != nil {
			t.Fatal(err)
		}
		o.Listener = l
	} else {
		transport.DialContext = func(context.Context, string, string) (net.Conn, error) { return o.Listener.(*pipes).dial() }
	}
	if o.Certificate == nil {
		c, pool := issued(t, time.Now())
		o.Certificate = func() *tls.Certificate { return c }
		transport.TLSClientConfig.RootCAs = pool
	}
	if o.State == nil {
		s := &webhook.State{Rules: rules.All()}
		o.State = func() *webhook.State { return s }
	}
	if o.Drain == 0 {
		o.Drain = -1
	}
	o.Log = slog.New(slog.NewJSONHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx, o) }()
	r.Client, r.address = &http.Client{Transport: transport}, o.Listener.Addr().String()
	r.stop = sync.OnceValue(func() error {
		transport.CloseIdleConnections()
		cancel()
		return <-done
	})
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Errorf("end the server: %v", err)
		}
	})
	return r
}

// ask posts a body and returns the status and the text of the answer.
func (r *running) ask(path string, body io.Reader) (int, string, error) {
	resp, err := r.Post("https://"+r.address+path, "application/json", body)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

func (r *running) must(t *testing.T, path string, body io.Reader) (int, string) {
	t.Helper()
	status, text, err := r.ask(path, body)
	if err != nil {
		t.Fatal(err)
	}
	return status, text
}

func TestAnswers(t *testing.T) {
	r := start(t, server.Options{Body: 64 << 10})
	large := `"` + strings.Repeat("x", 64<<10) + `"`
	tests := map[string]struct {
		path, body string
		chunked    bool
		status     int
		want       string
	}{
		"a good workflow":            {"/validate?timeout=10s", string(body), false, 200, `"allowed":true`},
		"a bad workflow":             {"/validate?timeout=10s", string(webhooktest.Request{Object: bad}.Body()), false, 200, `"allowed":false`},
		"a workflow to be mutated":   {"/mutate", string(body), false, 200, `"allowed":true`},
		"a run":                      {"/runs", string(body), false, 200, `"allowed":true`},
		"no JSON":                    {"/validate", `{"kind`, false, 400, "the body is no JSON: line 1, column"},
		"nothing":                    {"/validate", "", false, 400, "the body is empty"},
		"too large":                  {"/validate", large, false, 413, "the request is larger than 65536 bytes"},
		"too large, as it turns out": {"/validate", large, true, 413, "the request is larger than 65536 bytes"},
		"another path":               {"/", string(body), false, 404, "not found"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var in io.Reader = strings.NewReader(test.body)
			if test.chunked {
				in = io.MultiReader(in)
			}
			status, text := r.must(t, test.path, in)
			if status != test.status || !strings.Contains(text, test.want) {
				t.Errorf("got %d %s, want %d %s", status, text, test.status, test.want)
			}
		})
	}
	if resp, err := r.Get("https://" + r.address + "/validate"); err != nil || resp.StatusCode != 405 || resp.Header.Get("Allow") != "POST" {
		t.Errorf("GET: %v %v", resp, err)
	}
	if resp, err := r.Post("https://"+r.address+"/validate", "text/yaml", bytes.NewReader(body)); err != nil || resp.StatusCode != 415 {
		t.Errorf("YAML: %v %v", resp, err)
	}
	if strings.Contains(r.log.String(), "mian") {
		t.Error("the log has what is in the object")
	}
	if !strings.Contains(r.log.String(), `"uid":"8f2c","operation":"CREATE","kind":"Workflow","namespace":"data","name":"a","user":"alice","dryRun":false,"verdict":"denied"`) {
		t.Errorf("the denial is not in the log:\n%s", r.log)
	}
}

func TestParallel(t *testing.T) {
	r := start(t, server.Options{})
	var all sync.WaitGroup
	failed := make(chan string, 500)
	for i := range 500 {
		all.Go(func() {
			q := webhooktest.Request{Object: good, UID: fmt.Sprintf("u%d", i)}
			status, text, err := r.ask("/validate?timeout=10s", bytes.NewReader(q.Body()))
			if err != nil || status != 200 || !strings.Contains(text, `"uid":"`+q.UID+`","allowed":true`) {
				failed <- fmt.Sprint(status, text, err)
			}
		})
	}
	all.Wait()
	close(failed)
	for f := range failed {
		t.Fatalf("%d more of: %s", len(failed), f)
	}
}

// pipes is a listener in memory, on which the clock of a bubble counts.
type pipes struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) dial() (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.conns <- server:
		return client, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

// TestDeadline: at the deadline there is an answer, whatever the review does;
// one that goes on keeps its slot, and no more run than there are slots.
func TestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ends := make(chan struct{})
		slow := &lint.Rule{Name: "slow", Severity: lint.Warning, Run: func(*lint.Pass) { <-ends }}
		s := &webhook.State{Rules: []*lint.Rule{slow}}
		r := start(t, server.Options{Listener: newPipes(), Reviews: 1, State: func() *webhook.State { return s }})
		for _, test := range []struct {
			path, want string
			after      time.Duration
		}{
			{"/validate?timeout=5s", "504 review the object: no answer within the deadline\n", 4500 * time.Millisecond},
			{"/validate?timeout=10s", "503 1 reviews are running already, and none ended in time\n", 9 * time.Second},
			{"/validate?timeout=30s", "503 1 reviews are running already, and none ended in time\n", 9 * time.Second},
			{"/validate?timeout=what", "503 1 reviews are running already, and none ended in time\n", 9 * time.Second},
		} {
			begin := time.Now()
			status, text := r.must(t, test.path, bytes.NewReader(body))
			if got := fmt.Sprint(status, " ", text); got != test.want || time.Since(begin) != test.after {
				t.Errorf("%s: got %q after %s, want %q after %s", test.path, got, time.Since(begin), test.want, test.after)
			}
		}
		close(ends)
		synctest.Wait()
		if status, text := r.must(t, "/validate?timeout=5s", bytes.NewReader(body)); status != 200 {
			t.Errorf("the slot is not free again: %d %s", status, text)
		}
		_ = r.stop()
	})
}

// TestLarge: large bodies are reviewed one after the other, and keep no place
// from the small ones while they wait.
func TestLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ends := make(chan struct{})
		slow := &lint.Rule{Name: "slow", Severity: lint.Warning, Run: func(pass *lint.Pass) {
			if len(pass.Object.At("metadata", "annotations").Fields()) > 0 {
				<-ends
			}
		}}
		s := &webhook.State{Rules: []*lint.Rule{slow}}
		r := start(t, server.Options{Listener: newPipes(), Reviews: 2, State: func() *webhook.State { return s }})
		large := webhooktest.Request{Object: strings.Replace(good, "name: a,", "name: a, annotations: {a: "+strings.Repeat("x", 300<<10)+"},", 1)}.Body()
		for range 3 {
			go r.ask("/validate?timeout=10s", bytes.NewReader(large))
		}
		synctest.Wait()
		if status, text := r.must(t, "/validate?timeout=1s", bytes.NewReader(body)); status != 200 {
			t.Errorf("no place for a small one: %d %s", status, text)
		}
		close(ends)
		synctest.Wait()
		if status, text := r.must(t, "/validate?timeout=1s", bytes.NewReader(large)); status != 200 {
			t.Errorf("the place is not free again: %d %s", status, text)
		}
		_ = r.stop()
	})
}

// TestSlow: whoever sends too slowly is cut off.
func TestSlow(t *testing.T) {
	for name, test := range map[string]struct {
		text  string
		after time.Duration
	}{
		"no handshake":         {"", 5 * time.Second},
		"headers without end":  {"POST /validate HTTP/1.1\r\nHost: a\r\nX: ", 5 * time.Second},
		"a body without end":   {"POST /validate?timeout=10s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{", 9 * time.Second},
		"a connection at rest": {"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 2 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newPipes()
				r := start(t, server.Options{Listener: l})
				conn, err := l.dial()
				if err != nil {
					t.Fatal(err)
				}
				begin := time.Now()
				if test.text != "" {
					conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
					if _, err := io.WriteString(conn, test.text); err != nil {
						t.Fatal(err)
					}
				}
				answer, _ := io.ReadAll(conn)
				if took := time.Since(begin); took < test.after || took > test.after+time.Second {
					t.Errorf("cut off after %s, want %s; %s", took, test.after, answer)
				}
				_ = conn.Close()
				_ = r.stop()
			})
		})
	}
}

func TestPanic(t *testing.T) {
	broken := &lint.Rule{Name: "broken", Severity: lint.Warning, Run: func(*lint.Pass) { panic("oh") }}
	s := &webhook.State{Rules: []*lint.Rule{broken}}
	r := start(t, server.Options{State: func() *webhook.State { return s }})
	status, text := r.must(t, "/validate", bytes.NewReader(body))
	if status != 200 || !strings.Contains(text, `"allowed":false`) || !strings.Contains(text, "under request 8f2c") {
		t.Errorf("got %d %s", status, text)
	}
	var line struct{ Level, UID, Failure string }
	for l := range strings.Lines(r.log.String()) {
		if strings.Contains(l, "8f2c") {
			if err := json.Unmarshal([]byte(l), &line); err != nil {
				t.Fatal(err)
			}
		}
	}
	if line.Level != "ERROR" || line.UID != "8f2c" || !strings.Contains(line.Failure, "server_test.go") {
		t.Errorf("no stack in the log: %s", r.log)
	}
}

// TestQuoted: what was sent is quoted in part, in the answer and in the log.
func TestQuoted(t *testing.T) {
	r := start(t, server.Options{State: func() *webhook.State { return &webhook.State{} }})
	status, text := r.must(t, "/validate", strings.NewReader(`{"kind":"`+strings.Repeat("K", 1<<20)+`"}`))
	if status != 400 || len(text) > 2000 {
		t.Errorf("the answer is %d and has %d bytes", status, len(text))
	}
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	if n := len(r.log.String()); n > 10_000 {
		t.Errorf("the log has %d bytes", n)
	}
}
