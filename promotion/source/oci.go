package source

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/tiphys-dev/tiphys/api/v1alpha1"
	"github.com/tiphys-dev/tiphys/packaging/bundle"
	"github.com/tiphys-dev/tiphys/packaging/bundle/oci"
)

func pollOCI(ctx context.Context, s *v1alpha1.OCISource, known string, o Options) (*Found, error) {
	if u, err := url.Parse(s.URL); err == nil && u.User != nil {
		return nil, rejected("the URL of the source holds credentials, which everybody could read: put them into its Secret")
	}
	ref, err := oci.Parse(s.URL)
	if err != nil {
		return nil, &Rejected{Err: err}
	}
	if ref != (oci.Reference{Registry: ref.Registry, Repository: ref.Repository}) {
		return nil, rejected("the URL %s names a tag or a digest: leave that out, and say which versions by version", ref)
	}
	c := credentials(o.Credentials)
	who, err := c.registry(ref.Registry)
	if err != nil {
		return nil, err
	}
	if s.PlainHTTP && who != (oci.Login{}) {
		return nil, rejected("plainHTTP would send the credentials in the clear: leave one of them out")
	}
	transport, err := c.transport()
	if err != nil {
		return nil, err
	}
	defer transport.CloseIdleConnections()
	found, err := fetchOCI(ctx, ref, s.Version, known, oci.Options{
		PlainHTTP: s.PlainHTTP, UserAgent: "tiphys", Transport: transport,
		Login: func(host string) oci.Login {
			// What the Secret has is for the registry of the source alone.
			if sameRegistry(host, ref.Registry) {
				return who
			}
			return oci.Login{}
		},
	})
	if errors.Is(err, oci.ErrNotFound) || errors.Is(err, bundle.ErrNoPackage) {
		var r *Rejected
		if !errors.As(err, &r) {
			err = &Rejected{Err: err}
		}
	}
	return found, err
}

func fetchOCI(ctx context.Context, ref oci.Reference, within, known string, o oci.Options) (*Found, error) {
	tags, err := oci.Tags(ctx, ref, o)
	if err != nil {
		return nil, err
	}
	tag, err := newest(tags, within)
	if err != nil {
		return nil, fmt.Errorf("poll %s: %w", ref, err)
	}
	shown := ref
	shown.Tag = tag
	digest, err := oci.Manifest(ctx, shown, o)
	if err != nil {
		return nil, err
	}
	found := &Found{Revision: digest, URL: shown.String()}
	if digest == known {
		return found, nil
	}
	ref.Digest = digest // a tag may move in the meantime
	got, err := oci.Fetch(ctx, ref, o)
	if err != nil {
		if errors.Is(err, bundle.ErrNoPackage) {
			err = &Rejected{Revision: digest, Err: fmt.Errorf("%s: %w", shown, err)}
		}
		return nil, err
	}
	found.Author = oneLine(got.Authors)
	if found.Package, err = ofArchive(got); err != nil {
		return nil, revised(digest, fmt.Errorf("%s: %w", shown, err))
	}
	return found, nil
}

// ofArchive makes a package of what a registry has. Its bytes are those that
// were pushed, so what is wrong with them stays wrong.
func ofArchive(got *oci.Fetched) (*bundle.Package, error) {
	if got.Digest == "" {
		return packageOfChart(got.Archive)
	}
	p, err := bundle.Read(bytes.NewReader(got.Archive))
	if err != nil {
		return nil, &Rejected{Err: err}
	}
	if p.Digest() != got.Digest {
		return nil, rejected("the archive holds the package %s, and its manifest says %s", p.Digest(), got.Digest)
	}
	return p, nil
}

// registry returns whom a registry gets to know: what the Secret says itself,
// or what its .dockerconfigjson says of this registry.
func (c credentials) registry(host string) (oci.Login, error) {
	l, err := c.login()
	switch {
	case err != nil:
		return oci.Login{}, err
	case l != nil:
		return oci.Login{Username: l.user, Password: l.password}, nil
	case len(c[keyDocker]) == 0:
		return oci.Login{}, nil
	}
	var config struct {
		Auths map[string]struct{ Username, Password, Auth, IdentityToken string }
	}
	if json.Unmarshal(c[keyDocker], &config) != nil { // whose message may show some of it
		return oci.Login{}, rejected("%s in the Secret of the source is no JSON such as kubectl create secret docker-registry makes", keyDocker)
	}
	for name, a := range config.Auths {
		if !sameRegistry(name, host) {
			continue
		}
		if a.Auth != "" {
			text, err := base64.StdEncoding.DecodeString(a.Auth)
			user, password, ok := strings.Cut(string(text), ":")
			if err != nil || !ok {
				return oci.Login{}, rejected("auth of %s in %s in the Secret of the source is not USERNAME:PASSWORD in base64", host, keyDocker)
			}
			return oci.Login{Username: user, Password: password}, nil
		}
		if a.Password == "" && a.IdentityToken != "" {
			return oci.Login{}, rejected("%s in the Secret of the source has an identity token for %s, which is not used: put a username and password there", keyDocker, host)
		}
		return oci.Login{Username: a.Username, Password: a.Password}, nil
	}
	return oci.Login{}, nil
}

// sameRegistry compares hosts, as the configuration of docker writes them:
// https://HOST/v1/ is HOST too, and the one of Docker has several names.
func sameRegistry(a, b string) bool { return registryHost(a) == registryHost(b) }

func registryHost(name string) string {
	if _, rest, ok := strings.Cut(name, "://"); ok {
		name = rest
	}
	name, _, _ = strings.Cut(strings.ToLower(name), "/")
	if name == "index.docker.io" || name == "registry-1.docker.io" {
		return "docker.io"
	}
	return name
}
