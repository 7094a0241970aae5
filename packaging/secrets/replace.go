package secrets

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Replace writes the encrypted text after in place of the file, in one step:
// whatever happens, the file holds the old text or the new one. It refuses text
// that is not encrypted, and to write when the file is no longer before; nil
// stands for a file that is not there. The mode of the file stays.
func Replace(name string, before, after []byte) error {
	if !Encrypted(name, after) {
		return fmt.Errorf("write %s: what is to be written is not encrypted", name)
	}
	path, mode := name, os.FileMode(0o644)
	if before != nil {
		real, err := filepath.EvalSymlinks(name)
		if err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		info, err := os.Stat(real)
		if err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
		if info.Mode().Perm()&0o222 == 0 { // a rename would not mind
			return fmt.Errorf("write %s: it is read-only, so it is left alone", name)
		}
		path, mode = real, info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	defer os.Remove(f.Name()) // does nothing once it is renamed
	_, err = f.Write(after)
	if err := errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if before == nil {
		return create(name, f.Name())
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, before) {
		return fmt.Errorf("write %s: it changed in the meantime, so it is left alone: run again", name)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return settle(path)
}

// create puts a file where there is none.
func create(name, temp string) error {
	err := os.Link(temp, name) // unlike a rename, it replaces nothing
	if err != nil && !errors.Is(err, fs.ErrExist) {
		if _, missing := os.Lstat(name); errors.Is(missing, fs.ErrNotExist) { // the file system has no links
			err = os.Rename(temp, name)
		}
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("write %s: somebody made it in the meantime, so it is left alone", name)
	case err != nil:
		return fmt.Errorf("write %s: %w", name, err)
	}
	return settle(name)
}

// settle makes a rename last, where folders can be synced.
func settle(path string) error {
	if d, err := os.Open(filepath.Dir(path)); err == nil {
		_ = d.Sync() // some file systems cannot, and the file is there
		return d.Close()
	}
	return nil
}
