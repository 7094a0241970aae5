package bundle

import (
	"archive/tar"
	"compress/gzip"
	"fmt"
	"io"
	"time"
)

// stamp is the time of every file in an archive. It is the first one that all
// formats of archives can tell; some programs warn of earlier ones.
var stamp = time.Unix(315532800, 0).UTC() // 1980-01-01

// Write writes the archive. The bytes depend on the files alone, and on nothing
// of the machine; only another version of the compression may make others of
// the same package, which the digest does not see.
func (p *Package) Write(w io.Writer) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return fmt.Errorf("write package: %w", err)
	}
	// z.Header stays as it is: no name, no time, no operating system.
	t := tar.NewWriter(z)
	err = write(t, listName, p.list)
	if err == nil {
		// Always there, so that an unpacked chart without environments gets
		// those of nobody else: the nearest folder of that name counts.
		err = t.WriteHeader(header(tar.Header{Name: environmentsFolder + "/", Typeflag: tar.TypeDir, Mode: 0o755}))
	}
	for _, f := range p.Files {
		if err == nil {
			err = write(t, f.Path, p.files[f.Path])
		}
	}
	if err == nil {
		err = t.Close()
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		return fmt.Errorf("write package: %w", err)
	}
	return nil
}

func write(t *tar.Writer, name string, data []byte) error {
	if err := t.WriteHeader(header(tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(data))})); err != nil {
		return err
	}
	_, err := t.Write(data)
	return err
}

func header(h tar.Header) *tar.Header {
	h.ModTime, h.Format = stamp, tar.FormatPAX
	return &h
}
