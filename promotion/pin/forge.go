package pin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Bounds of what is asked of a forge.
const (
	mostAnswer = 8 << 20 // bytes
	perPage    = 100
	mostPages  = 10
)

// superseded marks the text of a pull request that was closed for another one:
// nobody refused it.
const superseded = "<!-- tiphys: superseded -->"

// A forge opens pull requests.
type forge interface {
	// of returns those from a branch of the repository into base, in any state,
	// the newest first.
	of(ctx context.Context, branch, base string) ([]request, error)
	// open returns those into base that are open.
	open(ctx context.Context, base string) ([]request, error)
	create(ctx context.Context, branch, base, title, body string) (*request, error)
	// close gives it another text, and closes it, at once.
	close(ctx context.Context, r request, body string) error
}

// A request is a pull request, or a merge request.
type request struct {
	number      int
	url, branch string
	commit      string // of the branch
	body        string
	// stranger is set when the branch is one of another repository.
	stranger               bool
	isOpen, closed, merged bool
	closedAt               time.Time
}

// errExists says that there is such a pull request already.
var errExists = errors.New("there is such a pull request already")

// forges are those that are known, with their public services.
var forges = map[string]struct {
	api   string
	hosts []string
}{
	"github": {"https://api.github.com", []string{"github.com", "ssh.github.com"}},
	"gitlab": {"https://gitlab.com/api/v4", []string{"gitlab.com", "altssh.gitlab.com"}},
}

// forge makes the client of the forge of an order.
func (j *job) forge() (forge, error) {
	f := j.Forge
	if f == nil {
		return nil, wrong("no forge is named, and a pull request wants one")
	}
	known, ok := forges[f.Kind]
	if !ok {
		return nil, wrong("the forge %q is none of github and gitlab", f.Kind)
	}
	host, _, _ := strings.Cut(j.at.host, ":")
	base := f.API
	if base == "" {
		if !slices.Contains(known.hosts, strings.ToLower(host)) {
			return nil, wrong("the repository is on %s, and %s is on %s: name the address of its API", host, f.Kind, known.hosts[0])
		}
		base = known.api
	}
	u, err := url.Parse(base)
	switch {
	case err != nil, u.Host == "", u.User != nil, u.RawQuery != "", u.Fragment != "":
		return nil, wrong("the address of the API is none: write https://HOST/PATH")
	case u.Scheme != "https" && (u.Scheme != "http" || !j.Local):
		return nil, wrong("the address of the API must begin with https://, so that nobody reads the token")
	case f.Token == "" || strings.ContainsFunc(strings.TrimSpace(f.Token), func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }):
		return nil, wrong("the token of the forge is empty, or has a blank in it")
	}
	client, err := j.httpClient()
	if err != nil {
		return nil, err
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	a := &api{client: client, base: strings.TrimSuffix(base, "/"), token: strings.TrimSpace(f.Token)}
	if f.Kind == "gitlab" {
		return &gitlab{api: a, project: "/projects/" + url.PathEscape(j.at.path)}, nil
	}
	owner, name, ok := strings.Cut(j.at.path, "/")
	if !ok || strings.Contains(name, "/") {
		return nil, wrong("the path of the repository is not OWNER/NAME, as it is on GitHub")
	}
	return &github{api: a, owner: owner, full: j.at.path, repo: "/repos/" + url.PathEscape(owner) + "/" + url.PathEscape(name)}, nil
}

// An api is asked by HTTP. Redirects are not followed: no token goes elsewhere.
type api struct {
	client      *http.Client
	base, token string
}

// A refusal is an answer of a forge that is no success.
type refusal struct {
	status int
	text   string
}

func (r *refusal) Error() string { return r.text }

// Is reports an ErrWrong for what trying again does not mend. A token may be
// replaced, given more rights or let in again, and a repository moved back.
func (r *refusal) Is(target error) bool {
	switch r.status {
	case http.StatusBadRequest, http.StatusConflict, http.StatusGone, http.StatusUnprocessableEntity:
		return target == ErrWrong
	}
	return false
}

// do asks, and reads the answer into out.
func (a *api) do(ctx context.Context, method, path string, query url.Values, in, out any) error {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	to := a.base + path
	if len(query) > 0 {
		to += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, to, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+a.token)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "tiphys")
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := a.client.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		return fmt.Errorf("reach %s: %w", req.URL.Host, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("reach %s: %w", req.URL.Host, err)
	case len(text) > mostAnswer:
		return fmt.Errorf("%s answers with more than %d MiB", req.URL.Host, mostAnswer>>20)
	case resp.StatusCode/100 != 2:
		return refused(resp, text)
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("%s does not answer as a forge does: is the address of the API right?", req.URL.Host)
	}
	return nil
}

// refused words an answer that is no success.
func refused(resp *http.Response, text []byte) error {
	host := resp.Request.URL.Host
	r := &refusal{status: resp.StatusCode}
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		r.text = host + " sends us elsewhere: the repository has moved, name its new URL"
	case http.StatusUnauthorized:
		r.text = host + " does not know the token: it is wrong, or has expired"
	case http.StatusNotFound:
		r.text = host + " has no such repository, or does not show it to this token"
	default:
		r.text = fmt.Sprintf("%s answers %d %s%s", host, resp.StatusCode, http.StatusText(resp.StatusCode), said(text))
	}
	return r
}

// said is what a forge says of an error, bounded.
func said(text []byte) string {
	var answer struct {
		Message any `json:"message"`
		Errors  []struct {
			Message string `json:"message"`
		} `json:"errors"`
	}
	if json.Unmarshal(text, &answer) != nil || answer.Message == nil {
		return ""
	}
	all := fmt.Sprint(answer.Message)
	for _, e := range answer.Errors {
		if e.Message != "" {
			all += "; " + e.Message
		}
	}
	if r := []rune(oneLine(all)); len(r) > 300 {
		all = string(r[:300]) + "..."
	}
	return ": " + oneLine(all)
}

// pages asks for one page after the other, until one is not full.
func pages[T any](ctx context.Context, a *api, path string, query url.Values) ([]T, error) {
	var all []T
	query.Set("per_page", fmt.Sprint(perPage))
	for page := 1; page <= mostPages; page++ {
		var some []T
		query.Set("page", fmt.Sprint(page))
		if err := a.do(ctx, http.MethodGet, path, query, nil, &some); err != nil {
			return nil, err
		}
		if all = append(all, some...); len(some) < perPage {
			break
		}
	}
	return all, nil
}
