// Package publish puts the images and charts of a release into a registry.
package publish

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/tiphys-dev/tiphys/tools/release/chart"
	"github.com/tiphys-dev/tiphys/tools/release/dist"
	"github.com/tiphys-dev/tiphys/tools/release/image"
)

// Options say where to.
type Options struct {
	Dist     string // the folder of the release
	Registry string // like ghcr.io/tiphys-dev
	Trial    bool   // whether a release that is none may be published
	Log      io.Writer
}

// All puts all of a release into a registry, with the credentials of docker login. What is
// there already with the same digest is left alone, so it can be done again; a tag
// that leads elsewhere is not moved.
func All(ctx context.Context, o Options) error {
	r, err := dist.Open(o.Dist)
	if err != nil {
		return err
	}
	if r.Trial && !o.Trial {
		return fmt.Errorf("publish %s: it is a trial and no release; build one of a tag, or say -trial", r.Version)
	}
	t := target{Options: o, release: r, with: []remote.Option{remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain)}}
	for _, i := range r.Images {
		if err := t.put(i, t.image); err != nil {
			return fmt.Errorf("publish %s: %w", i.Archive, err)
		}
	}
	for _, c := range r.Charts {
		if err := t.put(c, t.chart); err != nil {
			return fmt.Errorf("publish %s: %w", c.Archive, err)
		}
	}
	return nil
}

type target struct {
	Options
	release *dist.Release
	with    []remote.Option
}

// A load reads an archive, and returns its digest and what pushes it. It may use the
// folder work until that is done.
type load func(path, work string) (digest string, push func(name.Tag) error, err error)

func (t target) put(what dist.Image, read load) error {
	to, err := name.NewTag(strings.TrimSuffix(t.Registry, "/") + "/" + what.Repository + ":" + what.Tag)
	if err != nil {
		return fmt.Errorf("read the name of the registry: %w", err)
	}
	work, err := os.MkdirTemp("", "publish")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	digest, push, err := read(filepath.Join(t.Dist, what.Archive), work)
	if err != nil {
		return err
	}
	if digest != what.Digest {
		return fmt.Errorf("it is %s, and release.json says %s", digest, what.Digest)
	}
	switch there, err := remote.Head(to, t.with...); {
	case err == nil && there.Digest.String() == digest:
		fmt.Fprintf(t.Log, "is there   %s@%s\n", to, digest)
		return nil
	case err == nil:
		return fmt.Errorf("%s leads to %s already, and not to %s: a version is published once", to, there.Digest, digest)
	case !missing(err):
		return fmt.Errorf("look for %s: %w", to, err)
	}
	if err := push(to); err != nil {
		return fmt.Errorf("push to %s: %w", to, err)
	}
	fmt.Fprintf(t.Log, "published  %s@%s\n", to, digest)
	return nil
}

// missing reports whether the registry does not have it. Some do not tell who may not read a
// repository that there is none; who may not write either will hear of it on the push.
func missing(err error) bool {
	e := (*transport.Error)(nil)
	return errors.As(err, &e) && slices.Contains([]int{http.StatusNotFound, http.StatusUnauthorized, http.StatusForbidden}, e.StatusCode)
}

func (t target) image(path, work string) (string, func(name.Tag) error, error) {
	index, err := image.Load(path, work)
	if err != nil {
		return "", nil, err
	}
	digest, err := index.Digest()
	return digest.String(), func(to name.Tag) error { return remote.WriteIndex(to, index, t.with...) }, err
}

func (t target) chart(path, _ string) (string, func(name.Tag) error, error) {
	at, err := time.Parse(time.RFC3339, t.release.Date)
	if err != nil {
		return "", nil, fmt.Errorf("read the date of the release: %w", err)
	}
	archive, err := os.ReadFile(path)
	if err != nil {
		return "", nil, err
	}
	a, err := chart.NewArtifact(archive, at)
	if err != nil {
		return "", nil, err
	}
	return a.Digest, func(to name.Tag) error {
		for _, b := range a.Blobs {
			if err := remote.WriteLayer(to.Context(), b, t.with...); err != nil {
				return err
			}
		}
		return remote.Put(to, a, t.with...)
	}, nil
}
