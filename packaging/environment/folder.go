package environment

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// find looks for the folders of environments: the chart's own, and the nearest
// above it. The search ends at the root of the git repository, at home and at
// the root of the file system, so that nobody else's file decides.
func (s *Set) find() error {
	abs, err := filepath.Abs(s.Chart)
	if err != nil {
		return fmt.Errorf("find environments: %w", err)
	}
	home, _ := os.UserHomeDir()
	top, shown, above := abs, s.Chart, ""
	for at := abs; ; at = filepath.Dir(at) {
		folder := filepath.Join(shown, folderName)
		if info, err := os.Stat(folder); err == nil && info.IsDir() {
			if at == abs {
				s.Folders = []string{folder}
			} else if above == "" {
				above, top = folder, at
			}
		}
		_, err := os.Lstat(filepath.Join(at, ".git"))
		if err == nil {
			top = at
		}
		if err == nil || at == home || at == filepath.Dir(at) {
			break
		}
		shown = up(shown)
	}
	if above != "" {
		s.Folders = append([]string{above}, s.Folders...)
	}
	for _, root := range []string{top, s.Chart} {
		real, err := realPath(root)
		if err != nil {
			return fmt.Errorf("find environments: %w", err)
		}
		s.reader.roots = append(s.reader.roots, real)
	}
	return nil
}

// up returns the parent of a folder as a user would write it.
func up(dir string) string {
	dir = filepath.Clean(dir)
	if dir == "." || dir == ".." || strings.HasSuffix(dir, string(filepath.Separator)+"..") {
		return filepath.Join(dir, "..")
	}
	return filepath.Dir(dir)
}
