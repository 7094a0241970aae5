// Package ci holds the workflows of GitHub Actions to what they call: nobody can run
// them here, but much of what breaks in them can be read.
package ci

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

type workflow struct {
	On          yaml.Node
	Permissions map[string]string
	Env         map[string]string
	Jobs        map[string]job
}

type job struct {
	RunsOn         string `yaml:"runs-on"`
	TimeoutMinutes int    `yaml:"timeout-minutes"`
	Permissions    map[string]string
	Needs          any
	Strategy       any
	Steps          []step
}

type step struct {
	Name, Uses, Run string
	With, Env       map[string]any
}

// read reads all workflows; a key that is not known here is one that is misspelt.
func read(t *testing.T) map[string]workflow {
	t.Helper()
	paths, err := filepath.Glob("../../.github/workflows/*.yml")
	if err != nil || len(paths) < 2 {
		t.Fatalf("there are the workflows %q, %v", paths, err)
	}
	all := map[string]workflow{}
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		d := yaml.NewDecoder(f)
		d.KnownFields(true)
		var w struct {
			workflow    `yaml:",inline"`
			Name        string
			Concurrency any
		}
		if err := d.Decode(&w); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all[filepath.Base(path)] = w.workflow
	}
	return all
}

var (
	pinned = regexp.MustCompile(`^[a-z-]+/[a-z-]+@(v\d+(\.\d+\.\d+)?|[0-9a-f]{40})$`)
	target = regexp.MustCompile(`(?m)\bmake(?: -[^ ]+)* ([a-z]+)`)
	// injected is what somebody outside chooses, such as the title of a pull
	// request, in a place where a shell would run it.
	injected = regexp.MustCompile(`\$\{\{\s*github\.(event|head_ref|ref_name)`)
)

func TestWorkflows(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	versions := map[string]bool{}
	for name, w := range read(t) {
		if len(w.Permissions) != 1 || w.Permissions["contents"] != "read" {
			t.Errorf("%s: by default it may %v, want only to read", name, w.Permissions)
		}
		for id, j := range w.Jobs {
			if j.TimeoutMinutes == 0 || j.RunsOn == "" || len(j.Steps) == 0 {
				t.Errorf("%s: job %s has no timeout, no machine or no steps", name, id)
			}
			for _, s := range j.Steps {
				if (s.Uses == "") == (s.Run == "") {
					t.Errorf("%s: a step of %s has not one of uses and run: %+v", name, id, s)
				}
				if s.Uses != "" && !pinned.MatchString(s.Uses) {
					t.Errorf("%s: %s is not pinned to a version or a commit", name, s.Uses)
				}
				for _, m := range target.FindAllStringSubmatch(s.Run, -1) {
					if !regexp.MustCompile(`(?m)^` + m[1] + `:`).Match(makefile) {
						t.Errorf("%s: there is no target for make %s", name, m[1])
					}
				}
				if injected.MatchString(s.Run) {
					t.Errorf("%s: take it from the environment: %s", name, s.Run)
				}
				if v, ok := s.With["go-version"].(string); ok {
					versions[v] = true
				}
				if strings.HasPrefix(s.Uses, "actions/checkout@") && s.With["persist-credentials"] != false {
					t.Errorf("%s: the checkout of %s leaves the token in .git/config", name, id)
				}
			}
		}
	}
	// One version, or what is built twice in a release differs.
	if len(versions) != 1 {
		t.Errorf("there are several versions of Go: %v", versions)
	}
}

// Only the job that publishes may write, and only where a tag was pushed.
func TestWhoMayWrite(t *testing.T) {
	for name, w := range read(t) {
		var may []string
		for id, j := range w.Jobs {
			for what, how := range j.Permissions {
				if how == "write" {
					may = append(may, id+" "+what)
				}
			}
		}
		slices.Sort(may)
		want := []string{"release attestations", "release contents", "release id-token", "release packages"}
		if name != "release.yml" {
			want = nil
		} else if on := w.On; len(on.Content) != 2 || on.Content[0].Value != "push" || on.Content[1].Content[0].Value != "tags" {
			t.Errorf("%s runs on more than a push of tags", name)
		}
		if !slices.Equal(may, want) {
			t.Errorf("%s: who may write is %q, want %q", name, may, want)
		}
	}
}
