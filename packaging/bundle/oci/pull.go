package oci

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/tiphys-dev/tiphys/packaging/bundle"
)

// mostManifest and mostConfig bound what is read before an archive.
const (
	mostManifest = 4 << 20
	mostConfig   = 4 << 20
)

// Found is what a reference leads to.
type Found struct {
	// Contents and Digest are those of the package.
	Contents *bundle.Contents
	Digest   string
	// Manifest is the digest of the manifest; with it the very same can be
	// pulled again, wherever a tag points.
	Manifest string

	layer v1.Descriptor
}

// Resolve asks which package a reference leads to, without fetching it. A
// reference without a tag leads to one only when the repository has one tag.
func Resolve(ctx context.Context, ref Reference, o Options) (*Found, error) {
	r, err := open(ref, o)
	if err != nil {
		return nil, err
	}
	found, err := r.resolve(ctx)
	if err != nil {
		return nil, fmt.Errorf("resolve %s: %w", r.ref, err)
	}
	return found, nil
}

// Pull fetches the package that a reference leads to, and checks every digest on
// the way: that of the manifest, of the list, of the archive, of each file. The
// archive is returned as it was pushed.
func Pull(ctx context.Context, ref Reference, o Options) (*bundle.Package, []byte, *Found, error) {
	r, err := open(ref, o)
	if err != nil {
		return nil, nil, nil, err
	}
	p, archive, found, err := r.pull(ctx)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("pull %s: %w", r.ref, err)
	}
	return p, archive, found, nil
}

func (r *repository) pull(ctx context.Context) (*bundle.Package, []byte, *Found, error) {
	found, err := r.resolve(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	archive, err := r.fetch(ctx, found.layer, bundle.MostArchive)
	if err != nil {
		return nil, nil, nil, err
	}
	p, err := bundle.Read(bytes.NewReader(archive))
	if err != nil {
		return nil, nil, nil, err
	}
	if p.Digest() != found.Digest {
		return nil, nil, nil, fmt.Errorf("the archive holds the package %s, and its manifest says %s", p.Digest(), found.Digest)
	}
	return p, archive, found, nil
}

func (r *repository) resolve(ctx context.Context) (*Found, error) {
	if r.ref.name() == "" {
		if err := r.onlyTag(ctx); err != nil {
			return nil, err
		}
	}
	text, desc, err := r.manifest(ctx)
	if err != nil {
		return nil, err
	}
	m, err := readManifest(desc.MediaType, text)
	if err != nil {
		return nil, err
	}
	list, err := r.fetch(ctx, m.Config, mostConfig)
	if err != nil {
		return nil, err
	}
	c, err := bundle.ReadList(list)
	if err != nil {
		return nil, err
	}
	return &Found{Contents: c, Digest: bundle.DigestOf(list), Manifest: desc.Digest.String(), layer: m.Layers[0]}, nil
}

// onlyTag finds the tag where none is said; it must be the only one.
func (r *repository) onlyTag(ctx context.Context) error {
	all, err := r.tags(ctx)
	switch {
	case err != nil:
		return r.explain(ctx, err)
	case len(all) != 1:
		return &notFound{fmt.Sprintf("say which tag: %s", theTags(all))}
	}
	r.ref.Tag = all[0]
	return nil
}

func (r *repository) manifest(ctx context.Context) ([]byte, v1.Descriptor, error) {
	desc, body, err := r.FetchReference(ctx, r.ref.name())
	if err != nil {
		return nil, desc, r.explain(ctx, err)
	}
	defer body.Close()
	if desc.Size > mostManifest {
		return nil, desc, fmt.Errorf("the manifest has %d bytes, and at most %d are read", desc.Size, mostManifest)
	}
	text, err := content.ReadAll(body, desc)
	if err != nil {
		return nil, desc, r.transfer(ctx, "manifest", err)
	}
	return text, desc, nil
}

// fetch returns what a descriptor describes.
func (r *repository) fetch(ctx context.Context, desc v1.Descriptor, most int64) ([]byte, error) {
	if desc.Size > most {
		return nil, fmt.Errorf("it has %d bytes, and at most %d are read", desc.Size, most)
	}
	body, err := r.Blobs().Fetch(ctx, desc)
	if err != nil {
		return nil, r.explain(ctx, err)
	}
	defer body.Close()
	text, err := content.ReadAll(body, desc)
	if err != nil {
		return nil, r.transfer(ctx, desc.Digest.String(), err)
	}
	return text, nil
}

// transfer words what goes wrong once an answer has begun.
func (r *repository) transfer(ctx context.Context, what string, err error) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, content.ErrMismatchedDigest), errors.Is(err, content.ErrTrailingData):
		return fmt.Errorf("registry %s gives other bytes than those of %s: they were changed on the way, or there", r.ref.Registry, what)
	}
	return fmt.Errorf("registry %s breaks off in the middle: %w", r.ref.Registry, err)
}

// readManifest reads a manifest and says what it is, when it is no package.
func readManifest(mediaType string, text []byte) (*v1.Manifest, error) {
	var m v1.Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	isA := func(what string) error { return fmt.Errorf("%w: it is %s", bundle.ErrNoPackage, what) }
	switch config := m.Config.MediaType; {
	case mediaType == v1.MediaTypeImageIndex, strings.Contains(mediaType, "manifest.list"):
		return nil, isA("a list of images for several platforms")
	case config == chartConfigType:
		return nil, isA("a Helm chart; fetch it with helm pull")
	case config == v1.MediaTypeImageConfig, config == "application/vnd.docker.container.image.v1+json":
		return nil, isA("a container image")
	case m.ArtifactType != ArtifactType:
		kind := m.ArtifactType
		if kind == "" {
			kind = config
		}
		return nil, isA(fmt.Sprintf("an artifact of type %q", kind))
	case config != ConfigType, len(m.Layers) != 1, m.Layers[0].MediaType != LayerType:
		return nil, isA("made in another way, perhaps by another version of tiphys")
	}
	return &m, nil
}
