// Package helmrepo reads Helm repositories: an index.yaml on a web server, and
// the archives of charts that it names.
//
// Helm's own client keeps files and reads the configuration of the machine.
// This one has no state: what is fetched is bounded, credentials go to no other
// host, and the digests of the index are checked.
package helmrepo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/packaging/bundle"
)

// mostIndex bounds the size of an index; the largest public ones have 20 MiB.
const mostIndex = 32 << 20

// Options are how to speak to a server; the zero value works.
type Options struct {
	// Username and Password are told to the host of the repository alone.
	Username, Password string
	// Transport is how requests are sent, if not in the default way.
	Transport http.RoundTripper
	// UserAgent is how to introduce ourselves.
	UserAgent string
}

// ErrContent says that a server was reached, and that what it has is wrong: no
// such chart, an index that cannot be read, an archive that is too large.
var ErrContent = errors.New("what the repository has is wrong")

// content keeps the sentence and is an ErrContent.
type content struct{ message string }

func (e *content) Error() string        { return e.message }
func (e *content) Is(target error) bool { return target == ErrContent }

func wrong(format string, args ...any) error { return &content{fmt.Sprintf(format, args...)} }

// An Index is the index.yaml of a repository.
type Index struct {
	// Charts are by name, as the index lists them.
	Charts map[string][]Version

	base    *url.URL
	options Options
}

// A Version is one archive of a chart.
type Version struct {
	Version string   `yaml:"version"`
	URLs    []string `yaml:"urls"`
	// Digest is the SHA-256 of the archive in hex, "" if the index says none.
	Digest string `yaml:"digest"`
	// Removed is set for one that is listed and no longer there.
	Removed bool `yaml:"removed"`
}

// Read fetches the index of the repository at a URL, which is shown in errors
// and must hold no credentials.
func Read(ctx context.Context, repository string, o Options) (*Index, error) {
	base, err := url.Parse(repository)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, wrong("the URL of the repository cannot be read: write https://HOST/PATH")
	}
	if base.User != nil {
		return nil, wrong("the URL of the repository holds credentials, which everybody could read")
	}
	base.RawQuery, base.Fragment = "", ""
	base.Path = strings.TrimSuffix(base.Path, "/") + "/"
	x := &Index{base: base, options: o}
	text, err := x.get(ctx, base.JoinPath("index.yaml"), mostIndex)
	if err != nil {
		return nil, fmt.Errorf("read index of %s: %w", base.Redacted(), err)
	}
	if !utf8.Valid(text) {
		return nil, wrong("read index of %s: it is no text", base.Redacted())
	}
	var index struct {
		APIVersion string               `yaml:"apiVersion"`
		Entries    map[string][]Version `yaml:"entries"`
	}
	if err := yaml.Unmarshal(text, &index); err != nil {
		return nil, wrong("read index of %s: it is no index.yaml that helm repo index writes", base.Redacted())
	}
	if index.APIVersion == "" {
		return nil, wrong("read index of %s: it has no apiVersion, as the index of a Helm repository has", base.Redacted())
	}
	x.Charts = index.Entries
	return x, nil
}

// Versions returns the versions of a chart that are there.
func (x *Index) Versions(chart string) ([]Version, error) {
	all, ok := x.Charts[chart]
	if !ok {
		names := slices.Sorted(maps.Keys(x.Charts))
		return nil, wrong("the repository has no chart %q%s", chart, near.Hint(chart, names))
	}
	return slices.DeleteFunc(slices.Clone(all), func(v Version) bool { return v.Removed }), nil
}

// Fetch fetches the archive of a version and checks its digest. Returned is the
// one that it has, sha256:HEX.
func (x *Index) Fetch(ctx context.Context, v Version) (archive []byte, digest string, err error) {
	if len(v.URLs) == 0 {
		return nil, "", wrong("the index names no URL of version %q", v.Version)
	}
	at, err := url.Parse(v.URLs[0])
	if err != nil {
		return nil, "", wrong("the index names a URL of version %q that cannot be read", v.Version)
	}
	at = x.base.ResolveReference(at)
	want := strings.ToLower(strings.TrimPrefix(v.Digest, "sha256:"))
	switch {
	case at.Scheme == "oci":
		return nil, "", wrong("version %q is kept in an OCI registry: make %s the source", v.Version, shown(at))
	case at.Scheme != "http" && at.Scheme != "https" || at.Host == "":
		return nil, "", wrong("version %q is at %s, which is no URL of a web server", v.Version, shown(at))
	case at.Scheme == "http" && x.base.Scheme == "https" && want == "":
		return nil, "", wrong("version %q is at %s, and the index has no digest of it: anybody on the way could change it", v.Version, shown(at))
	}
	archive, err = x.get(ctx, at, bundle.MostArchive)
	if err != nil {
		return nil, "", fmt.Errorf("fetch %s: %w", shown(at), err)
	}
	sum := sha256.Sum256(archive)
	got := hex.EncodeToString(sum[:])
	if want != "" && got != want {
		return nil, "", fmt.Errorf("fetch %s: its SHA-256 is %s, and the index says %s: it was changed, or the index is older", shown(at), got, v.Digest)
	}
	return archive, "sha256:" + got, nil
}

// shown is a URL without what may be secret in it.
func shown(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// get fetches at most some bytes.
func (x *Index) get(ctx context.Context, at *url.URL, most int64) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", x.options.UserAgent)
	if x.options.Password != "" && sameOrigin(at, x.base) {
		req.SetBasicAuth(x.options.Username, x.options.Password)
	}
	client := &http.Client{Transport: x.options.Transport, CheckRedirect: x.follow}
	resp, err := client.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) { // it shows the URL, which was said
			err = u.Err
		}
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		if x.options.Password == "" {
			return nil, fmt.Errorf("%s wants credentials, and is given none", resp.Request.URL.Host)
		}
		return nil, fmt.Errorf("%s does not let these credentials in", resp.Request.URL.Host)
	case http.StatusNotFound:
		return nil, wrong("there is nothing at this URL")
	default:
		return nil, fmt.Errorf("%s answers %d %s", resp.Request.URL.Host, resp.StatusCode, http.StatusText(resp.StatusCode))
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, fmt.Errorf("%s breaks off in the middle", resp.Request.URL.Host)
	case int64(len(text)) > most:
		return nil, wrong("it has more than the %d MiB that are read", most>>20)
	}
	return text, nil
}

// follow lets redirects go to other hosts, as releases of forges want it, but
// never with the credentials, and never from https to http.
func (x *Index) follow(next *http.Request, via []*http.Request) error {
	if len(via) >= 10 {
		return errors.New("the server sends us on and on")
	}
	if via[len(via)-1].URL.Scheme == "https" && next.URL.Scheme != "https" {
		return fmt.Errorf("the server sends us from https to %s", next.URL.Scheme)
	}
	if slices.ContainsFunc(slices.Concat(via, []*http.Request{next}), func(r *http.Request) bool { return !sameOrigin(r.URL, x.base) }) {
		next.Header.Del("Authorization")
	}
	return nil
}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Host, b.Host)
}
