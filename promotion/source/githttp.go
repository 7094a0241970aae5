package source

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// userAgent is how to introduce ourselves; some servers speak git only with
// those whose name begins with it.
const userAgent = "git/2.0 (tiphys)"

// overHTTP is a wire to a server that speaks git's smart protocol over HTTP.
type overHTTP struct {
	client *http.Client
	login  *login
	base   string // of the repository, after redirects
	open   []io.Closer
}

func openHTTP(a *address, c credentials) (wire, error) {
	l, err := c.login()
	if err != nil {
		return nil, err
	}
	if l != nil && a.scheme == "http" {
		return nil, rejected("http would send the credentials in the clear: write https://%s%s", a.host, a.path)
	}
	transport, err := c.transport()
	if err != nil {
		return nil, err
	}
	w := &overHTTP{login: l, base: strings.TrimSuffix(a.shown, "/"), client: &http.Client{Transport: transport, CheckRedirect: sameHost}}
	return w, nil
}

// sameHost follows redirects within a host, and from http to https. To another
// one we are not sent: what is fetched is said in the source, where it can be
// reviewed.
func sameHost(next *http.Request, via []*http.Request) error {
	first := via[0].URL
	upgrade := first.Scheme == "http" && first.Port() == "" && next.URL.Scheme == "https" && next.URL.Port() == ""
	switch {
	case len(via) >= 5:
		return errors.New("the server sends us on and on")
	case next.URL.Hostname() != first.Hostname(), next.URL.Port() != first.Port(), next.URL.Scheme != first.Scheme && !upgrade:
		return &elsewhere{next.URL}
	}
	return nil
}

// elsewhere says that a server sends us to another one.
type elsewhere struct{ to *url.URL }

func (e *elsewhere) Error() string {
	place := &url.URL{Scheme: e.to.Scheme, Host: e.to.Host, Path: strings.TrimSuffix(e.to.Path, "/info/refs")}
	return fmt.Sprintf("the server sends us to %s: if that is meant, make it the URL of the source", place)
}

func (w *overHTTP) refs(ctx context.Context) (io.Reader, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.base+"/info/refs?service=git-upload-pack", nil)
	if err != nil {
		return nil, err
	}
	resp, err := w.do(req, "application/x-git-upload-pack-advertisement")
	if err != nil {
		return nil, err
	}
	at := *resp.Request.URL
	at.RawQuery = ""
	w.base = strings.TrimSuffix(at.String(), "/info/refs")
	return resp.Body, nil
}

func (w *overHTTP) fetch(ctx context.Context, request []byte) (io.Reader, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.base+"/git-upload-pack", bytes.NewReader(request))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-git-upload-pack-request")
	resp, err := w.do(req, "application/x-git-upload-pack-result")
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// do sends a request, and makes an error of an answer that is none to it.
func (w *overHTTP) do(req *http.Request, want string) (*http.Response, error) {
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set("Accept", want)
	if w.login != nil {
		req.SetBasicAuth(w.login.user, w.login.password)
	}
	resp, err := w.client.Do(req)
	if err != nil {
		return nil, unreachable(req.Context(), req.URL.Host, err)
	}
	w.open = append(w.open, resp.Body)
	if err := w.status(resp); err != nil {
		return nil, err
	}
	if got, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";"); got != want {
		return nil, fmt.Errorf("%s answers with %q, as no git server does: the URL is that of git clone, not of a page", req.URL.Host, got)
	}
	return resp, nil
}

func (w *overHTTP) status(resp *http.Response) error {
	host := resp.Request.URL.Host
	switch resp.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusUnauthorized, http.StatusForbidden:
		if w.login == nil {
			return fmt.Errorf("%s wants credentials, and there are none: put username and password, or a token, into the Secret of the source", host)
		}
		return fmt.Errorf("%s does not let these credentials read the repository: those in the Secret of the source must be allowed to", host)
	case http.StatusNotFound:
		if w.login == nil {
			return fmt.Errorf("%s has no such repository, or does not show it without credentials", host)
		}
		return fmt.Errorf("%s has no such repository, or does not show it to these credentials", host)
	}
	return fmt.Errorf("%s answers %d %s", host, resp.StatusCode, http.StatusText(resp.StatusCode))
}

func (*overHTTP) said() string { return "" }

func (w *overHTTP) close() {
	for _, c := range w.open {
		_ = c.Close()
	}
	w.client.CloseIdleConnections()
}

// unreachable words what keeps a request from being answered. The error of
// net/http shows the URL, which was said already.
func unreachable(ctx context.Context, host string, err error) error {
	var u *url.Error
	var to *elsewhere
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &u) {
		err = u.Err
	}
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("reach %s: %w", host, context.Cause(ctx))
	case errors.As(err, &to):
		return to
	case errors.As(err, &certificate):
		return fmt.Errorf("reach %s: %w; the certificate of another authority belongs into ca.crt in the Secret of the source", host, certificate)
	case strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return fmt.Errorf("%s speaks plain HTTP", host)
	}
	return fmt.Errorf("reach %s: %s", host, oneLine(err.Error()))
}

// transport is one of our own: with the proxies that the environment of the
// process names, and the authorities of the system and the Secret.
func (c credentials) transport() (*http.Transport, error) {
	roots, err := c.roots()
	if err != nil {
		return nil, err
	}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    20 * time.Second,
		ResponseHeaderTimeout:  time.Minute,
		MaxResponseHeaderBytes: 1 << 20,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           4,
		IdleConnTimeout:        10 * time.Second,
	}, nil
}
