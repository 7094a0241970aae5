package lsp

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/resolve"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// Bounds of what is read of a workspace, so that an editor opened on a home
// folder stays quick. Beyond them, what is not known is taken to exist.
const (
	textLimit  = 16 << 20 // of an open document, as of a file on the command line
	fileLimit  = 2 << 20  // a manifest that a cluster stores is at most 1.5 MiB
	filesLimit = 4000
	bytesLimit = 128 << 20
	visitLimit = 200_000
)

var errEnough = errors.New("enough files")

// A world is what the files of the workspace folders hold, as far as others
// can refer to it. It is not changed: a scan makes another one.
type world struct {
	files map[string]*known // by path
	// whole is set when nothing was left out.
	whole bool
}

// known is one file.
type known struct {
	size    int64
	changed time.Time
	entries []*resolve.Entry
}

// A scan reads the workspace.
type scan struct {
	before         *world
	world          *world
	skip           func(path string) bool
	visited, files int
	bytes          int64
}

// scanWorld reads the YAML and JSON files below the folders. Of those that are
// as they were, what is known stays. The only error is that of ctx.
func scanWorld(ctx context.Context, dirs []string, before *world, skip func(string) bool) (*world, error) {
	s := &scan{before: before, skip: skip, world: &world{files: map[string]*known{}, whole: len(dirs) > 0}}
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if s.visited++; s.visited > visitLimit {
				return errEnough
			}
			return s.visit(dir, path, e, err)
		})
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			s.world.whole = false
		}
	}
	return s.world, nil
}

func (s *scan) visit(dir, path string, e fs.DirEntry, err error) error {
	switch {
	case err != nil:
		s.world.whole = false // a folder that cannot be read
		return nil
	case path == dir:
		return nil
	case strings.HasPrefix(e.Name(), ".") || e.Name() == "node_modules" || s.skip(path):
		if e.IsDir() {
			return filepath.SkipDir
		}
		return nil
	case e.IsDir():
		if chartTemplates(path) {
			return filepath.SkipDir
		}
		return nil
	case !e.Type().IsRegular() || !manifestName(path):
		return nil
	}
	return s.file(path, e)
}

func (s *scan) file(path string, e fs.DirEntry) error {
	info, err := e.Info()
	if err != nil {
		return nil // gone
	}
	if s.files++; s.files > filesLimit {
		return errEnough
	}
	if info.Size() > fileLimit {
		s.world.whole = false
		return nil
	}
	if s.bytes += info.Size(); s.bytes > bytesLimit {
		return errEnough
	}
	if old := s.before.files[path]; old != nil && old.size == info.Size() && old.changed.Equal(info.ModTime()) {
		s.world.files[path] = old
		return nil
	}
	text, err := readFile(path)
	if err != nil {
		s.world.whole = false
		return nil
	}
	s.world.files[path] = &known{size: info.Size(), changed: info.ModTime(), entries: entriesOf(source.NewFile(path, text))}
	return nil
}

// readFile reads a regular file of bounded size.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > fileLimit {
		return nil, errors.New("no regular file of a manifest's size")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, fileLimit))
}

// entriesOf returns what others can know of the objects in a file, nothing of
// one that breaks us: it must not hide the others.
func entriesOf(f *source.File) (entries []*resolve.Entry) {
	defer func() { _ = recover() }()
	var b resolve.Builder
	for _, d := range manifest.Parse(f) {
		if d.Root != nil {
			newPart(d).tell(&b)
		}
	}
	return b.Index(false).Entries()
}

func manifestName(path string) bool {
	return slices.Contains([]string{".yaml", ".yml", ".json"}, strings.ToLower(filepath.Ext(path)))
}

// chartTemplates reports whether a folder holds the templates of a Helm chart,
// which are no manifests before they are rendered.
func chartTemplates(dir string) bool {
	if filepath.Base(dir) != "templates" {
		return false
	}
	_, err := os.Stat(filepath.Join(filepath.Dir(dir), "Chart.yaml"))
	return err == nil
}

// inChart reports whether a file lies among the templates of a Helm chart.
func inChart(path string) bool {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if chartTemplates(dir) {
			return true
		}
		if dir == filepath.Dir(dir) {
			return false
		}
	}
}

// differ reports whether two lists of entries tell others different things;
// where they stand does not matter.
func differ(a, b []*resolve.Entry) bool {
	return !slices.EqualFunc(a, b, func(x, y *resolve.Entry) bool {
		p, q := *x, *y
		p.Span, q.Span = source.Span{}, source.Span{}
		return reflect.DeepEqual(p, q)
	})
}
