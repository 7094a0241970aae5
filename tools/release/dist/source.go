package dist

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/semver"
)

// A Source is a commit, and the version that it is released as.
type Source struct {
	Root    string
	Commit  string
	Time    time.Time // of the commit: the only time that is in a release
	Version string    // like v1.2.3
	Trial   bool      // not of a tag
}

// try is said to who has no tag yet.
const try = "to try it as it is, give a version that nobody takes for a release: VERSION=v0.0.0-try"

// Find returns the source in the repository at root. A version that is not the tag of
// the commit is for trying: it must be a pre-release, and then the tree may be dirty too.
func Find(root, version string) (Source, error) {
	s := Source{Root: root}
	var err error
	if s.Commit, err = git(root, "rev-parse", "HEAD"); err != nil {
		return s, err
	}
	seconds, err := git(root, "show", "--no-patch", "--format=%ct", "HEAD")
	if err != nil {
		return s, err
	}
	epoch, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return s, fmt.Errorf("read the time of the commit: %w", err)
	}
	s.Time = time.Unix(epoch, 0).UTC()
	tags, err := tagsOf(root)
	if err != nil {
		return s, err
	}
	changes, err := git(root, "status", "--porcelain")
	if err != nil {
		return s, err
	}
	return s, s.called(version, tags, changes)
}

// called decides what the release is called.
func (s *Source) called(version string, tags []string, changes string) error {
	if version != "" {
		s.Version, s.Trial = version, true
		for _, tag := range tags {
			if tag == version && changes == "" {
				s.Trial = false
			}
		}
		switch {
		case !full(version):
			return fmt.Errorf("version %q is not like v1.2.3 or v1.2.3-rc.1", version)
		case s.Trial && semver.Prerelease(version) == "":
			return fmt.Errorf("version %s is not a tag of a clean commit %.12s, and looks like one; %s", version, s.Commit, try)
		}
		return nil
	}
	switch {
	case changes != "":
		return fmt.Errorf("the working tree is not clean, and a release is made of a commit alone: commit, stash or remove these; %s\n%s", try, changes)
	case len(tags) == 0:
		return fmt.Errorf("commit %.12s has no tag like v1.2.3, and a release is made of a tag; %s", s.Commit, try)
	}
	s.Version = tags[len(tags)-1]
	return nil
}

// tagsOf are the tags of the commit that are versions, in their order.
func tagsOf(root string) ([]string, error) {
	out, err := git(root, "tag", "--points-at", "HEAD")
	if err != nil {
		return nil, err
	}
	var tags []string
	for _, tag := range strings.Fields(out) {
		if full(tag) {
			tags = append(tags, tag)
		}
	}
	semver.Sort(tags)
	return tags, nil
}

// full reports whether a version is written out: semver takes v1 for v1.0.0. What
// follows a + has no place in the tag of an image.
func full(version string) bool { return semver.Canonical(version) == version && version != "" }

func git(root string, args ...string) (string, error) {
	c := exec.Command("git", args...)
	c.Dir = root
	out, err := c.Output()
	if e := (*exec.ExitError)(nil); errors.As(err, &e) {
		err = fmt.Errorf("%w: %s", err, bytes.TrimSpace(e.Stderr))
	}
	if err != nil {
		return "", fmt.Errorf("ask git %s: %w", args[0], err)
	}
	return strings.TrimRight(string(out), "\n"), nil
}
