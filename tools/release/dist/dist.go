// Package dist makes all that a release consists of, in one folder, from one commit.
// The same commit makes the same bytes, wherever it is cloned to.
package dist

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/tools/release/modules"
	"github.com/tiphys-dev/tiphys/tools/release/pack"
)

// Options say what to make of a source.
type Options struct {
	Source Source
	Out    string // the folder; what was in it is removed
	// Platforms are the only ones that are made, like linux/amd64. It is a trial
	// then, for something is missing.
	Platforms []string
	Log       io.Writer
}

// Build makes a release. When ctx ends, so does what it runs, and nothing is left but a
// folder without sums.
func Build(ctx context.Context, p Project, o Options) (*Release, error) {
	work, err := os.MkdirTemp("", "release")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	if err := clear(o.Out); err != nil {
		return nil, err
	}
	s := o.Source
	s.Trial = s.Trial || len(o.Platforms) > 0
	b := &builder{project: p, source: s, out: o.Out, work: work, only: o.Platforms, log: o.Log}
	b.release = Release{Version: s.Version, Commit: s.Commit, Date: s.Time.Format("2006-01-02T15:04:05Z"), Trial: s.Trial}
	notes, err := Notes(filepath.Join(s.Root, p.Changelog), s.Version, s.Trial)
	if err != nil {
		return nil, err
	}
	for _, step := range []func() error{func() error { return b.programs(ctx) }, b.charts, b.plugins, b.crds, func() error { return b.text("RELEASE_NOTES.md", "notes", notes) }} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	if err := b.release.write(o.Out); err != nil {
		return nil, err
	}
	return &b.release, nil
}

// clear empties the folder. It must hold files alone, as ours does: somebody may
// have named another one.
func clear(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(entries, fs.DirEntry.IsDir); i >= 0 {
		return fmt.Errorf("empty %s: it holds the folder %s, so it is no folder of a release; name another one", dir, entries[i].Name())
	}
	for _, e := range entries {
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

type builder struct {
	project   Project
	source    Source
	out, work string
	only      []string
	log       io.Writer
	release   Release
	stdlib    *modules.Module
}

// number is the version without the v, as charts, tags of images and names of files have it.
func (b *builder) number() string { return strings.TrimPrefix(b.source.Version, "v") }

func (b *builder) wanted(platforms []string) []string {
	if len(b.only) == 0 {
		return platforms
	}
	return slices.DeleteFunc(slices.Clone(platforms), func(p string) bool { return !slices.Contains(b.only, p) })
}

// add takes a file that was written into the release.
func (b *builder) add(f File) error {
	path := filepath.Join(b.out, f.Name)
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if f.Size = info.Size(); f.SHA256 == "" {
		if f.SHA256, err = sum(path); err != nil {
			return err
		}
	}
	b.release.Files = append(b.release.Files, f)
	fmt.Fprintf(b.log, "%9.1f MB  %s\n", float64(f.Size)/1e6, f.Name)
	return nil
}

func (b *builder) text(name, kind string, text []byte) error {
	if err := os.WriteFile(filepath.Join(b.out, name), text, 0o644); err != nil {
		return err
	}
	return b.add(File{Name: name, Kind: kind})
}

// archive writes files into an archive of the release, as its name says.
func (b *builder) archive(f File, files []pack.File) error {
	how := pack.TarGz
	if strings.HasSuffix(f.Name, ".zip") {
		how = pack.Zip
	}
	if err := pack.Write(filepath.Join(b.out, f.Name), files, b.source.Time, how); err != nil {
		return err
	}
	return b.add(f)
}
