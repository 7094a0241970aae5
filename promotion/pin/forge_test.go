package pin

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// A standIn is a stand-in for the APIs of GitHub and GitLab: it keeps pull
// requests of the repository acme/flows, and answers as the documentation of
// those two says.
type standIn struct {
	t    *testing.T
	hub  *hub
	kind string
	url  string
	ca   []byte

	mu    sync.Mutex
	pulls []*pull
	asked []string
	// before is called before a request is heard, and may answer in its place.
	before func(w http.ResponseWriter, r *http.Request) bool
}

type pull struct {
	number                         int
	head, base, title, body, state string // open, closed, merged
	stranger                       bool
	closed                         time.Time
}

const token = "glpat-hunter2-token"

func newStandIn(t *testing.T, h *hub, kind string) *standIn {
	s := &standIn{t: t, hub: h, kind: kind}
	server := httptest.NewTLSServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL
	s.ca = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	return s
}

func (s *standIn) order(letter string) Order {
	o := s.hub.order(letter)
	o.Credentials["ca.crt"] = append(slices.Clone(s.hub.ca), s.ca...)
	o.Forge = &Forge{Kind: s.kind, API: s.url, Token: token}
	return o
}

func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.Method)
	if s.before != nil && s.before(w, r) {
		return
	}
	if r.Header.Get("Authorization") != "Bearer "+token {
		s.answer(w, http.StatusUnauthorized, map[string]string{"message": "Bad credentials"})
		return
	}
	list := map[string]string{"github": "/repos/acme/flows/pulls", "gitlab": "/projects/acme%2Fflows/merge_requests"}[s.kind]
	rest, ok := strings.CutPrefix(r.URL.EscapedPath(), list)
	if !ok {
		s.answer(w, http.StatusNotFound, map[string]string{"message": "Not Found"})
		return
	}
	switch {
	case r.Method == http.MethodGet && rest == "":
		s.list(w, r)
	case r.Method == http.MethodPost && rest == "":
		s.open(w, r)
	case r.Method == http.MethodPatch && s.kind == "github", r.Method == http.MethodPut && s.kind == "gitlab":
		n, _ := strconv.Atoi(strings.TrimPrefix(rest, "/"))
		s.change(w, r, s.pulls[n-1])
	default:
		s.answer(w, http.StatusMethodNotAllowed, nil)
	}
}

func (s *standIn) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	state, head, base := q.Get("state"), q.Get("source_branch"), q.Get("target_branch")
	if s.kind == "github" {
		head, base = strings.TrimPrefix(q.Get("head"), "acme:"), q.Get("base")
	}
	all := []any{}
	for _, p := range slices.Backward(s.pulls) {
		if (state == "all" || strings.HasPrefix(state, p.state)) && (head == "" || head == p.head) && base == p.base {
			all = append(all, s.show(p))
		}
	}
	size, _ := strconv.Atoi(q.Get("per_page"))
	page, _ := strconv.Atoi(q.Get("page"))
	from, to := min(len(all), (page-1)*size), min(len(all), page*size)
	s.answer(w, http.StatusOK, all[from:to])
}

func (s *standIn) open(w http.ResponseWriter, r *http.Request) {
	in := s.read(r)
	p := &pull{number: len(s.pulls) + 1, title: in["title"], head: in["head"], base: in["base"], body: in["body"], state: "open"}
	if s.kind == "gitlab" {
		p.head, p.base, p.body = in["source_branch"], in["target_branch"], in["description"]
	}
	for _, other := range s.pulls {
		if other.state == "open" && other.head == p.head && other.base == p.base && !other.stranger {
			if s.kind == "github" {
				s.answer(w, http.StatusUnprocessableEntity, map[string]any{"message": "Validation Failed", "errors": []any{
					map[string]string{"message": "A pull request already exists for acme:" + p.head + "."}}})
			} else {
				s.answer(w, http.StatusConflict, map[string]any{"message": []string{"Another open merge request already exists"}})
			}
			return
		}
	}
	s.pulls = append(s.pulls, p)
	s.answer(w, http.StatusCreated, s.show(p))
}

func (s *standIn) change(w http.ResponseWriter, r *http.Request, p *pull) {
	in := s.read(r)
	if in["state"] == "closed" || in["state_event"] == "close" {
		p.state, p.closed = "closed", time.Now()
	}
	p.body = in["body"] + in["description"]
	s.answer(w, http.StatusOK, s.show(p))
}

func (s *standIn) show(p *pull) map[string]any {
	sha, _ := tryGit(s.hub.dir, "rev-parse", "--verify", "-q", p.head)
	sha = strings.TrimSpace(sha)
	var closed, merged *time.Time
	if p.state != "open" {
		closed = &p.closed
	}
	if s.kind == "gitlab" {
		from := 7
		if p.stranger {
			from = 8
		}
		state := map[string]string{"open": "opened"}[p.state]
		if state == "" {
			state = p.state
		}
		return map[string]any{"iid": p.number, "web_url": s.link(p), "state": state, "source_branch": p.head, "target_branch": p.base,
			"sha": sha, "description": p.body, "closed_at": closed, "source_project_id": from, "target_project_id": 7}
	}
	owner, state := "Acme", p.state
	if p.stranger {
		owner = "mallory"
	}
	if state == "merged" {
		state, merged = "closed", &p.closed
	}
	return map[string]any{"number": p.number, "html_url": s.link(p), "state": state, "body": p.body, "closed_at": closed, "merged_at": merged,
		"head": map[string]any{"ref": p.head, "sha": sha, "repo": map[string]string{"full_name": owner + "/flows"}}}
}

func (s *standIn) link(p *pull) string {
	return fmt.Sprintf("https://forge.example/acme/flows/%d", p.number)
}

func (s *standIn) read(r *http.Request) map[string]string {
	var raw map[string]any
	if err := json.NewDecoder(r.Body).Decode(&raw); err != nil {
		s.t.Error(err)
	}
	in := map[string]string{}
	for k, v := range raw {
		in[k] = fmt.Sprint(v)
	}
	return in
}

func (s *standIn) answer(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		s.t.Error(err)
	}
}

// merge merges a pull request, as a person does.
func (s *standIn) merge(t *testing.T, number int) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pulls[number-1]
	git(t, s.hub.work, "fetch", "-q", "origin")
	git(t, s.hub.work, "checkout", "-q", "-B", "main", "origin/main")
	git(t, s.hub.work, "merge", "-q", "--no-ff", "-m", "merge", "origin/"+p.head)
	git(t, s.hub.work, "push", "-q", "origin", "HEAD:main")
	p.state, p.closed = "merged", time.Now()
}

func (s *standIn) states() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, p := range s.pulls {
		all = append(all, p.state)
	}
	return strings.Join(all, " ")
}
