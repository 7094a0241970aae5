package cli

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"strings"
)

// A glob is a pattern of exclude. It is relative to the folder of the
// configuration file; ** stands for any number of folders; without a slash it
// matches at any depth; what lies in a matching folder matches too.
type glob struct {
	dir  string // absolute
	part []string
}

func newGlob(dir, pattern string) (glob, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return glob{}, err
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		abs = real
	}
	clean := strings.Trim(strings.TrimPrefix(filepath.ToSlash(pattern), "./"), "/")
	if clean == "" {
		return glob{}, errors.New("an empty pattern would exclude nothing: remove it")
	}
	g := glob{dir: abs, part: strings.Split(clean, "/")}
	if len(g.part) == 1 && !strings.HasPrefix(pattern, "/") && !strings.HasPrefix(pattern, "./") {
		g.part = []string{"**", clean}
	}
	for _, p := range g.part {
		if _, err := path.Match(p, ""); err != nil {
			return glob{}, fmt.Errorf("pattern %q: %w", pattern, err)
		}
	}
	return g, nil
}

// match reports whether an absolute path, or a folder above it, matches.
func (g glob) match(file string) bool {
	rel, err := filepath.Rel(g.dir, file)
	if err != nil || rel == "." || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return false
	}
	return matchParts(g.part, strings.Split(filepath.ToSlash(rel), "/"))
}

// matchParts is linear in the number of folders for each "**": reach[i] says
// that the first i parts of the pattern match what has been read.
func matchParts(pattern, name []string) bool {
	reach := make([]bool, len(pattern)+1)
	reach[0] = true
	skip := func() {
		for i, p := range pattern {
			if p == "**" && reach[i] {
				reach[i+1] = true
			}
		}
	}
	skip()
	for _, n := range name {
		for i := len(pattern); i > 0; i-- {
			p := pattern[i-1]
			ok, _ := path.Match(p, n) // checked when the pattern was read
			reach[i] = p == "**" && (reach[i] || reach[i-1]) || p != "**" && ok && reach[i-1]
		}
		reach[0] = false
		skip()
		if reach[len(pattern)] {
			return true // the rest lies below
		}
	}
	return false
}
