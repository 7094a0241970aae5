package source

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/tiphys-dev/tiphys/packaging/bundle"
)

// packageOfChart makes a package of the archive of a chart. Its environments
// are those in its own folder environments/.
func packageOfChart(archive []byte) (_ *bundle.Package, err error) {
	tmp, err := os.MkdirTemp("", "tiphys-source-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	// The search for environments ends where .git is.
	if err := os.Mkdir(filepath.Join(tmp, ".git"), 0o700); err != nil {
		return nil, err
	}
	top := filepath.Join(tmp, "charts")
	if err := os.Mkdir(top, 0o700); err != nil {
		return nil, err
	}
	dir, err := unpackChart(archive, top)
	if err != nil {
		return nil, err
	}
	return packageOf(top, dir)
}

// unpackChart writes the files of a chart below a folder, and returns the name
// of the one folder that they all lie in.
func unpackChart(archive []byte, top string) (string, error) {
	root, err := os.OpenRoot(top)
	if err != nil {
		return "", err
	}
	defer root.Close()
	z, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return "", rejected("the archive of the chart is not compressed by gzip")
	}
	// 1 KiB for each file is what tar adds to it.
	t := tar.NewReader(&limited{r: z, left: mostBytes + mostFiles<<10, what: "the chart, unpacked,"})
	dir := ""
	for count := 0; ; count++ {
		h, err := t.Next()
		switch {
		case errors.Is(err, io.EOF) && dir == "":
			return "", rejected("the archive of the chart is empty")
		case errors.Is(err, io.EOF):
			return dir, nil
		case err != nil:
			return "", damaged(err)
		case count >= mostFiles:
			return "", rejected("the chart has more than %d files", mostFiles)
		case h.Typeflag == tar.TypeXGlobalHeader, h.Typeflag == tar.TypeDir:
			continue
		}
		first, err := inChart(h)
		if err != nil {
			return "", err
		}
		if dir == "" {
			dir = first
		} else if dir != first {
			return "", rejected("the chart lies in one folder, and the archive has two: %q and %q", oneLine(dir), oneLine(first))
		}
		if err := unpackFile(root, path.Clean(h.Name), t); err != nil {
			return "", err
		}
	}
}

// inChart returns the folder that a file of the archive lies in.
func inChart(h *tar.Header) (string, error) {
	name := path.Clean(h.Name)
	first, rest, ok := strings.Cut(name, "/")
	switch {
	case h.Typeflag != tar.TypeReg:
		return "", rejected("%q in the archive of the chart is no file: links and devices are not unpacked", oneLine(h.Name))
	case !filepath.IsLocal(name) || strings.ContainsAny(name, "\\\x00") || len(name) > mostPath:
		return "", rejected("%q in the archive of the chart would lead out of its folder", oneLine(h.Name))
	case !ok || rest == "":
		return "", rejected("%q in the archive of the chart lies in no folder: helm package makes archives", oneLine(h.Name))
	case h.Size > mostFile:
		return "", rejected("%q in the archive of the chart has %d bytes, and a file of a chart at most %d", oneLine(h.Name), h.Size, mostFile)
	}
	return first, nil
}

func unpackFile(root *os.Root, name string, r io.Reader) error {
	err := root.MkdirAll(path.Dir(name), 0o700)
	var f *os.File
	if err == nil {
		f, err = root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	}
	switch {
	case errors.Is(err, fs.ErrExist), errors.Is(err, syscall.ENOTDIR):
		return rejected("%q is in the archive of the chart twice, or as a file and as a folder", oneLine(name))
	case err != nil:
		return fmt.Errorf("unpack chart: %w", err)
	}
	_, err = io.Copy(f, r)
	if err != nil {
		err = damaged(err)
	}
	return errors.Join(err, f.Close())
}

// damaged sorts an error of reading an archive: those of writing are ours.
func damaged(err error) error {
	var write *fs.PathError
	var large *tooLarge
	switch {
	case errors.As(err, &write):
		return fmt.Errorf("unpack chart: %w", err)
	case errors.As(err, &large):
		return &Rejected{Err: err}
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return rejected("the archive of the chart is cut off: push it again")
	}
	return rejected("the archive of the chart is damaged: %s", oneLine(err.Error()))
}
