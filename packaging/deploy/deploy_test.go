package deploy_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/rules"
	"github.com/tiphys-dev/tiphys/packaging/deploy"
)

var update = flag.Bool("update", false, "rewrite what is expected")

// TestLint lints the chart of each archive; its file "want" has the findings.
// A file whose name ends in "@" and a word must be pointed at: see the
// archives.
func TestLint(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("there are no archives", err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			want := -1
			for i, f := range archive.Files {
				if f.Name == "want" {
					want = i
					continue
				}
				path := filepath.Join(dir, f.Name)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, f.Data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want < 0 {
				t.Fatal("there is no file want")
			}
			r, err := deploy.Lint(t.Context(), filepath.Join(dir, "etl"), deploy.Options{Lint: lint.Options{
				Rules: rules.All(), Severity: map[string]lint.Severity{"deadline-missing": lint.Off, "resources-missing": lint.Off, "concurrency-unlimited": lint.Off},
			}})
			got := ""
			if err != nil {
				got = "error: " + strings.ReplaceAll(err.Error(), dir+"/", "") + "\n"
			} else {
				got = printed(r, dir)
			}
			if *update {
				archive.Files[want].Data = []byte(got)
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if d := cmp.Diff(string(archive.Files[want].Data), got); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

func printed(r *deploy.Result, dir string) string {
	var b strings.Builder
	for _, f := range r.Findings {
		if f.Severity < lint.Warning {
			continue
		}
		fmt.Fprintf(&b, "%s in %s\n", f, strings.Join(f.Environments, ", "))
		if f.Span.Known() {
			fmt.Fprintf(&b, "    %s\n", f.Span.Text())
		}
		for _, n := range f.Related {
			at := n.Path
			if n.Span.Known() {
				p := n.Span.File.Position(n.Span.Start)
				at = fmt.Sprintf("%s:%d:%d", n.Span.File.Name, p.Line, p.Column)
			}
			fmt.Fprintf(&b, "  %s: note: %s\n", at, n.Message)
		}
	}
	for _, err := range r.Failures {
		fmt.Fprintf(&b, "failure: %v\n", err)
	}
	return strings.ReplaceAll(b.String(), dir+"/", "")
}
