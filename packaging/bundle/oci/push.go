package oci

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/opencontainers/image-spec/specs-go"
	"github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/tiphys-dev/tiphys/packaging/bundle"
)

// Pushed is where a package was pushed to.
type Pushed struct {
	// Reference has the tag that was chosen.
	Reference Reference
	// Manifest is the digest of the manifest.
	Manifest string
	// Moved is the digest of the package that the tag led to before, "" when
	// there was none or it was this one.
	Moved string
}

// Push puts a package into a registry, under the tag of the reference or of the
// version of its chart. A tag that leads to something else than a package stays
// as it is: that is an error.
func Push(ctx context.Context, ref Reference, p *bundle.Package, archive []byte, o Options) (*Pushed, error) {
	if ref.Digest != "" {
		return nil, fmt.Errorf("push to %s: a digest cannot be chosen: name a tag, or none for the version of the chart", ref)
	}
	if ref.Tag == "" {
		ref.Tag = TagOf(p.Version)
	}
	r, err := open(ref, o)
	if err != nil {
		return nil, err
	}
	done, err := r.push(ctx, p, archive)
	if err != nil {
		return nil, fmt.Errorf("push to %s: %w", ref, err)
	}
	return done, nil
}

func (r *repository) push(ctx context.Context, p *bundle.Package, archive []byte) (*Pushed, error) {
	text, config, layer, err := manifestOf(p, archive)
	if err != nil {
		return nil, err
	}
	desc := content.NewDescriptorFromBytes(v1.MediaTypeImageManifest, text)
	done := &Pushed{Reference: r.ref, Manifest: desc.Digest.String()}
	before, err := r.resolve(ctx)
	switch {
	case err == nil && before.Digest != p.Digest():
		done.Moved = before.Digest
	case errors.Is(err, bundle.ErrNoPackage):
		return nil, fmt.Errorf("the tag is taken: %w; name another repository or tag", err)
	case err != nil && !errors.Is(err, ErrNotFound):
		return nil, err
	}
	for _, b := range []struct {
		desc v1.Descriptor
		data []byte
	}{{layer, archive}, {config, p.List()}} {
		if err := r.blob(ctx, b.desc, b.data); err != nil {
			return nil, r.explain(ctx, err)
		}
	}
	if err := r.PushReference(ctx, desc, bytes.NewReader(text), r.ref.Tag); err != nil {
		return nil, r.explain(ctx, err)
	}
	return done, nil
}

// blob pushes what the registry does not have.
func (r *repository) blob(ctx context.Context, desc v1.Descriptor, data []byte) error {
	if has, err := r.Blobs().Exists(ctx, desc); err != nil || has {
		return err
	}
	return r.Blobs().Push(ctx, desc, bytes.NewReader(data))
}

// manifestOf returns the manifest of a package, which depends on nothing else.
func manifestOf(p *bundle.Package, archive []byte) (text []byte, config, layer v1.Descriptor, err error) {
	config = content.NewDescriptorFromBytes(ConfigType, p.List())
	layer = content.NewDescriptorFromBytes(LayerType, archive)
	layer.Annotations = map[string]string{v1.AnnotationTitle: p.FileName()}
	text, err = json.Marshal(v1.Manifest{
		Versioned:    specs.Versioned{SchemaVersion: 2},
		MediaType:    v1.MediaTypeImageManifest,
		ArtifactType: ArtifactType,
		Config:       config,
		Layers:       []v1.Descriptor{layer},
		// No time of creation: it would make another manifest of each push.
		Annotations: map[string]string{
			v1.AnnotationTitle:                p.Name,
			v1.AnnotationVersion:              p.Version,
			"dev.tiphys.package.digest":       p.Digest(),
			"dev.tiphys.package.environments": strings.Join(p.Environments, ","),
		},
	})
	return text, config, layer, err
}
