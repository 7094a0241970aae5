package bundle

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// Extract unpacks the package into a folder that is not there yet; the one that
// it lies in must be. The folder appears when it is complete.
func (p *Package) Extract(dir string) (err error) {
	if _, err := os.Lstat(dir); err == nil {
		return fmt.Errorf("extract package: %s: %w; unpack into a new folder", dir, fs.ErrExist)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("extract package: %w", err)
	}
	private, err := os.MkdirTemp(filepath.Dir(filepath.Clean(dir)), ".tiphys-")
	if err != nil {
		return fmt.Errorf("extract package: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(private)) }()
	// One further down, as the folder itself may not be as open as the umask
	// of the user lets it be.
	unpacked := filepath.Join(private, "package")
	if err := p.extract(unpacked); err != nil {
		return fmt.Errorf("extract package: %w", err)
	}
	if err := os.Rename(unpacked, dir); err != nil {
		return fmt.Errorf("extract package: %w", err)
	}
	return nil
}

func (p *Package) extract(dir string) error {
	if err := os.Mkdir(dir, 0o777); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir) // whatever a path says, it stays in there
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.Mkdir(environmentsFolder, 0o777); err != nil {
		return err
	}
	if err := root.WriteFile(listName, p.list, 0o666); err != nil {
		return err
	}
	for _, f := range p.Files {
		name := filepath.FromSlash(f.Path)
		if !filepath.IsLocal(name) {
			return fmt.Errorf("%s cannot be the name of a file on this system", f.Path)
		}
		if err := root.MkdirAll(filepath.FromSlash(path.Dir(f.Path)), 0o777); err != nil {
			return err
		}
		if err := root.WriteFile(name, p.files[f.Path], 0o666); err != nil {
			return err
		}
	}
	return nil
}
