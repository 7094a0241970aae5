package edit

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// private is a folder that only its owner can enter. While a process holds its
// lock, the folder is in use.
type private struct {
	path string
	lock *os.File
}

const (
	prefix   = "tiphys-edit-"
	lockName = ".lock"
)

// newPrivate makes a private folder, and removes those that killed processes
// left behind.
func newPrivate() (*private, error) {
	base := memory()
	if base == "" {
		base = os.TempDir()
	}
	sweep(base)
	path, err := os.MkdirTemp(base, prefix) // mode 0700
	if err != nil {
		return nil, fmt.Errorf("make a private folder: %w", err)
	}
	p := &private{path: path}
	if p.lock, err = os.OpenFile(filepath.Join(path, lockName), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		p.remove()
		return nil, fmt.Errorf("make a private folder: %w", err)
	}
	if !lock(p.lock) {
		p.remove()
		return nil, fmt.Errorf("make a private folder: %s cannot be locked", path)
	}
	return p, nil
}

func (p *private) remove() error {
	if p.lock != nil {
		p.lock.Close()
	}
	return os.RemoveAll(p.path)
}

// sweep removes private folders whose process is gone.
func sweep(base string) {
	if !locks {
		return
	}
	entries, _ := os.ReadDir(base)
	for _, entry := range entries {
		if !entry.IsDir() || !strings.HasPrefix(entry.Name(), prefix) {
			continue
		}
		path := filepath.Join(base, entry.Name())
		f, err := os.OpenFile(filepath.Join(path, lockName), os.O_RDWR, 0) // fails for those of other users
		if err != nil {
			continue
		}
		if lock(f) {
			os.RemoveAll(path)
		}
		f.Close()
	}
}
