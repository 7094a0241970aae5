package oci

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"

	"oras.land/oras-go/v2/registry"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
	"oras.land/oras-go/v2/registry/remote/retry"
)

// The types of what is pushed.
const (
	ArtifactType = "application/vnd.tiphys.package.v1"
	ConfigType   = "application/vnd.tiphys.package.config.v1+json"
	LayerType    = "application/vnd.tiphys.package.v1.tar+gzip"
)

// Options are how to speak to a registry; the zero value is HTTPS, with the
// credentials that docker and helm keep.
type Options struct {
	// PlainHTTP speaks HTTP without TLS.
	PlainHTTP bool
	// UserAgent is how to introduce ourselves.
	UserAgent string
	// Login, if set, is asked for the credentials of a registry instead of all
	// that this machine keeps; the zero value is nobody.
	Login func(host string) Login
	// Transport is how requests are sent, if not in the default way.
	Transport http.RoundTripper
}

// A Login is who to be for a registry.
type Login struct{ Username, Password string }

// A repository is one that we speak to.
type repository struct {
	*remote.Repository
	ref Reference
	// known is set once credentials were found for the registry, given when they
	// are not those of this machine.
	known, given bool
}

func open(ref Reference, o Options) (*repository, error) {
	find, err := o.credential()
	if err != nil {
		return nil, err
	}
	r := &repository{ref: ref, given: o.Login != nil}
	client := &auth.Client{Client: &http.Client{Transport: retry.NewTransport(o.Transport)}, Cache: auth.NewCache()}
	client.SetUserAgent(o.UserAgent)
	client.Credential = func(ctx context.Context, host string) (auth.Credential, error) {
		c, err := find(ctx, host)
		r.known = r.known || c != auth.EmptyCredential
		return c, err
	}
	r.Repository = &remote.Repository{
		Client:    client,
		Reference: registry.Reference{Registry: ref.Registry, Repository: ref.Repository},
		PlainHTTP: o.PlainHTTP,
	}
	return r, nil
}

// credential returns what finds the credentials of a host.
func (o Options) credential() (auth.CredentialFunc, error) {
	if o.Login != nil {
		return func(_ context.Context, host string) (auth.Credential, error) {
			l := o.Login(host)
			return auth.Credential{Username: l.Username, Password: l.Password}, nil
		}, nil
	}
	store, err := stored()
	if err != nil {
		return nil, err
	}
	return credentials.Credential(store), nil
}

// stored returns the credentials of helm, then of docker.
func stored() (credentials.Store, error) {
	var all []credentials.Store
	if file := helmConfig(); file != "" {
		s, err := credentials.NewStore(file, credentials.StoreOptions{})
		if err != nil {
			return nil, fmt.Errorf("read credentials of helm: %s: %w", file, err)
		}
		all = append(all, s)
	}
	if s, err := credentials.NewStoreFromDocker(credentials.StoreOptions{}); err == nil {
		all = append(all, s)
	} else if _, homeless := os.UserHomeDir(); homeless == nil || os.Getenv("DOCKER_CONFIG") != "" {
		return nil, fmt.Errorf("read credentials of docker: %w", err)
	}
	if len(all) == 0 {
		return credentials.NewMemoryStore(), nil
	}
	return credentials.NewStoreWithFallbacks(all[0], all[1:]...), nil
}

// helmConfig returns where helm keeps its credentials, "" when that cannot be told.
func helmConfig() string {
	if file := os.Getenv("HELM_REGISTRY_CONFIG"); file != "" {
		return file
	}
	dir := os.Getenv("HELM_CONFIG_HOME")
	if dir == "" {
		base, err := os.UserConfigDir()
		if err != nil {
			return ""
		}
		if runtime.GOOS == "darwin" && os.Getenv("XDG_CONFIG_HOME") == "" {
			base = filepath.Join(filepath.Dir(base), "Preferences")
		}
		dir = filepath.Join(base, "helm")
	}
	return filepath.Join(dir, "registry", "config.json")
}

// errEnough ends the list of tags.
var errEnough = errors.New("enough")

// tags returns the tags of the repository, as many as one can choose from.
func (r *repository) tags(ctx context.Context) ([]string, error) {
	const most = 1000
	all, err := r.allTags(ctx, most)
	if errors.Is(err, errEnough) {
		err = nil
	}
	return all, err
}

// allTags returns the tags; with errEnough, there are more than that.
func (r *repository) allTags(ctx context.Context, most int) ([]string, error) {
	var all []string
	err := r.Tags(ctx, "", func(some []string) error {
		if all = append(all, some...); len(all) >= most {
			return errEnough
		}
		return nil
	})
	return all, err
}
