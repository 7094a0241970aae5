package source

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/packaging/bundle/helmrepo"
)

func pollHelm(ctx context.Context, s *v1alpha1.HelmSource, known string, o Options) (*Found, error) {
	u, err := url.Parse(s.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https": // the message of url shows the URL
		return nil, rejected("the URL of the Helm repository cannot be read: write https://HOST/PATH")
	case u.User != nil || u.RawQuery != "":
		return nil, rejected("the URL of the Helm repository holds credentials or a query, which everybody could read: put username and password into the Secret of the source")
	}
	c := credentials(o.Credentials)
	l, err := c.login()
	if err != nil {
		return nil, err
	}
	opts := helmrepo.Options{UserAgent: "tiphys"}
	if l != nil {
		if u.Scheme == "http" {
			return nil, rejected("http would send the credentials in the clear: write https://%s%s", u.Host, u.Path)
		}
		opts.Username, opts.Password = l.user, l.password
	}
	transport, err := c.transport()
	if err != nil {
		return nil, err
	}
	defer transport.CloseIdleConnections()
	opts.Transport = transport
	found, err := fetchHelm(ctx, s, known, opts)
	if errors.Is(err, helmrepo.ErrContent) {
		var r *Rejected
		if !errors.As(err, &r) {
			err = &Rejected{Err: err}
		}
	}
	return found, err
}

func fetchHelm(ctx context.Context, s *v1alpha1.HelmSource, known string, o helmrepo.Options) (*Found, error) {
	index, err := helmrepo.Read(ctx, s.URL, o)
	if err != nil {
		return nil, err
	}
	all, err := index.Versions(s.Chart)
	if err != nil {
		return nil, fmt.Errorf("poll %s: %w", s.URL, err)
	}
	names := make([]string, 0, len(all))
	byName := map[string]helmrepo.Version{}
	for _, v := range all {
		if _, twice := byName[v.Version]; !twice { // Helm takes the first one too
			names = append(names, v.Version)
			byName[v.Version] = v
		}
	}
	name, err := newest(names, s.Version)
	if err != nil {
		return nil, fmt.Errorf("poll chart %s of %s: %w", s.Chart, s.URL, err)
	}
	v := byName[name]
	found := &Found{URL: s.URL}
	if v.Digest != "" {
		if found.Revision = name + "@sha256:" + strings.ToLower(strings.TrimPrefix(v.Digest, "sha256:")); found.Revision == known {
			return found, nil
		}
	}
	archive, digest, err := index.Fetch(ctx, v)
	if err != nil {
		return nil, err
	}
	if found.Revision = name + "@" + digest; found.Revision == known {
		return found, nil
	}
	if found.Package, err = packageOfChart(archive); err != nil {
		return nil, revised(found.Revision, fmt.Errorf("chart %s %s of %s: %w", s.Chart, name, s.URL, err))
	}
	return found, nil
}
