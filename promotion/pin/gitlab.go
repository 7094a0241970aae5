package pin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// gitlab speaks the REST API of GitLab.
type gitlab struct {
	*api
	project string
}

type mergeRequest struct {
	IID      int        `json:"iid"`
	URL      string     `json:"web_url"`
	State    string     `json:"state"`
	Branch   string     `json:"source_branch"`
	SHA      string     `json:"sha"`
	Text     string     `json:"description"`
	ClosedAt *time.Time `json:"closed_at"`
	From     int        `json:"source_project_id"`
	To       int        `json:"target_project_id"`
}

func (m mergeRequest) request() request {
	r := request{
		number: m.IID, url: m.URL, branch: m.Branch, commit: m.SHA, body: m.Text,
		isOpen: m.State == "opened" || m.State == "locked", closed: m.State == "closed", merged: m.State == "merged",
		stranger: m.From != m.To,
	}
	if m.ClosedAt != nil {
		r.closedAt = *m.ClosedAt
	}
	return r
}

func (g *gitlab) list(ctx context.Context, query url.Values) ([]request, error) {
	query.Set("order_by", "created_at")
	query.Set("sort", "desc")
	all, err := pages[mergeRequest](ctx, g.api, g.project+"/merge_requests", query)
	var found []request
	for _, m := range all {
		found = append(found, m.request())
	}
	return found, err
}

func (g *gitlab) of(ctx context.Context, branch, base string) ([]request, error) {
	return g.list(ctx, url.Values{"state": {"all"}, "source_branch": {branch}, "target_branch": {base}})
}

func (g *gitlab) open(ctx context.Context, base string) ([]request, error) {
	return g.list(ctx, url.Values{"state": {"opened"}, "target_branch": {base}})
}

func (g *gitlab) create(ctx context.Context, branch, base, title, body string) (*request, error) {
	var m mergeRequest
	err := g.do(ctx, http.MethodPost, g.project+"/merge_requests", nil, map[string]any{
		"source_branch": branch, "target_branch": base, "title": title, "description": body, "remove_source_branch": true,
	}, &m)
	var r *refusal
	if errors.As(err, &r) && r.status == http.StatusConflict {
		return nil, errExists
	}
	if err != nil {
		return nil, err
	}
	made := m.request()
	return &made, nil
}

func (g *gitlab) close(ctx context.Context, r request, body string) error {
	return g.do(ctx, http.MethodPut, fmt.Sprintf("%s/merge_requests/%d", g.project, r.number), nil,
		map[string]any{"state_event": "close", "description": body}, &mergeRequest{})
}
