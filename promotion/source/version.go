package source

import (
	"strings"

	"github.com/Masterminds/semver/v3"
)

// A release is a version that can be chosen.
type release struct {
	version *semver.Version
	name    string // as it is called where it is
}

// newest returns the name of the highest version in a range. What is no whole
// version is left out: tags like latest and 1.2 move. A pre-release counts only
// where the range names one.
func newest(names []string, within string) (string, error) {
	if strings.TrimSpace(within) == "" {
		within = "*"
	}
	in, err := semver.NewConstraint(within)
	if err != nil {
		return "", rejected(`the version %q is no range: write one like ">=1.2.0 <2", "~1.2" or "*"`, within)
	}
	var best, other *release
	for _, name := range names {
		v, err := semver.StrictNewVersion(strings.TrimPrefix(strings.ReplaceAll(name, "_", "+"), "v"))
		if err != nil {
			continue
		}
		r := &release{v, name}
		if in.Check(v) {
			best = higher(best, r)
		} else {
			other = higher(other, r)
		}
	}
	switch {
	case best != nil:
		return best.name, nil
	case other != nil && other.version.Prerelease() != "" && !strings.Contains(within, "-"):
		return "", rejected("no version is in the range %q; the highest one is %s, a pre-release, which counts only in a range that names one, like %q", within, oneLine(other.name), ">=0.0.0-0")
	case other != nil:
		return "", rejected("no version is in the range %q; the highest one is %s", within, oneLine(other.name))
	case len(names) > 0:
		return "", rejected("there is no version: of %d tags, none is one like 1.2.3", len(names))
	}
	return "", rejected("there is no version yet: push one")
}

// higher returns the higher of two releases. Versions that differ in what is
// behind the + are of one rank; so that the choice does not depend on the order
// of a list, their names decide.
func higher(a, b *release) *release {
	if a == nil {
		return b
	}
	switch c := a.version.Compare(b.version); {
	case c > 0, c == 0 && a.name >= b.name:
		return a
	}
	return b
}
