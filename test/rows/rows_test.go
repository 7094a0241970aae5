// Package rows checks Tiphys against the list of what Argo Workflows accepts
// and refuses: each probe is one manifest with one question.
package rows

import (
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/tiphys-dev/tiphys/lint"
	"github.com/tiphys-dev/tiphys/lint/rules"
	"github.com/tiphys-dev/tiphys/lint/source"
)

// rowCount is the number of rows of sections A to M.
const rowCount = 202

// elsewhere are the rows that a manifest alone cannot ask about, with where
// they are covered.
var elsewhere = map[int]string{
	1:   "test/cli: which files a folder gives",
	12:  "object-duplicate: its page",
	14:  "test/cli: a run in which nothing was linted",
	60:  "template-unknown: its page, with --complete",
	177: "argument-value-missing: its page",
	178: "the controller's own second look is the same as row 177",
}

var head = regexp.MustCompile(`^# (?:row ([0-9]+)|N ([a-z0-9-]+)|O ([a-z0-9-]+)): ([a-z0-9-]+)(?: (info|warning|error))?\n`)

func TestRows(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	rows, lines, probes := map[int]bool{}, map[string]bool{}, 0
	for _, name := range names {
		ar, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range ar.Files {
			m := head.FindStringSubmatch(string(f.Data))
			if m == nil {
				t.Errorf("%s: %s: the first line is not like %q", name, f.Name, "# row 16: name-invalid")
				continue
			}
			probes++
			if n, err := strconv.Atoi(m[1]); err == nil {
				rows[n] = true
			} else if m[2] != "" {
				lines[m[2]] = true
			}
			t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar")+"/"+f.Name, func(t *testing.T) {
				probe(t, f.Data, m[4], m[5])
			})
		}
	}
	for n := 1; n <= rowCount; n++ {
		if !rows[n] && elsewhere[n] == "" {
			t.Errorf("row %d has no probe", n)
		}
	}
	t.Logf("%d of %d rows of A to M have a probe, %d are covered elsewhere; %d lines of N; %d probes; %d rules",
		len(rows), rowCount, len(elsewhere), len(lines), probes, len(rules.All()))
}

// probe lints one manifest and checks that the rule speaks, or, for "ok", that
// no rule reports an error.
func probe(t *testing.T, text []byte, rule, severity string) {
	result := lint.Run(lint.Options{Rules: rules.All()}, source.NewFile("probe.yaml", text))
	for _, err := range result.Failures {
		t.Error(err)
	}
	want := lint.Error
	if severity != "" {
		want, _ = lint.ParseSeverity(severity)
	}
	found := false
	for _, f := range result.Findings {
		switch {
		case f.Rule.Name == rule && f.Severity == want:
			found = true
		case f.Severity == lint.Error && f.Rule.Name != rule:
			t.Errorf("not expected: %s", f)
		}
	}
	if !found && rule != "ok" {
		t.Errorf("%s reports no %s; findings: %v", rule, want, result.Findings)
	}
}
