package bundle

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/tiphys-dev/tiphys/lint/manifest"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// Open reads the package in an archive and checks all of it, as Read does.
func Open(name string) (*Package, error) {
	p, _, err := OpenArchive(name)
	return p, err
}

// OpenArchive is Open, and returns the archive too.
func OpenArchive(name string) (*Package, []byte, error) {
	// O_NONBLOCK keeps open from waiting for the writer of a named pipe.
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("open package: %w", err)
	}
	defer f.Close()
	switch info, err := f.Stat(); {
	case err != nil:
		return nil, nil, fmt.Errorf("open package: %w", err)
	case !info.Mode().IsRegular():
		return nil, nil, fmt.Errorf("open package %s: %w: it is no file", name, ErrNoPackage)
	}
	var archive bytes.Buffer
	p, err := Read(io.TeeReader(f, &archive)) // to the very end, or it fails
	if err != nil {
		return nil, nil, fmt.Errorf("open package %s: %w", name, err)
	}
	return p, archive.Bytes(), nil
}

// ErrNoPackage says that an archive is something else than a package.
var ErrNoPackage = errors.New("this is no package of tiphys")

// Read reads a package and checks all of it: that the files are those of the
// list, no more, no less, each with its hash, and that no path leads out. It
// reads no more than a package may have, whatever an archive unpacks to.
func Read(r io.Reader) (*Package, error) {
	b := bufio.NewReader(&lengthLimit{r: r, left: MostArchive})
	z, err := gzip.NewReader(b)
	switch {
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%w: it is empty", ErrNoPackage)
	case err != nil:
		return nil, fmt.Errorf("%w: it is not compressed by gzip", ErrNoPackage)
	}
	z.Multistream(false)
	t := tar.NewReader(&lengthLimit{r: z, left: MostArchive})
	p, err := readList(t)
	if err != nil {
		return nil, err
	}
	if err := p.readFiles(t); err != nil {
		return nil, err
	}
	if err := ends(z, b); err != nil {
		return nil, err
	}
	return p, p.checkChart()
}

var errTooLarge = fmt.Errorf("it is larger than the %d MiB that a package may have", mostBytes>>20)

// A lengthLimit is a reader that complains when there is more.
type lengthLimit struct {
	r    io.Reader
	left int64
}

func (l *lengthLimit) Read(b []byte) (int, error) {
	if l.left <= 0 {
		return 0, errTooLarge
	}
	if int64(len(b)) > l.left {
		b = b[:l.left]
	}
	n, err := l.r.Read(b)
	l.left -= int64(n)
	return n, err
}

func readList(t *tar.Reader) (*Package, error) {
	h, err := t.Next()
	switch {
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%w: it is empty", ErrNoPackage)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrNoPackage, damaged(err))
	case strings.HasSuffix(h.Name, "/Chart.yaml"):
		return nil, fmt.Errorf("%w: it is a chart that helm packaged; make a package of the folder of the chart", ErrNoPackage)
	case h.Name != listName || h.Typeflag != tar.TypeReg:
		return nil, fmt.Errorf("%w: it begins with %q and not with %q", ErrNoPackage, h.Name, listName)
	case h.Size > mostList:
		return nil, fmt.Errorf("%s has %d bytes, and at most %d are allowed", listName, h.Size, mostList)
	}
	list, err := io.ReadAll(t)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", listName, damaged(err))
	}
	c, err := ReadList(list)
	if err != nil {
		return nil, err
	}
	return &Package{Contents: *c, list: list, files: make(map[string][]byte, len(c.Files))}, nil
}

// ReadList reads the package.json of a package and checks it.
func ReadList(list []byte) (*Contents, error) {
	var c Contents
	if err := json.Unmarshal(list, &c); err != nil {
		return nil, fmt.Errorf("read %s: %w", listName, err)
	}
	if c.Format != Format {
		return nil, fmt.Errorf("read %s: the format %q is not %q, the one that this version of tiphys reads", listName, c.Format, Format)
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("read %s: %w", listName, err)
	}
	// Were there two ways to write a list, one package had two digests.
	if again, err := c.encode(); err != nil || !bytes.Equal(again, list) {
		return nil, fmt.Errorf("read %s: it is not written as tiphys writes it: it was changed by hand", listName)
	}
	return &c, nil
}

// readFiles reads the files, which stand in the order of the list.
func (p *Package) readFiles(t *tar.Reader) error {
	next := 0
	for {
		h, err := t.Next()
		switch {
		case errors.Is(err, io.EOF):
			if next < len(p.Files) {
				return fmt.Errorf("file %q is listed and not there", p.Files[next].Path)
			}
			return nil
		case err != nil:
			return damaged(err)
		case h.Typeflag == tar.TypeDir && h.Name == environmentsFolder+"/" && next == 0:
			continue
		case h.Typeflag != tar.TypeReg:
			return fmt.Errorf("%q is neither a file nor the folder %s", h.Name, environmentsFolder)
		case next == len(p.Files) || h.Name != p.Files[next].Path:
			return p.misplaced(h.Name, next)
		}
		want := p.Files[next]
		if h.Size != want.Size {
			return fmt.Errorf("file %q has %d bytes, and %d are listed", h.Name, h.Size, want.Size)
		}
		data, err := io.ReadAll(t)
		if err != nil {
			return fmt.Errorf("read %q: %w", h.Name, damaged(err))
		}
		if got := entry(h.Name, data); got != want {
			return fmt.Errorf("file %q was changed: its SHA-256 is %s, and %s is listed", h.Name, got.SHA256, want.SHA256)
		}
		p.files[h.Name] = data
		next++
	}
}

func (p *Package) misplaced(name string, next int) error {
	if _, ok := p.files[name]; ok {
		return fmt.Errorf("file %q is there twice", name)
	}
	for _, f := range p.Files[next:] {
		if f.Path == name {
			return fmt.Errorf("file %q is not there, or not in its place: %q is", p.Files[next].Path, name)
		}
	}
	return fmt.Errorf("file %q is there and not listed", name)
}

// ends checks that nothing comes after the last file, and the checksum of gzip,
// which only the very end of the stream tells.
func ends(z io.Reader, b *bufio.Reader) error {
	switch _, err := io.ReadFull(z, make([]byte, 1)); {
	case err == nil:
		return errors.New("there is more after the last file")
	case !errors.Is(err, io.EOF):
		return damaged(err)
	}
	if _, err := b.ReadByte(); !errors.Is(err, io.EOF) {
		if errors.Is(err, errTooLarge) {
			return err
		}
		return errors.New("there is more after the end of the archive")
	}
	return nil
}

// damaged words what a reader of archives says.
func damaged(err error) error {
	switch {
	case errors.Is(err, errTooLarge):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("the archive is cut off: fetch it again")
	}
	return fmt.Errorf("the archive is damaged: %w", err)
}

// checkChart checks that the package is called what its chart is.
func (p *Package) checkChart() error {
	main := chartPath(p.Name, "Chart.yaml")
	root := manifest.Parse(source.NewFile(main, p.files[main]))[0].Root
	if name, version := root.Get("name").Text(), root.Get("version").Text(); name != p.Name || version != p.Version {
		return fmt.Errorf("%s is of chart %q %q, and %s says %q %q", main, name, version, listName, p.Name, p.Version)
	}
	return nil
}
