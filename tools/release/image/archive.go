package image

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"

	"github.com/tiphys-dev/tiphys/tools/release/pack"
)

// Save writes the index as an OCI layout in one tar file. What loads it calls it
// reference, which is REPOSITORY:TAG.
func Save(path string, index v1.ImageIndex, reference, work string, at time.Time) error {
	dir, err := os.MkdirTemp(work, "layout")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	l, err := layout.Write(dir, empty.Index)
	if err != nil {
		return fmt.Errorf("write layout: %w", err)
	}
	tag := reference[strings.LastIndex(reference, ":")+1:]
	names := map[string]string{"org.opencontainers.image.ref.name": tag, "io.containerd.image.name": reference}
	if err := l.AppendIndex(index, layout.WithAnnotations(names)); err != nil {
		return fmt.Errorf("write layout: %w", err)
	}
	var files []pack.File
	err = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == dir {
			return err
		}
		f := pack.File{Name: filepath.ToSlash(strings.TrimPrefix(name, dir+string(filepath.Separator)))}
		if d.IsDir() {
			f.Name += "/"
		} else {
			f.From = name
		}
		files = append(files, f)
		return nil
	})
	if err != nil {
		return err
	}
	return pack.Write(path, files, at, pack.Tar)
}

// Load unpacks what Save wrote into the folder work, and reads it from there.
func Load(path, work string) (v1.ImageIndex, error) {
	if err := unpack(path, work); err != nil {
		return nil, fmt.Errorf("unpack %s: %w", path, err)
	}
	all, err := layout.ImageIndexFromPath(work)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	m, err := all.IndexManifest()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if len(m.Manifests) != 1 {
		return nil, fmt.Errorf("read %s: it holds %d images, want 1", path, len(m.Manifests))
	}
	return all.ImageIndex(m.Manifests[0].Digest)
}

func unpack(path, dir string) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for r := tar.NewReader(in); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if h.Typeflag == tar.TypeDir {
			if err := root.MkdirAll(strings.TrimSuffix(h.Name, "/"), 0o755); err != nil {
				return err
			}
			continue
		}
		out, err := root.Create(h.Name)
		if err != nil {
			return err
		}
		_, err = io.Copy(out, r)
		if err = errors.Join(err, out.Close()); err != nil {
			return err
		}
	}
}
