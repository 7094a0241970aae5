package dist

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/tiphys-dev/tiphys/tools/release/chart"
)

// charts packs the charts, and writes values that pin the images of this release.
func (b *builder) charts() error {
	for _, dir := range b.project.Charts {
		c, err := chart.Read(b.source.Root, dir, b.number())
		if err != nil {
			return err
		}
		name := c.Name + "-" + c.Version + ".tgz" // as Helm calls it
		if err := b.archive(File{Name: name, Kind: "chart"}, c.Files); err != nil {
			return err
		}
		archive, err := os.ReadFile(filepath.Join(b.out, name))
		if err != nil {
			return err
		}
		a, err := chart.NewArtifact(archive, b.source.Time)
		if err != nil {
			return err
		}
		b.release.Charts = append(b.release.Charts, Image{Name: c.Name, Repository: "charts/" + c.Name, Tag: c.Version, Digest: a.Digest, Archive: name})
		if dir == b.project.Pinned {
			if err := b.pin(c); err != nil {
				return err
			}
		}
	}
	return nil
}

// pin writes the values that have the chart take the images of this release and no
// others, whatever becomes of their tags. They are no part of the chart: there, they
// would go before a tag that somebody sets, and helm upgrade --reuse-values would keep
// those of the chart before.
func (b *builder) pin(c *chart.Chart) error {
	digests := map[string]string{}
	for _, i := range b.release.Images {
		if values := b.project.Registry + "/" + i.Repository; c.Names(values) {
			digests[values] = i.Digest
		}
	}
	text, err := c.Digests(digests)
	if err != nil {
		return err
	}
	return b.text(fmt.Sprintf("%s-%s-digests.yaml", c.Name, c.Version), "values", text)
}

// plugins packs the plugins of Helm.
func (b *builder) plugins() error {
	for _, p := range b.project.Plugins {
		files, err := chart.Plugin(b.source.Root, p.Dir, p.Name, b.number())
		if err != nil {
			return err
		}
		if err := b.archive(File{Name: p.Name + "-" + b.number() + ".tgz", Kind: "plugin"}, files); err != nil {
			return err
		}
	}
	return nil
}

// crds writes all CRDs into one file, for who does not have the chart bring them.
func (b *builder) crds() error {
	paths, err := filepath.Glob(filepath.Join(b.source.Root, b.project.Crds, "*.yaml"))
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		return fmt.Errorf("gather CRDs: there are none in %s", b.project.Crds)
	}
	slices.Sort(paths)
	var all bytes.Buffer
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("gather CRDs: %w", err)
		}
		all.WriteString("---\n")
		all.Write(bytes.TrimPrefix(text, []byte("---\n")))
	}
	return b.text(fmt.Sprintf("%s_%s_crds.yaml", b.project.Programs[0].Name, b.number()), "crds", all.Bytes())
}
