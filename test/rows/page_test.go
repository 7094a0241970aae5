package rows

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite docs/argo.md")

const pageFile = "../../docs/argo.md"

// sections are the parts of the list, with the number of their first row.
var sections = []struct {
	letter, title string
	first         int
}{
	{"A", "Reading files", 1}, {"B", "Objects", 16}, {"C", "Arguments", 43}, {"D", "Which template is called", 54},
	{"E", "Inputs, and passing arguments", 68}, {"F", "Templates that do work themselves", 95}, {"G", "Steps", 116},
	{"H", "DAGs", 128}, {"I", "Outputs", 147}, {"J", "Metrics", 163}, {"K", "CronWorkflows", 170}, {"L", "Submission", 177},
	{"M", "What only the API server checks", 179},
}

const intro = `# What Argo checks, and what Tiphys answers

The comment of each rule names rows of this list: what Argo Workflows 4.1 accepts and refuses, one question after another,
each asked with a manifest of its own in [test/rows](../test/rows/testdata). A name behind a rule is that of a probe on which the
rule reports an error; *accepted* are probes on which no rule may. Section N is what Argo lets pass.

This page is written by ` + "`go test ./test/rows -update`" + ` from the probes.
`

// TestPage checks that docs/argo.md says what the probes ask.
func TestPage(t *testing.T) {
	rows, lines := map[int]map[string][]string{}, map[string]map[string][]string{}
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		ar, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range ar.Files {
			m := head.FindStringSubmatch(string(f.Data))
			if m == nil {
				continue // TestRows speaks of it
			}
			slug := strings.TrimSuffix(f.Name, ".yaml")
			if n, err := strconv.Atoi(m[1]); err == nil {
				note(rows, n, m[4], strings.TrimPrefix(slug, m[1]+"-"))
			} else if m[2] != "" {
				note(lines, m[2], m[4], cmp.Or(m[5], "accepted"))
			}
		}
	}
	want := page(rows, lines)
	if *update {
		if err := os.WriteFile(pageFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/argo.md is not what the probes say: run go test ./test/rows -update")
	}
}

func note[K comparable](all map[K]map[string][]string, at K, rule, what string) {
	if all[at] == nil {
		all[at] = map[string][]string{}
	}
	all[at][rule] = append(all[at][rule], what)
}

func page(rows map[int]map[string][]string, lines map[string]map[string][]string) string {
	var b strings.Builder
	b.WriteString(intro)
	for i, s := range sections {
		last := rowCount
		if i+1 < len(sections) {
			last = sections[i+1].first - 1
		}
		fmt.Fprintf(&b, "\n## %s. %s\n\n| row | rules and probes |\n|---|---|\n", s.letter, s.title)
		for n := s.first; n <= last; n++ {
			text := answers(rows[n])
			if text == "" {
				text = elsewhere[n]
			}
			fmt.Fprintf(&b, "| %d | %s |\n", n, text)
		}
	}
	b.WriteString("\n## N. What Argo lets pass\n\n| line | rules and severities |\n|---|---|\n")
	for _, slug := range slices.Sorted(maps.Keys(lines)) {
		fmt.Fprintf(&b, "| %s | %s |\n", slug, answers(lines[slug]))
	}
	return b.String()
}

// answers formats what the rules say to one row.
func answers(by map[string][]string) string {
	var out []string
	for _, rule := range slices.Sorted(maps.Keys(by)) {
		slices.Sort(by[rule])
		probes := strings.Join(slices.Compact(by[rule]), ", ")
		if rule == "ok" {
			out = append(out, "*accepted*: "+probes)
			continue
		}
		out = append(out, fmt.Sprintf("[%s](rules/%s.md): %s", rule, rule, probes))
	}
	return strings.Join(out, "; ")
}
