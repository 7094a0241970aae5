package lint

import (
	"fmt"
	"strconv"
	"strings"
)

// A Version of Argo Workflows. The zero version stands for the newest.
type Version struct{ Major, Minor int }

// Oldest and Newest are the versions whose fields are known.
var (
	Oldest = Version{3, 5}
	Newest = Version{4, 1}
)

// ParseVersion reads 3.6, v3.6 or v3.6.2.
func ParseVersion(s string) (Version, error) {
	part := strings.Split(strings.TrimPrefix(s, "v"), ".")
	if len(part) != 2 && len(part) != 3 {
		return Version{}, fmt.Errorf("argo version %q is not like %s", s, Newest)
	}
	major, err1 := strconv.Atoi(part[0])
	minor, err2 := strconv.Atoi(part[1])
	if err1 != nil || err2 != nil {
		return Version{}, fmt.Errorf("argo version %q is not like %s", s, Newest)
	}
	v := Version{major, minor}
	if v.Before(Oldest) || Newest.Before(v) {
		return Version{}, fmt.Errorf("argo version %s is not known: %s to %s are", v, Oldest, Newest)
	}
	return v, nil
}

// Before reports whether v is older than w.
func (v Version) Before(w Version) bool {
	v, w = v.orNewest(), w.orNewest()
	return v.Major < w.Major || v.Major == w.Major && v.Minor < w.Minor
}

func (v Version) orNewest() Version {
	if v == (Version{}) {
		return Newest
	}
	return v
}

// String formats the version as 3.6.
func (v Version) String() string {
	v = v.orNewest()
	return fmt.Sprintf("%d.%d", v.Major, v.Minor)
}
