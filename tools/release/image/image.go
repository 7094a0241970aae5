// Package image makes OCI images of single programs, without a daemon and without a
// base image: what is in one is what is written here, and the program.
package image

import (
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/tiphys-dev/tiphys/tools/release/pack"
)

// User is who the program runs as. A number, since only then can a kubelet tell that it is
// not root.
const User = 65532

// A Program is what an image is made of.
type Program struct {
	Name     string // it is /usr/bin/NAME, and the entrypoint
	Binary   string // where it is on disk
	Platform v1.Platform
	Licences []byte            // of what is linked into it
	Labels   map[string]string // org.opencontainers.image.*
	Ports    []string          // like 8443/tcp
	Workdir  string            // / without one
	Created  time.Time
}

// New makes the image. The files of its layers are written to the folder work, and
// must be there for as long as it is used.
func New(p Program, work string) (v1.Image, error) {
	var layers []mutate.Addendum
	for _, l := range []struct {
		name, by string
		files    []pack.File
	}{
		{"base", "certificate authorities, user and folders", base(p)},
		{"program", p.Name, []pack.File{
			{Name: "usr/bin/" + p.Name, From: p.Binary, Mode: 0o755},
			{Name: "usr/share/doc/" + p.Name + "/THIRD-PARTY-LICENSES.txt", Data: p.Licences},
		}},
	} {
		path := filepath.Join(work, p.Name+"-"+p.Platform.Architecture+"-"+l.name+".tar.gz")
		if err := pack.Write(path, l.files, p.Created, pack.TarGz); err != nil {
			return nil, err
		}
		layer, err := tarball.LayerFromFile(path, tarball.WithMediaType(types.OCILayer))
		if err != nil {
			return nil, fmt.Errorf("read layer: %w", err)
		}
		layers = append(layers, mutate.Addendum{Layer: layer, History: v1.History{Created: v1.Time{Time: p.Created.UTC()}, CreatedBy: "make release", Comment: l.by}})
	}
	config := &v1.ConfigFile{
		Created: v1.Time{Time: p.Created.UTC()}, OS: p.Platform.OS, Architecture: p.Platform.Architecture, Variant: p.Platform.Variant,
		RootFS: v1.RootFS{Type: "layers"},
		Config: v1.Config{
			User: fmt.Sprintf("%d:%d", User, User), Entrypoint: []string{"/usr/bin/" + p.Name}, WorkingDir: p.Workdir,
			Env: []string{"PATH=/usr/bin", "HOME=" + home}, Labels: p.Labels, ExposedPorts: ports(p.Ports),
		},
	}
	img, err := mutate.ConfigFile(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON), config)
	if err != nil {
		return nil, err
	}
	return mutate.Append(img, layers...)
}

const home = "/home/tiphys"

// base is what programs need beside themselves: whom to trust, a name for their
// user, and folders to write into. Time zones are linked into them.
func base(p Program) []pack.File {
	who := fmt.Sprintf("root:x:0:0:root:/:/sbin/nologin\ntiphys:x:%d:%d:tiphys:%s:/sbin/nologin\n", User, User, home)
	files := []pack.File{
		{Name: "etc/"}, {Name: "etc/ssl/"}, {Name: "etc/ssl/certs/"}, {Name: "home/"}, {Name: "usr/"}, {Name: "usr/bin/"},
		{Name: "etc/ssl/certs/ca-certificates.crt", Data: Roots()},
		{Name: "etc/passwd", Data: []byte(who)},
		{Name: "etc/group", Data: fmt.Appendf(nil, "root:x:0:\ntiphys:x:%d:\n", User)},
		{Name: home[1:] + "/", Owner: User},
		{Name: "tmp/", Mode: 0o777 | fs.ModeSticky},
	}
	if p.Workdir != "" && p.Workdir != "/" {
		files = append(files, pack.File{Name: p.Workdir[1:] + "/", Owner: User})
	}
	return files
}

func ports(all []string) map[string]struct{} {
	if len(all) == 0 {
		return nil
	}
	m := map[string]struct{}{}
	for _, p := range all {
		m[p] = struct{}{}
	}
	return m
}

// Index has the images of all platforms under one name.
func Index(images map[string]v1.Image, annotations map[string]string) (v1.ImageIndex, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, platform := range slices.Sorted(maps.Keys(images)) {
		p, err := v1.ParsePlatform(platform)
		if err != nil {
			return nil, err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: images[platform], Descriptor: v1.Descriptor{Platform: p}})
	}
	return mutate.Annotations(index, annotations).(v1.ImageIndex), nil
}
