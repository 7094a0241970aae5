package cluster

import (
	"bytes"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"k8s.io/client-go/rest"
)

// A Request is what somebody asked of the API server, in the words of RBAC.
type Request struct {
	Verb, Group, Resource, Subresource, Namespace, Name string
}

// String tells it in one line.
func (r Request) String() string {
	what := r.Resource
	if r.Subresource != "" {
		what += "/" + r.Subresource
	}
	if r.Group != "" {
		what += "." + r.Group
	}
	if r.Name != "" {
		what += " " + r.Name
	}
	if r.Namespace != "" {
		what += " in " + r.Namespace
	}
	return r.Verb + " " + what
}

// A Recorder stands between the API server and one of its clients, and writes
// down what that asks. It is what an audit log would be, without the log.
type Recorder struct {
	Server string // its address, as a URL
	CA     []byte // the certificate that it shows

	mu      sync.Mutex
	asked   []Request
	refused []Request
}

// Record starts one. It ends with the test.
func (c *Cluster) Record(t testing.TB) *Recorder {
	t.Helper()
	config := rest.AnonymousClientConfig(c.Config(t))
	transport, err := rest.TransportFor(config)
	if err != nil {
		t.Fatal(err)
	}
	target, err := url.Parse(config.Host)
	if err != nil {
		t.Fatal(err)
	}
	r := &Recorder{}
	proxy := &httputil.ReverseProxy{
		Rewrite:        func(p *httputil.ProxyRequest) { p.SetURL(target) },
		Transport:      transport,
		FlushInterval:  -1, // a watch never ends
		ModifyResponse: r.answered,
		ErrorHandler:   func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	s := httptest.NewUnstartedServer(proxy)
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	r.Server, r.CA = s.URL, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	return r
}

// Take returns what was asked since the last time, and what of it the API
// server refused for want of a right.
func (r *Recorder) Take() (asked, refused []Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	asked, refused = r.asked, r.refused
	r.asked, r.refused = nil, nil
	return asked, refused
}

func (r *Recorder) answered(a *http.Response) error {
	q, ok := requestOf(a.Request.Method, a.Request.URL)
	if !ok {
		return nil
	}
	all := []Request{q}
	if name, as := strings.CutPrefix(a.Request.Header.Get("Impersonate-User"), "system:serviceaccount:"); as {
		// What is asked as somebody else is theirs; that it may be asked is ours.
		space, account, _ := strings.Cut(name, ":")
		all = []Request{{Verb: "impersonate", Resource: "serviceaccounts", Namespace: space, Name: account}}
	} else if q.Verb == "patch" && a.StatusCode == http.StatusCreated {
		made := q // an apply that makes an object takes both rights
		made.Verb = "create"
		all = append(all, made)
	}
	lacks, err := lacksRight(a)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, all...)
	if lacks {
		r.refused = append(r.refused, all...)
	}
	return nil
}

// lacksRight tells what RBAC refuses from what admission does.
func lacksRight(a *http.Response) (bool, error) {
	if a.StatusCode != http.StatusForbidden {
		return false, nil
	}
	text, err := io.ReadAll(a.Body)
	if err != nil {
		return false, err
	}
	a.Body.Close()
	a.Body = io.NopCloser(bytes.NewReader(text))
	return bytes.Contains(text, []byte(" cannot ")), nil
}

// requestOf reads a request of the API for resources.
func requestOf(method string, u *url.URL) (q Request, ok bool) {
	part := strings.Split(strings.Trim(u.Path, "/"), "/")
	switch {
	case len(part) > 2 && part[0] == "api":
		part = part[2:]
	case len(part) > 3 && part[0] == "apis":
		q.Group, part = part[1], part[3:]
	default:
		return q, false
	}
	if part[0] == "namespaces" && len(part) > 2 {
		q.Namespace, part = part[1], part[2:]
	}
	q.Resource = part[0]
	if len(part) > 1 {
		q.Name = part[1]
	}
	if len(part) > 2 {
		q.Subresource = strings.Join(part[2:], "/")
	}
	if q.Resource == "namespaces" {
		q.Namespace = q.Name
	}
	switch method {
	case http.MethodPost:
		q.Verb = "create"
	case http.MethodPut:
		q.Verb = "update"
	case http.MethodPatch:
		q.Verb = "patch"
	case http.MethodDelete:
		q.Verb = map[bool]string{true: "delete", false: "deletecollection"}[q.Name != ""]
	default:
		q.Verb = reading(&q, u.Query())
	}
	return q, true
}

// reading tells apart the ways to read; a list of one by its name is authorized
// with that name.
func reading(q *Request, query url.Values) string {
	if q.Name != "" && query.Get("watch") == "" {
		return "get"
	}
	for s := range strings.SplitSeq(query.Get("fieldSelector"), ",") {
		if name, ok := strings.CutPrefix(s, "metadata.name="); ok {
			q.Name = name
		}
	}
	if w := query.Get("watch"); w == "true" || w == "1" {
		return "watch"
	}
	return "list"
}
