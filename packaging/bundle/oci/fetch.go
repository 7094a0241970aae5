package oci

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/tiphys-dev/tiphys/packaging/bundle"
)

// The types of charts that helm pushes.
const (
	chartConfigType = "application/vnd.cncf.helm.config.v1+json"
	chartLayerType  = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
)

// mostTags bounds the tags of a repository.
const mostTags = 20_000

// Tags returns all tags of a repository. An empty one has none; one that is not
// there is an ErrNotFound.
func Tags(ctx context.Context, ref Reference, o Options) ([]string, error) {
	r, err := open(ref, o)
	if err != nil {
		return nil, err
	}
	all, err := r.allTags(ctx, mostTags)
	if errors.Is(err, errEnough) {
		err = fmt.Errorf("it has %d tags or more: remove old ones", mostTags)
	} else if err != nil {
		err = r.explain(ctx, err)
	}
	if err != nil {
		return nil, fmt.Errorf("list tags of %s: %w", ref.Name(), err)
	}
	return all, nil
}

// Manifest asks for the digest of the manifest that a tag leads to, and fetches
// nothing.
func Manifest(ctx context.Context, ref Reference, o Options) (string, error) {
	r, err := open(ref, o)
	if err != nil {
		return "", err
	}
	desc, err := r.Resolve(ctx, ref.name())
	if err != nil {
		return "", fmt.Errorf("resolve %s: %w", ref, r.explain(ctx, err))
	}
	return desc.Digest.String(), nil
}

// Fetched is the archive of a package, or of a chart.
type Fetched struct {
	// Archive has the digest that the manifest says; nothing else of it was
	// checked.
	Archive []byte
	// Digest of the package; "" for a chart that helm pushed.
	Digest string
	// Manifest is the digest of the manifest.
	Manifest string
	// Authors are those that the manifest names, as it names them.
	Authors string
}

// Fetch fetches what Pull does, and the charts that helm pushes too. What is
// neither is a bundle.ErrNoPackage.
func Fetch(ctx context.Context, ref Reference, o Options) (*Fetched, error) {
	r, err := open(ref, o)
	if err != nil {
		return nil, err
	}
	f, err := r.fetchAny(ctx)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", r.ref, err)
	}
	return f, nil
}

func (r *repository) fetchAny(ctx context.Context) (*Fetched, error) {
	text, desc, err := r.manifest(ctx)
	if err != nil {
		return nil, err
	}
	var m v1.Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("%w: its manifest cannot be read: %w", bundle.ErrNoPackage, err)
	}
	f := &Fetched{Manifest: desc.Digest.String(), Authors: m.Annotations[v1.AnnotationAuthors]}
	layer := v1.Descriptor{}
	if m.Config.MediaType == chartConfigType {
		layer, err = chartLayer(m.Layers)
	} else {
		var p *v1.Manifest
		if p, err = readManifest(desc.MediaType, text); err == nil {
			layer, f.Digest = p.Layers[0], p.Config.Digest.String()
		}
	}
	if err != nil {
		return nil, err
	}
	f.Archive, err = r.fetch(ctx, layer, bundle.MostArchive)
	return f, err
}

// chartLayer returns the layer that is a chart; another one may be its
// provenance.
func chartLayer(layers []v1.Descriptor) (v1.Descriptor, error) {
	for _, l := range layers {
		if l.MediaType == chartLayerType {
			return l, nil
		}
	}
	return v1.Descriptor{}, fmt.Errorf("%w: it says that it is a Helm chart, and has none in it: push it again with helm push", bundle.ErrNoPackage)
}
