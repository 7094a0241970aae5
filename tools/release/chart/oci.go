package chart

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"go.yaml.in/yaml/v3"
)

// An Artifact is a chart as Helm looks for it in a registry.
type Artifact struct {
	Manifest []byte
	Digest   string // of the manifest
	Blobs    []v1.Layer
}

// MediaType of the manifest, with which an Artifact is one that can be put.
func (a *Artifact) MediaType() (types.MediaType, error) { return types.OCIManifestSchema1, nil }

// RawManifest is what is put.
func (a *Artifact) RawManifest() ([]byte, error) { return a.Manifest, nil }

// NewArtifact makes one of the archive of a chart.
func NewArtifact(archive []byte, at time.Time) (*Artifact, error) {
	metadata, err := metadataOf(archive)
	if err != nil {
		return nil, fmt.Errorf("read the archive of a chart: %w", err)
	}
	config, err := json.Marshal(metadata)
	if err != nil {
		return nil, fmt.Errorf("write the metadata of a chart: %w", err)
	}
	a := &Artifact{Blobs: []v1.Layer{
		static.NewLayer(config, "application/vnd.cncf.helm.config.v1+json"),
		static.NewLayer(archive, "application/vnd.cncf.helm.chart.content.v1.tar+gzip"),
	}}
	m := v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1, Annotations: map[string]string{
		"org.opencontainers.image.created": at.UTC().Format(time.RFC3339),
	}}
	for annotation, key := range map[string]string{"title": "name", "version": "version", "description": "description", "url": "home"} {
		if text, ok := metadata[key].(string); ok {
			m.Annotations["org.opencontainers.image."+annotation] = text
		}
	}
	for i, b := range a.Blobs {
		d, err := described(b)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			m.Config = d
		} else {
			m.Layers = append(m.Layers, d)
		}
	}
	if a.Manifest, err = json.Marshal(m); err != nil {
		return nil, err
	}
	a.Digest = fmt.Sprintf("sha256:%x", sha256.Sum256(a.Manifest))
	return a, nil
}

func described(l v1.Layer) (d v1.Descriptor, err error) {
	if d.MediaType, err = l.MediaType(); err != nil {
		return d, err
	}
	if d.Digest, err = l.Digest(); err != nil {
		return d, err
	}
	d.Size, err = l.Size()
	return d, err
}

// metadataOf reads NAME/Chart.yaml.
func metadataOf(archive []byte) (m map[string]any, err error) {
	z, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, err
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil, errors.New("it has no Chart.yaml")
		} else if err != nil {
			return nil, err
		}
		if dir, file := path.Split(h.Name); file == "Chart.yaml" && strings.Count(dir, "/") == 1 {
			return m, yaml.NewDecoder(r).Decode(&m)
		}
	}
}
