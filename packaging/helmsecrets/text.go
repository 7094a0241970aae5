package helmsecrets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tiphys-dev/tiphys/lint/near"
	"github.com/tiphys-dev/tiphys/packaging/secrets"
)

// errMissing is wrapped by the error for a file that is not there.
var errMissing = errors.New("there is no such file")

// A text is what a values file holds, in memory.
type text struct {
	text []byte
	// encrypted is set when the text was, before we opened it.
	encrypted bool
	// stream is set when the file is no regular one, and was not read.
	stream bool
}

// read reads and opens the file at a place.
func (p *plugin) read(ctx context.Context, at place) (text, error) {
	var raw []byte
	var err error
	switch at.scheme() {
	case "":
		raw, err = p.readFile(at)
	case "http", "https":
		raw, err = fetch(ctx, at.file)
	default:
		return text{}, fmt.Errorf("%s: files are read from disks and from http, and not with the scheme %s://; download it first", at.file, at.scheme())
	}
	if errors.Is(err, errStream) {
		return text{stream: true}, nil
	}
	if err != nil {
		return text{}, err
	}
	out := text{text: raw}
	name, ok := encrypted(at.file, raw)
	if !ok {
		return out, nil
	}
	out.encrypted = true
	err = p.withKey(at.key, func() error {
		out.text, err = secrets.Open(ctx, name, raw)
		return err
	})
	if err != nil {
		if name != at.file || !strings.Contains(err.Error(), name) {
			err = fmt.Errorf("decrypt %s: %w", at.file, err)
		}
		return text{}, err
	}
	p.warnOfStale(at.file)
	return out, nil
}

// encrypted reports whether sops encrypted the text of a file, and the name that
// tells the format to it: what is none by its own name may be YAML, values.gotpl.
func encrypted(name string, raw []byte) (string, bool) {
	if !bytes.Contains(raw, []byte("sops")) { // which all formats of it have
		return name, false
	}
	for _, name := range []string{name, name + ".yaml"} {
		if secrets.Encrypted(name, raw) {
			return name, true
		}
	}
	return name, false
}

// errStream is returned for what can be read but once, so not by us: what
// <(command) of a shell becomes.
var errStream = errors.New("this is a stream")

func (p *plugin) readFile(at place) ([]byte, error) {
	link, err := os.Lstat(at.file)
	if errors.Is(err, fs.ErrNotExist) || at.file == "" {
		return nil, missing(at.file)
	}
	if err != nil {
		return nil, fmt.Errorf("read values: %w", err)
	}
	if err := p.allow(at.file, link.Mode()&fs.ModeSymlink != 0); err != nil {
		return nil, err
	}
	info, err := os.Stat(at.file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("values file %s is a symbolic link to something that is not there: %w", at.file, errMissing)
	case err != nil:
		return nil, fmt.Errorf("read values: %w", err)
	case info.IsDir():
		return nil, fmt.Errorf("values file %s is a folder: name a file in it", at.file)
	case info.Mode()&fs.ModeDevice != 0 && !ends(info):
		return nil, fmt.Errorf("values file %s is a device, and helm would read it without end", at.file)
	case !info.Mode().IsRegular() && !at.ours:
		return nil, errStream
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("values file %s is not a regular file", at.file)
	case info.Size() > secrets.Limit:
		return nil, tooLarge(at.file)
	}
	f, err := os.Open(at.file)
	if err != nil {
		return nil, fmt.Errorf("read values: %w", err)
	}
	defer f.Close()
	return readLimited(at.file, f)
}

// ends reports whether a device is one that helm may be given: standard input,
// or one that is empty.
func ends(device fs.FileInfo) bool {
	for _, name := range []string{os.DevNull, "/dev/stdin"} {
		if known, err := os.Stat(name); err == nil && os.SameFile(device, known) {
			return true
		}
	}
	return false
}

func readLimited(name string, r io.Reader) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(r, secrets.Limit+1))
	if err != nil {
		return nil, fmt.Errorf("read values %s: %w", name, err)
	}
	if len(raw) > secrets.Limit {
		return nil, tooLarge(name)
	}
	return raw, nil
}

func tooLarge(name string) error {
	return fmt.Errorf("values file %s is larger than the %d MiB that are read of one; helm cannot store a third of it: split it, or leave out what is no value", name, secrets.Limit>>20)
}

// missing says that a file is not there, and what is there instead.
func missing(file string) error {
	if file == "" {
		return fmt.Errorf("the name of a values file is empty: %w", errMissing)
	}
	var have []string
	entries, _ := os.ReadDir(filepath.Dir(file))
	for _, e := range entries {
		have = append(have, e.Name())
	}
	return fmt.Errorf("values file %s: %w%s", file, errMissing, near.Hint(filepath.Base(file), have))
}

// warnOfStale tells of a decrypted copy that others leave behind: it is not
// used, and should not lie there.
func (p *plugin) warnOfStale(file string) {
	dec := filepath.Join(filepath.Dir(file), p.decPrefix+filepath.Base(file)+p.decSuffix)
	if dec == filepath.Clean(file) {
		return
	}
	info, err := os.Lstat(dec)
	if err != nil || !info.Mode().IsRegular() || info.Size() > secrets.Limit {
		return
	}
	raw, err := os.ReadFile(dec)
	if err != nil {
		return
	}
	if _, ok := encrypted(file, raw); ok {
		return
	}
	p.note("%s is a decrypted copy of %s: it is not used; delete it", dec, file)
}
