package dist_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tiphys-dev/tiphys/tools/release/dist"
	"github.com/tiphys-dev/tiphys/tools/release/tiny"
)

func TestFind(t *testing.T) {
	for name, test := range map[string]struct {
		tags    []string
		version string
		dirty   bool
		want    string // what it is called, with (trial) behind
		problem string
	}{
		"a tag":                         {tags: []string{"v1.0.0"}, want: "v1.0.0"},
		"a candidate":                   {tags: []string{"v1.0.0-rc.1"}, want: "v1.0.0-rc.1"},
		"the newest of two tags":        {tags: []string{"v1.9.0", "v1.10.0", "v1.10.0-rc.1"}, want: "v1.10.0"},
		"another tag is no version":     {tags: []string{"nightly", "v1", "1.0.0"}, problem: "has no tag like v1.2.3, and a release is made of a tag; to try it"},
		"no tag":                        {problem: "has no tag like v1.2.3"},
		"a tag, and a change":           {tags: []string{"v1.0.0"}, dirty: true, problem: "the working tree is not clean, and a release is made of a commit alone: commit, stash or remove these;"},
		"a change is named":             {tags: []string{"v1.0.0"}, dirty: true, problem: "?? notes.txt"},
		"a trial":                       {version: "v0.0.0-try", want: "v0.0.0-try (trial)"},
		"a trial of a change":           {version: "v0.0.0-try", dirty: true, want: "v0.0.0-try (trial)"},
		"a tag by name":                 {tags: []string{"v1.0.0", "v1.1.0"}, version: "v1.0.0", want: "v1.0.0"},
		"a tag by name, and a change":   {tags: []string{"v1.0.0"}, version: "v1.0.0", dirty: true, problem: "version v1.0.0 is not a tag of a clean commit"},
		"a trial that looks like one":   {version: "v1.0.0", problem: "is not a tag of a clean commit"},
		"a trial that is no version":    {version: "next", problem: `version "next" is not like v1.2.3 or v1.2.3-rc.1`},
		"a trial without a v":           {version: "1.0.0-try", problem: `version "1.0.0-try" is not like`},
		"what no tag of an image holds": {version: "v1.0.0-try+1", problem: `version "v1.0.0-try+1" is not like`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := tiny.Repository(t)
			for _, tag := range test.tags {
				tiny.Git(t, dir, "tag", tag)
			}
			if test.dirty {
				if err := os.WriteFile(filepath.Join(dir, "notes.txt"), nil, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			s, err := dist.Find(dir, test.version)
			if err != nil || test.problem != "" {
				if test.problem == "" || err == nil || !strings.Contains(err.Error(), test.problem) {
					t.Errorf("got %v, want %q", err, test.problem)
				}
				return
			}
			got := s.Version
			if s.Trial {
				got += " (trial)"
			}
			if got != test.want || len(s.Commit) != 40 || !s.Time.Equal(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)) {
				t.Errorf("got %s of %s at %s, want %s", got, s.Commit, s.Time, test.want)
			}
		})
	}
	if _, err := dist.Find(t.TempDir(), ""); err == nil || !strings.Contains(err.Error(), "ask git rev-parse: ") {
		t.Errorf("no repository: got %v", err)
	}
}

func TestNotes(t *testing.T) {
	path := filepath.Join(tiny.Repository(t), "CHANGELOG.md")
	for version, want := range map[string]string{
		"v1.0.0":     "- It is there.\n- It tells its version.\n",
		"v1.1.0":     "- What comes next.\n",
		"v0.9.0":     "", // nothing is said of it
		"v1.0":       "",
		"v0.0.0-try": "",
	} {
		got, err := dist.Notes(path, version, false)
		if want == "" {
			if err == nil || err.Error() != `find out what is new: CHANGELOG.md has nothing below a heading "## `+version+`"` {
				t.Errorf("%s: got %q, %v", version, got, err)
			}
		} else if err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v", version, got, err)
		}
	}
	got, err := dist.Notes(path, "v0.0.0-try", true)
	if want := "This is v0.0.0-try, a trial and no release.\n\n- What comes next.\n"; err != nil || string(got) != want {
		t.Errorf("a trial: got %q, %v", got, err)
	}
}
