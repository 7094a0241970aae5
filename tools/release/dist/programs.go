package dist

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/tiphys-dev/tiphys/tools/release/image"
	"github.com/tiphys-dev/tiphys/tools/release/modules"
	"github.com/tiphys-dev/tiphys/tools/release/pack"
	"github.com/tiphys-dev/tiphys/tools/release/sbom"
)

// programs makes archives, images and bills of materials of all programs.
func (b *builder) programs(ctx context.Context) error {
	for _, p := range b.project.Programs {
		images := map[string]v1.Image{}
		for _, system := range b.wanted(union(p.Archives, p.Images)) {
			if err := b.program(ctx, p, system, images); err != nil {
				return err
			}
		}
		if len(images) > 0 {
			if err := b.image(p, images); err != nil {
				return err
			}
		}
	}
	return nil
}

func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// program makes what there is of a program for one system. Its image is left in
// images.
func (b *builder) program(ctx context.Context, p Program, system string, images map[string]v1.Image) error {
	binary, err := b.compile(ctx, p, system)
	if err != nil {
		return err
	}
	linked, info, err := modules.Of(binary, b.source.Root, p.Package)
	if err != nil {
		return err
	}
	if b.stdlib == nil {
		m, err := modules.Go(info.GoVersion)
		if err != nil {
			return err
		}
		b.stdlib, b.release.Go = &m, info.GoVersion
	}
	linked = append([]modules.Module{*b.stdlib}, linked...)
	hash, err := sum(binary)
	if err != nil {
		return err
	}
	bill := sbom.Program{
		Name: p.Name, Version: b.source.Version, Package: info.Path, System: system, Hash: hash,
		Licence: b.project.Licence, Modules: linked, At: b.source.Time,
	}
	notices := modules.Notices(linked)
	if slices.Contains(p.Archives, system) {
		if err := b.pack(p, system, binary, notices, bill); err != nil {
			return err
		}
	}
	if slices.Contains(p.Images, system) {
		if images[system], err = b.contain(p, system, binary, notices, bill); err != nil {
			return err
		}
	}
	return os.Remove(binary)
}

// pack makes the archive of a program for a system, and its bill.
func (b *builder) pack(p Program, system, binary string, notices []byte, bill sbom.Program) error {
	goos, goarch, _ := strings.Cut(system, "/")
	ending, exe := ".tar.gz", ""
	if goos == "windows" {
		ending, exe = ".zip", ".exe"
	}
	files := []pack.File{{Name: p.Name + exe, From: binary, Mode: 0o755}, {Name: "THIRD-PARTY-LICENSES.txt", Data: notices}}
	for _, name := range b.project.Companions {
		files = append(files, pack.File{Name: name, From: filepath.Join(b.source.Root, name)})
	}
	name := fmt.Sprintf("%s_%s_%s_%s", p.Name, b.number(), goos, goarch)
	if err := b.archive(File{Name: name + ending, Kind: "program", OS: goos, Arch: goarch}, files); err != nil {
		return err
	}
	text, err := sbom.Of(bill, nil)
	if err != nil {
		return err
	}
	return b.text(name+".cdx.json", "sbom", text)
}

// contain makes the image of a program for a system, and its bill.
func (b *builder) contain(p Program, system, binary string, notices []byte, bill sbom.Program) (v1.Image, error) {
	platform, err := v1.ParsePlatform(system)
	if err != nil {
		return nil, err
	}
	made := b.source.Time.Format("2006-01-02T15:04:05Z")
	img, err := image.New(image.Program{
		Name: p.Name, Binary: binary, Platform: *platform, Licences: notices, Ports: p.Ports, Workdir: p.Workdir, Created: b.source.Time,
		Labels: map[string]string{
			"org.opencontainers.image.title": p.Name, "org.opencontainers.image.description": p.Title, "org.opencontainers.image.version": b.source.Version,
			"org.opencontainers.image.revision": b.source.Commit, "org.opencontainers.image.created": made, "org.opencontainers.image.source": b.project.Home,
			"org.opencontainers.image.url": b.project.Home, "org.opencontainers.image.licenses": b.project.Licence, "org.opencontainers.image.vendor": b.project.Vendor,
		},
	}, b.work)
	if err != nil {
		return nil, fmt.Errorf("make the image of %s for %s: %w", p.Name, system, err)
	}
	digest, err := img.Digest()
	if err != nil {
		return nil, err
	}
	text, err := sbom.Of(bill, &sbom.Image{Repository: b.project.Registry + "/" + p.Name, Digest: digest.String(), Roots: roots()})
	if err != nil {
		return nil, err
	}
	return img, b.text(fmt.Sprintf("%s_%s_image_%s.cdx.json", p.Name, b.number(), strings.ReplaceAll(system, "/", "_")), "sbom", text)
}

// image makes one archive of the images of a program for all systems.
func (b *builder) image(p Program, images map[string]v1.Image) error {
	index, err := image.Index(images, map[string]string{
		"org.opencontainers.image.title": p.Name, "org.opencontainers.image.description": p.Title, "org.opencontainers.image.version": b.source.Version,
		"org.opencontainers.image.revision": b.source.Commit, "org.opencontainers.image.source": b.project.Home, "org.opencontainers.image.licenses": b.project.Licence,
	})
	if err != nil {
		return err
	}
	digest, err := index.Digest()
	if err != nil {
		return err
	}
	i := Image{Name: p.Name, Repository: p.Name, Tag: b.number(), Digest: digest.String(), Archive: fmt.Sprintf("%s_%s_image.tar", p.Name, b.number()), Platforms: map[string]string{}}
	for _, platform := range slices.Sorted(maps.Keys(images)) {
		d, err := images[platform].Digest()
		if err != nil {
			return err
		}
		i.Platforms[platform] = d.String()
	}
	reference := b.project.Registry + "/" + i.Repository + ":" + i.Tag
	if err := image.Save(filepath.Join(b.out, i.Archive), index, reference, b.work, b.source.Time); err != nil {
		return err
	}
	b.release.Images = append(b.release.Images, i)
	return b.add(File{Name: i.Archive, Kind: "image"})
}

// roots is the version of the module that certificate authorities come from.
func roots() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if d.Path == "golang.org/x/crypto/x509roots/fallback" {
				return d.Version
			}
		}
	}
	return "unknown"
}
