package deploy_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/rules"
	"github.com/tiphys-dev/tiphys/packaging/deploy"
	"github.com/tiphys-dev/tiphys/packaging/render"
)

// quiet are rules about what charts in examples leave out.
func quiet() lint.Options {
	return lint.Options{Rules: rules.All(), Severity: map[string]lint.Severity{
		"deadline-missing": lint.Off, "resources-missing": lint.Off, "concurrency-unlimited": lint.Off,
	}}
}

// TestPages lints the cases of each page and compares with its file "want";
// each rule has a case that fires and one that is silent.
func TestPages(t *testing.T) {
	for _, r := range deploy.Rules() {
		t.Run(r.Name, func(t *testing.T) { page(t, r, filepath.Join("pages", r.Name+".txtar")) })
	}
}

// TestPositions is about what no single rule is about.
func TestPositions(t *testing.T) {
	for _, name := range []string{"positions", "lines"} {
		t.Run(name, func(t *testing.T) { page(t, nil, filepath.Join("testdata", name+".txtar")) })
	}
}

func page(t *testing.T, r *lint.Rule, name string) {
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	wants := map[string]int{}
	for i, f := range archive.Files {
		if filepath.Base(f.Name) == "want" {
			wants[filepath.Dir(f.Name)] = i
			continue
		}
		write(t, filepath.Join(dir, f.Name), string(f.Data))
	}
	var fires, silent bool
	for sub, i := range wants {
		got := lintOf(t, filepath.Join(dir, sub))
		if r != nil {
			names := strings.Contains(got, "["+r.Name+"]")
			fires, silent = fires || names, silent || !names
		}
		if *update {
			archive.Files[i].Data = []byte(got)
		} else if d := cmp.Diff(string(archive.Files[i].Data), got); d != "" {
			t.Errorf("%s: -want +got:\n%s", sub, d)
		}
	}
	if *update {
		if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if r != nil && (!fires || !silent) {
		t.Errorf("fires in some case: %v, is silent in some: %v", fires, silent)
	}
}

// lintOf is what is found in the chart "etl" of a folder.
func lintOf(t *testing.T, dir string) string {
	t.Helper()
	r, err := deploy.Lint(t.Context(), filepath.Join(dir, "etl"), deploy.Options{Lint: quiet()})
	if err != nil {
		if _, err := render.Load(filepath.Join(dir, "etl")); err == nil {
			t.Fatal(err)
		}
		return "etl/Chart.yaml:1:1: error: " + strings.ReplaceAll(err.Error(), dir+"/", "") + " [chart-broken]\n"
	}
	return printed(r, dir)
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestRulesAreSound holds what users see of rules.
func TestRulesAreSound(t *testing.T) {
	var names []string
	for _, r := range deploy.Rules() {
		if slices.Contains(names, r.Name) {
			t.Errorf("there are two rules %s", r.Name)
		}
		names = append(names, r.Name)
		title, prose, _ := strings.Cut(r.Page, "\n")
		if title == "" || len(strings.TrimSpace(prose)) < 80 {
			t.Errorf("%s has no title, or no reason", r.Name)
		}
	}
}
