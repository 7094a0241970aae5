package scaffold

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// limits of what is read: charts are small, and a folder named by mistake may
// be anything.
const (
	maxFile  = 16 << 20
	maxTotal = 256 << 20
	maxFiles = 20_000
)

// ErrSource is that of a source that cannot be imported, whatever we do.
var ErrSource = errors.New("cannot be imported")

// Read reads a folder to import, and reports whether it is a chart. Of a chart
// it reads everything but .git, of other folders what is not hidden; notes say
// what was left out. It changes nothing.
func Read(ctx context.Context, dir string) (files []File, chart bool, notes []string, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, false, nil, fmt.Errorf("open folder: %w", err)
	}
	defer root.Close()
	_, err = root.Stat("Chart.yaml")
	chart = err == nil
	r := reader{root: root, chart: chart}
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return err
		}
		return r.entry(name, d)
	})
	if err != nil {
		return nil, chart, nil, fmt.Errorf("read %s: %w", dir, err)
	}
	return r.files, chart, r.notes, nil
}

type reader struct {
	root  *os.Root
	chart bool
	files []File
	notes []string
	total int
}

func (r *reader) entry(name string, d fs.DirEntry) error {
	base := path.Base(name)
	hidden := name != "." && strings.HasPrefix(base, ".") && (!r.chart || base == ".git")
	switch {
	case hidden && d.IsDir():
		return fs.SkipDir
	case hidden:
		return nil
	case d.IsDir() && !r.chart && name != ".":
		if _, err := r.root.Stat(filepath.FromSlash(path.Join(name, "Chart.yaml"))); err == nil {
			r.notes = append(r.notes, name+" is left out: it is a chart of its own")
			return fs.SkipDir
		}
		return nil
	case d.IsDir():
		return nil
	}
	info, err := r.root.Stat(filepath.FromSlash(name))
	switch {
	case err != nil && d.Type()&fs.ModeSymlink != 0:
		r.notes = append(r.notes, name+" is left out: it is a link that leads out of the folder or nowhere")
		return nil
	case err != nil:
		return err
	case info.IsDir(): // behind a link
		r.notes = append(r.notes, name+" is left out: it is a link to a folder")
		return nil
	case !info.Mode().IsRegular():
		r.notes = append(r.notes, name+" is left out: it is no regular file")
		return nil
	}
	return r.file(name)
}

func (r *reader) file(name string) error {
	in, err := r.root.Open(filepath.FromSlash(name))
	if err != nil {
		return err
	}
	defer in.Close()
	data, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	r.total += len(data)
	switch {
	case len(data) > maxFile:
		return fmt.Errorf("%s is larger than %d MiB: %w", name, maxFile>>20, ErrSource)
	case r.total > maxTotal || len(r.files) >= maxFiles:
		return fmt.Errorf("it holds more than %d MiB or %d files: %w", maxTotal>>20, maxFiles, ErrSource)
	}
	r.files = append(r.files, File{name, data})
	return nil
}

// Vacant reports what is wrong with a folder as the place of a new chart that
// is made of source: it must be empty or not there, and neither may lie in the
// other.
func Vacant(dir, source string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case err == nil && len(entries) > 0:
		return fmt.Errorf("%s is not empty: it holds %s", dir, entries[0].Name())
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s is no folder", dir)
	}
	to, from := real(dir), real(source)
	if within(to, from) || within(from, to) {
		return fmt.Errorf("%s and %s lie in each other: the new chart needs a place of its own", dir, source)
	}
	return nil
}

// real is the absolute path behind links, as far as there is one.
func real(dir string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return dir
	}
	var rest []string
	for at := abs; ; at = filepath.Dir(at) {
		if resolved, err := filepath.EvalSymlinks(at); err == nil {
			slices.Reverse(rest)
			return filepath.Join(append([]string{resolved}, rest...)...)
		}
		if at == filepath.Dir(at) {
			return abs
		}
		rest = append(rest, filepath.Base(at))
	}
}

func within(dir, top string) bool {
	rel, err := filepath.Rel(top, dir)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
