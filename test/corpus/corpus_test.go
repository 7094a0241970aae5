// Package corpus lints known-good manifests, where a finding of severity error
// is a false alarm until proven otherwise.
package corpus

import (
	"bufio"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/rules"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// root is where the reference data lies beside a checkout.
const root = "../../../shared/corpus"

// proven are the errors that are right, by file, with the rule.
var proven = map[string]string{
	"k8s-patch-json-workflow.yaml": "key-duplicate", // metadata.annotations stands twice; Argo drops the document
	// Its template takes "message" and uses "message1" and "message2": Argo would
	// refuse every workflow that the Sensor submits (rules 85 and 95).
	"sensors/multi-dependencies.yaml": "tag-unresolved",
}

// load returns the manifests under a folder of the corpus, or skips the test.
func load(t *testing.T, dir string) []*source.File {
	t.Helper()
	top := filepath.Join(root, dir)
	if _, err := os.Stat(top); err != nil {
		t.Skipf("reference manifests are not here: %v", err)
	}
	var files []*source.File
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(path)) {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(top, path)
		files = append(files, source.NewFile(filepath.ToSlash(name), b))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestArgoExamples(t *testing.T) {
	files := load(t, "argo-examples")
	valid := verdicts(t)
	result := lint.Run(lint.Options{Rules: rules.All()}, files...)
	judge(t, errorsOf(t, result), func(name string) bool { ok, known := valid[name]; return known && !ok }, "k8s-patch-json-workflow.yaml")
	t.Logf("%d files, %d objects", result.Files, result.Objects)
}

// judge reports the errors that are neither proven nor on a file that may be
// refused, and the proven ones that are missing.
func judge(t *testing.T, errors []lint.Finding, refused func(string) bool, expected ...string) {
	t.Helper()
	seen := map[string]bool{}
	for _, f := range errors {
		name := f.Span.File.Name
		switch {
		case proven[name] == f.Rule.Name:
			seen[name] = true
		case !refused(name):
			t.Errorf("%s", f)
		}
	}
	for _, name := range expected {
		if !seen[name] {
			t.Errorf("%s does not report %s", proven[name], name)
		}
	}
}

func TestArgoEventsExamples(t *testing.T) {
	result := lint.Run(lint.Options{Rules: rules.All()}, load(t, "argo-events-examples")...)
	judge(t, errorsOf(t, result), func(string) bool { return false }, "sensors/multi-dependencies.yaml")
}

// errorsOf returns the findings that are errors, and logs how often each rule
// speaks.
func errorsOf(t *testing.T, result lint.Result) []lint.Finding {
	t.Helper()
	for _, err := range result.Failures {
		t.Error(err)
	}
	var found []lint.Finding
	count := map[string]int{}
	for _, f := range result.Findings {
		count[f.Severity.String()+" "+f.Rule.Name]++
		if f.Severity == lint.Error {
			found = append(found, f)
		}
	}
	names := make([]string, 0, len(count))
	for n := range count {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		t.Logf("%5d %s", count[n], n)
	}
	return found
}

// verdicts returns what the engine's own linter says of each file that it
// looks at, the folder linted as a whole.
func verdicts(t *testing.T) map[string]bool {
	t.Helper()
	f, err := os.Open(filepath.Join(root, "argo-examples.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	valid := map[string]bool{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var v struct {
			File          string
			Linted, Valid bool
		}
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatalf("read %q: %v", strings.TrimSpace(lines.Text()), err)
		}
		if v.Linted {
			valid[v.File] = v.Valid
		}
	}
	return valid
}
