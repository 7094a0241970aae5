// Package e2e runs the command as a user does, on a project in which every
// first rule has something to say.
package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/internal/cli"
)

// want is a comment that names a rule and the text that it points at.
var want = regexp.MustCompile("# want ([a-z-]+) `([^`]+)`")

// first are the rules without which Tiphys would not do its main job.
var first = []string{
	"dag-cycle", "dag-unknown-dependency", "dag-both-depends-and-dependencies", "template-unknown", "template-type",
	"entrypoint-unknown", "name-invalid", "name-duplicate", "tag-unresolved", "output-without-dependency",
	"argument-missing", "argument-unknown", "cron-schedule", "resources-missing", "resources-invalid", "secret-literal",
	"secret-ref-unknown", "image-unpinned", "deadline-missing", "concurrency-unlimited",
}

type finding struct {
	Rule, File, Message string
	Line, Column        int
	EndColumn           int
}

func TestFirstRules(t *testing.T) {
	var out, errs bytes.Buffer
	code := cli.Main(t.Context(), []string{"lint", "--format", "json", "testdata/broken"}, cli.Streams{In: strings.NewReader(""), Out: &out, Err: &errs})
	if code != 1 {
		t.Fatalf("exit code %d, not 1; standard error: %s", code, &errs)
	}
	var report struct{ Findings []finding }
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	fired := map[string]bool{}
	files, err := filepath.Glob("testdata/broken/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			m := want.FindStringSubmatch(line)
			if m == nil {
				continue
			}
			fired[m[1]] = true
			if !points(report.Findings, file, i+1, line, m[1], m[2]) {
				t.Errorf("%s:%d: %s does not point at %q", file, i+1, m[1], m[2])
			}
		}
	}
	for _, rule := range first {
		if !fired[rule] {
			t.Errorf("%s has nothing to say here", rule)
		}
	}
}

// points reports whether a finding of the rule has exactly the token under it.
func points(all []finding, file string, number int, line, rule, token string) bool {
	for _, f := range all {
		if f.Rule != rule || f.File != file || f.Line != number {
			continue
		}
		runes := []rune(line)
		if f.Column >= 1 && f.Column <= f.EndColumn && f.EndColumn-1 <= len(runes) && string(runes[f.Column-1:f.EndColumn-1]) == token {
			return true
		}
	}
	return false
}
