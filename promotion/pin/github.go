package pin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// github speaks the REST API of GitHub.
type github struct {
	*api
	owner, full, repo string
}

type githubPull struct {
	Number   int        `json:"number"`
	URL      string     `json:"html_url"`
	State    string     `json:"state"`
	Body     string     `json:"body"`
	MergedAt *time.Time `json:"merged_at"`
	ClosedAt *time.Time `json:"closed_at"`
	Head     struct {
		Ref  string `json:"ref"`
		SHA  string `json:"sha"`
		Repo *struct {
			FullName string `json:"full_name"`
		} `json:"repo"`
	} `json:"head"`
}

func (g *github) request(p githubPull) request {
	r := request{
		number: p.Number, url: p.URL, branch: p.Head.Ref, commit: p.Head.SHA, body: p.Body,
		isOpen: p.State == "open", merged: p.MergedAt != nil,
		stranger: p.Head.Repo == nil || !strings.EqualFold(p.Head.Repo.FullName, g.full),
	}
	if r.closed = !r.isOpen && !r.merged; p.ClosedAt != nil {
		r.closedAt = *p.ClosedAt
	}
	return r
}

func (g *github) list(ctx context.Context, query url.Values) ([]request, error) {
	query.Set("sort", "created")
	query.Set("direction", "desc")
	all, err := pages[githubPull](ctx, g.api, g.repo+"/pulls", query)
	var found []request
	for _, p := range all {
		found = append(found, g.request(p))
	}
	return found, err
}

func (g *github) of(ctx context.Context, branch, base string) ([]request, error) {
	return g.list(ctx, url.Values{"state": {"all"}, "head": {g.owner + ":" + branch}, "base": {base}})
}

func (g *github) open(ctx context.Context, base string) ([]request, error) {
	return g.list(ctx, url.Values{"state": {"open"}, "base": {base}})
}

func (g *github) create(ctx context.Context, branch, base, title, body string) (*request, error) {
	var p githubPull
	err := g.do(ctx, http.MethodPost, g.repo+"/pulls", nil, map[string]any{"head": branch, "base": base, "title": title, "body": body}, &p)
	var r *refusal
	if errors.As(err, &r) && r.status == http.StatusUnprocessableEntity && strings.Contains(r.text, "already exists") {
		return nil, errExists
	}
	if err != nil {
		return nil, err
	}
	made := g.request(p)
	return &made, nil
}

func (g *github) close(ctx context.Context, r request, body string) error {
	return g.do(ctx, http.MethodPatch, fmt.Sprintf("%s/pulls/%d", g.repo, r.number), nil, map[string]any{"state": "closed", "body": body}, &githubPull{})
}
