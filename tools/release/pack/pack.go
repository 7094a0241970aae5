// Package pack writes archives that depend on nothing but what is in them: the same
// files make the same bytes, on whatever machine, in whatever folder, at whatever time.
package pack

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
)

// A File is one entry of an archive. A name that ends with a slash is a folder.
type File struct {
	Name string
	Mode fs.FileMode // permissions and fs.ModeSticky; 0 is 0644, and 0755 of a folder
	Data []byte
	From string // the file on disk whose bytes these are, in the place of Data
	// Owner is the user and group that own it, in a tar archive.
	Owner int
}

// Tar writes the files, by name.
func Tar(w io.Writer, files []File, at time.Time) error {
	t := tar.NewWriter(w)
	for _, f := range sorted(files) {
		body, size, err := f.open()
		if err != nil {
			return err
		}
		h := &tar.Header{Typeflag: tar.TypeReg, Name: f.Name, Size: size, Mode: int64(f.mode().Perm()), Uid: f.Owner, Gid: f.Owner, ModTime: at.UTC().Truncate(time.Second)}
		if f.folder() {
			h.Typeflag = tar.TypeDir
		}
		if f.Mode&fs.ModeSticky != 0 {
			h.Mode |= 0o1000
		}
		err = t.WriteHeader(h)
		if err == nil {
			_, err = io.Copy(t, body)
		}
		body.Close()
		if err != nil {
			return fmt.Errorf("pack %s: %w", f.Name, err)
		}
	}
	return t.Close()
}

// TarGz writes the files, by name, compressed.
func TarGz(w io.Writer, files []File, at time.Time) error {
	z := gzip.NewWriter(w) // whose header has no name and no time unless told
	if err := Tar(z, files, at); err != nil {
		return err
	}
	return z.Close()
}

// Zip writes the files, by name.
func Zip(w io.Writer, files []File, at time.Time) error {
	z := zip.NewWriter(w)
	for _, f := range sorted(files) {
		body, _, err := f.open()
		if err != nil {
			return err
		}
		h := &zip.FileHeader{Name: f.Name, Method: zip.Deflate, Modified: at.UTC().Truncate(time.Second)}
		h.SetMode(f.mode())
		part, err := z.CreateHeader(h)
		if err == nil {
			_, err = io.Copy(part, body)
		}
		body.Close()
		if err != nil {
			return fmt.Errorf("pack %s: %w", f.Name, err)
		}
	}
	return z.Close()
}

// Write has what is written by one of the functions above in a file.
func Write(path string, files []File, at time.Time, how func(io.Writer, []File, time.Time) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := how(f, files, at); err != nil {
		f.Close()
		return fmt.Errorf("write %s: %w", path, err)
	}
	return f.Close()
}

func sorted(files []File) []File {
	return slices.SortedFunc(slices.Values(files), func(a, b File) int { return strings.Compare(a.Name, b.Name) })
}

func (f File) folder() bool { return strings.HasSuffix(f.Name, "/") }

func (f File) mode() fs.FileMode {
	switch {
	case f.Mode != 0:
		return f.Mode
	case f.folder():
		return 0o755
	}
	return 0o644
}

func (f File) open() (io.ReadCloser, int64, error) {
	if f.From == "" {
		return io.NopCloser(bytes.NewReader(f.Data)), int64(len(f.Data)), nil
	}
	in, err := os.Open(f.From)
	if err != nil {
		return nil, 0, err
	}
	info, err := in.Stat()
	if err != nil {
		in.Close()
		return nil, 0, err
	}
	return in, info.Size(), nil
}
