package environment

import (
	"os"
	"path/filepath"
	"strings"
)

// Sources returns the files of values and secrets that an environment has for
// the chart, the weaker first; for a folder that is no chart, those for all
// charts. They are named and not read.
func (s *Set) Sources(e *Environment) []string {
	var all []string
	for _, dir := range e.dirs {
		places := []string{dir}
		if s.Name != "" {
			places = append(places, filepath.Join(dir, s.Name))
		} else {
			entries, _ := os.ReadDir(dir) // sorted
			for _, entry := range entries {
				if entry.IsDir() && !strings.HasPrefix(entry.Name(), ".") {
					places = append(places, filepath.Join(dir, entry.Name()))
				}
			}
		}
		for _, place := range places {
			for _, name := range []string{valuesName, secretsName} {
				if info, err := os.Stat(filepath.Join(place, name)); err == nil && info.Mode().IsRegular() {
					all = append(all, filepath.Join(place, name))
				}
			}
		}
	}
	return all
}
