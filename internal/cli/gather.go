package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/near"
)

// stdinName is what findings in standard input are printed with.
const stdinName = "<stdin>"

// An input is one text to lint.
type input struct {
	name string // as it is printed
	kind inputKind
}

type inputKind uint8

const (
	regular inputKind = iota
	stdin             // the stream that the program was started with
	stream            // /dev/fd/63, which is how a shell passes <(command)
)

// inputs are what the paths of a command line lead to.
type inputs struct {
	all []input
	// charts are folders of Helm charts, which are linted as what they become.
	charts []string
	// notes say what was skipped, troubles what should have been linted and
	// could not be.
	notes, troubles []string
}

// gatherer collects inputs, each file once by whatever names it is reached.
type gatherer struct {
	inputs
	exclude []glob
	byFile  map[string]int // real path -> index in all
}

// gather resolves paths to files. The error is one of usage: a path that is
// not there, or that cannot be linted.
func gather(ctx context.Context, paths []string, exclude []glob) (*inputs, error) {
	g := &gatherer{exclude: exclude, byFile: map[string]int{}}
	for _, path := range paths {
		if err := g.path(ctx, path); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(g.all, func(a, b input) int { return strings.Compare(a.name, b.name) })
	return &g.inputs, nil
}

func (g *gatherer) path(ctx context.Context, path string) error {
	if path == "-" {
		g.add(input{stdinName, stdin}, "-")
		return nil
	}
	if path == "" {
		return errors.New("a path is empty; name a file, a folder, or - for standard input")
	}
	clean := filepath.Clean(path)
	info, err := os.Stat(clean)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return missing(path)
	case err != nil:
		g.troubles = append(g.troubles, trouble(clean, err))
		return nil
	case info.IsDir():
		real, err := realPath(clean)
		if err != nil {
			g.troubles = append(g.troubles, trouble(clean, err))
			return nil
		}
		return g.folder(ctx, clean, real)
	case info.Mode().IsRegular():
		if chart, ok := chartOf(clean); ok {
			g.chart(chart)
			return nil
		}
		g.file(clean)
		return nil
	case descriptor.MatchString(clean):
		g.add(input{clean, stream}, clean)
		return nil
	}
	return fmt.Errorf("%s is %s, which could keep us waiting for ever; to lint what a command prints, use: command | tiphys lint -", path, kindOf(info.Mode()))
}

// descriptor matches the files that stand for streams we were started with.
var descriptor = regexp.MustCompile(`^/dev/stdin$|^/dev/fd/[0-9]+$|^/proc/self/fd/[0-9]+$`)

// missing says that a path is not there, and what is there instead.
func missing(path string) error {
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return fmt.Errorf("%s is a symbolic link to something that is not there", path)
	}
	var have []string
	entries, _ := os.ReadDir(filepath.Dir(path))
	for _, e := range entries {
		have = append(have, e.Name())
	}
	return fmt.Errorf("there is no file or folder %q%s", path, near.Hint(filepath.Base(path), have))
}

// file adds a regular file by its real path.
func (g *gatherer) file(name string) {
	real, err := realPath(name)
	if err != nil {
		g.troubles = append(g.troubles, trouble(name, err))
		return
	}
	g.add(input{name, regular}, real)
}

// add adds an input once. Of several names the shortest is printed, whatever
// order they were given in.
func (g *gatherer) add(in input, real string) {
	i, known := g.byFile[real]
	if !known {
		g.byFile[real] = len(g.all)
		g.all = append(g.all, in)
		return
	}
	if old := g.all[i].name; len(in.name) < len(old) || len(in.name) == len(old) && in.name < old {
		g.all[i] = in
	}
}

func (g *gatherer) chart(dir string) {
	if !slices.Contains(g.charts, dir) {
		g.charts = append(g.charts, dir)
	}
}

// chartOf returns the chart that a file is a template of: by itself, it is no
// manifest.
func chartOf(file string) (dir string, ok bool) {
	for at := filepath.Dir(file); ; at = filepath.Dir(at) {
		if filepath.Base(at) == "templates" {
			if _, err := os.Stat(filepath.Join(filepath.Dir(at), "Chart.yaml")); err == nil {
				return filepath.Dir(at), true
			}
		}
		if at == filepath.Dir(at) {
			return "", false
		}
	}
}

// folder adds the manifests below a folder, whose real path tells which files
// have been seen before.
func (g *gatherer) folder(ctx context.Context, name, real string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	entries, err := os.ReadDir(name)
	if err != nil {
		g.troubles = append(g.troubles, trouble(name, err))
	}
	chart := slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == "Chart.yaml" })
	if chart {
		g.chart(name)
	}
	for _, e := range entries {
		path, at := filepath.Join(name, e.Name()), filepath.Join(real, e.Name())
		hidden := strings.HasPrefix(e.Name(), ".") || e.Name() == "node_modules"
		if hidden || slices.ContainsFunc(g.exclude, func(x glob) bool { return x.match(at) }) {
			continue
		}
		if !e.IsDir() {
			g.entry(e, path, at)
			continue
		}
		if chart && (e.Name() == "templates" || e.Name() == "charts") {
			continue // they are linted as what the chart becomes
		}
		if err := g.folder(ctx, path, at); err != nil {
			return err
		}
	}
	return nil
}

// entry adds what was found in a folder, if it looks like a manifest. Links to
// folders are not followed: they may lead round in circles.
func (g *gatherer) entry(e fs.DirEntry, path, real string) {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".yaml", ".yml", ".json":
	default:
		return
	}
	switch mode := e.Type(); {
	case mode.IsRegular():
		g.add(input{path, regular}, real)
	case mode&fs.ModeSymlink != 0:
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			g.troubles = append(g.troubles, path+": this is a symbolic link to something that is not there")
		case err != nil:
			g.troubles = append(g.troubles, trouble(path, err))
		case info.Mode().IsRegular():
			g.file(path)
		case !info.IsDir():
			g.skip(path, info.Mode())
		}
	default:
		g.skip(path, mode)
	}
}

func (g *gatherer) skip(path string, mode fs.FileMode) {
	g.notes = append(g.notes, fmt.Sprintf("%s: skipped, as it is %s", path, kindOf(mode)))
}

// kindOf names what is no regular file.
func kindOf(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	case mode.IsDir():
		return "a folder"
	}
	return "not a regular file"
}

func realPath(name string) (string, error) {
	abs, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(abs)
}

// trouble words an error of the file system: the path once, then why.
func trouble(path string, err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return path + ": " + err.Error()
}
